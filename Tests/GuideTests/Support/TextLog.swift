import StreamTesting
import Weir

/// Texts of records, for a look at what comes out of several streams of different types.
typealias TextLog = OutputLog<String>

extension DataStream {
    /// Writes each record as a text.
    func texts(_ name: String, in log: TextLog, _ text: @escaping @Sendable (Element) -> String = { "\($0)" }) {
        map("\(name) text", text).logged("\(name) log", in: log)
    }
}
