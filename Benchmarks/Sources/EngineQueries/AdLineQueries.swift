internal import Weir
internal import Workloads

/// The queries over lines of JSON, as a user of the library writes them.
enum AdLineQueries {
    static func ysb(_ parameters: RunParameters, _ meter: Meter) async throws -> Digest {
        let campaigns = Ad.campaigns
        let sink = DigestSink<Pane<Int32, Int>>(parameters, meter, windowEnd: { $0.window.end }) { pane, digest in
            digest.add(Int64(pane.key), pane.window.start, Int64(pane.value))
        }
        let lines = AdLines(rate: parameters.rate, users: parameters.users)
        let pipeline = try Pipeline("benchmark") { p in
            p.source("lines", AdSource(lines, parameters, meter))
                .map("parse") { try Ad(json: $0) }
                .assignTimestamps(outOfOrderness: .milliseconds(99)) { $0.ts }
                .filter { $0.type == Ad.view }
                .keyBy { campaigns[Int($0.ad)] }
                .window(.tumbling(.milliseconds(parameters.windowMilliseconds)))
                .aggregate("views", .count())
                .write("digest", to: sink)
        }
        try await pipeline.run(parameters)
        return sink.digest
    }
}

extension Ad {
    /// Reads a line of JSON: the fields by name in any order; others are skipped.
    init(json line: [UInt8]) throws {
        self.init(user: 0, ad: 0, type: 0, value: 0, ts: 0)
        try line.withUnsafeBytes { bytes in
            var object = try JSONObjectReader(bytes)
            var seen = 0
            while let field = try object.nextField() {
                switch field {
                case "user_id":
                    user = try object.int64()
                    seen |= 1
                case "ad_id":
                    let number = try object.int64()
                    guard (0..<Int64(Ad.adCount)).contains(number) else { throw Ad.unknown("ad_id", object.offset) }
                    ad = Int32(number)
                    seen |= 2
                case "event_type":
                    type = try Ad.type(try object.stringBytes().bytes, object.offset)
                    seen |= 4
                case "event_time":
                    ts = try object.int64()
                    seen |= 8
                default: try object.skipValue()
                }
            }
            try object.finish()
            guard seen == 15 else { throw DecodeError.missingField("user_id, ad_id, event_type or event_time") }
        }
    }

    private static func type(_ name: UnsafeRawBufferPointer, _ offset: Int) throws(DecodeError) -> Int32 {
        if name.elementsEqual("view".utf8) { return view }
        if name.elementsEqual("click".utf8) { return click }
        if name.elementsEqual("purchase".utf8) { return purchase }
        throw unknown("event_type", offset)
    }

    private static func unknown(_ field: String, _ offset: Int) -> DecodeError {
        DecodeError(code: .unknownValue, message: "the value of '\(field)' is none that the job knows", offset: offset)
    }
}
