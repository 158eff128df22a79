/// A place in a file that breaks a rule.
struct Violation: Error, Equatable, CustomStringConvertible {
    var path: String
    /// Counted from 1; 0 for the file as a whole.
    var line: Int
    var message: String

    var description: String { line == 0 ? "\(path): \(message)" : "\(path):\(line): \(message)" }
}
