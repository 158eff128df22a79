import AdAnalyticsJob
import Foundation

/// An event of a test, as a line of the job's own JSON.
struct EventLine {
    var time: Int64
    var type: String
    var tenant = "s"
    var user = "u"
    var campaign = ""
    var id = ""
    var price: Int64 = 0
    var quantity: Int64 = 1

    /// An event `time` milliseconds after ``AdEvent/start``.
    init(
        _ time: Int64, _ type: String, tenant: String = "s", user: String = "u", campaign: String = "", id: String = ""
    ) {
        self.time = AdEvent.start + time
        self.type = type
        self.tenant = tenant
        self.user = user
        self.campaign = campaign
        self.id = id
    }

    var json: String {
        "{\"event_id\":\"\(id)\",\"event_time\":\(time),\"type\":\"\(type)\",\"tenant\":\"\(tenant)\",\"user\":\"\(user)\","
            + "\"campaign\":\"\(campaign)\",\"price_micros\":\(price),\"quantity\":\(quantity)}"
    }

    /// Writes a file of events for each array and returns the paths.
    static func write(_ files: [[EventLine]], in directory: URL) throws -> [String] {
        try write(files.map { $0.map(\.json) }, in: directory)
    }

    /// Writes a file of lines for each array and returns the paths.
    static func write(_ files: [[String]], in directory: URL) throws -> [String] {
        try files.enumerated().map { index, lines in
            let path = directory.appendingPathComponent("lines-\(index)").path
            try Data(lines.map { $0 + "\n" }.joined().utf8).write(to: URL(fileURLWithPath: path))
            return path
        }
    }
}
