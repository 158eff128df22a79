public import Weir

/// A compact text form of scripts and outputs, for tables of tests.
///
/// Words, separated by spaces:
///
/// | Word | Means |
/// |---|---|
/// | `a@5` | a record labelled `a` of event time 5 |
/// | `a=7@5` | the same with a value, 7 |
/// | `w9` | the watermark rises to 9 |
/// | `\|` | the batch ends here |
/// | `idle` | the split is read to its end for now |
public struct Marble: Sendable, Equatable {
    /// What stands before `=` or `@`.
    public let label: String
    /// What stands between `=` and `@`; empty where there is none.
    public let value: String
    /// The event time.
    public let time: Timestamp
    /// The number of the record in its script, from 0.
    public let index: Int
}

/// A word that is none of those of ``Marble``.
public struct MarbleError: Error, Sendable, CustomStringConvertible {
    /// The word.
    public let word: String

    /// The word, and what words there are.
    public var description: String { "'\(word)' is no word of a script; there are a@5, a=7@5, w9, | and idle" }
}

extension Marble {
    /// Reads a script; `make` turns each marble into a record.
    ///
    /// ```swift
    /// let steps = try Marble.script("a@5 b@3 w9 a@4") { Click(user: $0.label, time: $0.time) }
    /// ```
    /// - Throws: ``MarbleError`` for a word that means nothing.
    public static func script<Element: Sendable>(
        _ text: String, firstIndex: Int = 0, _ make: (Marble) throws -> Element
    ) throws -> [ScriptStep<Element>] {
        var index = firstIndex
        return try text.split(separator: " ").map { word in
            switch word {
            case "|": return .batchEnd
            case "idle": return .caughtUp
            default: break
            }
            if word.first == "w", let time = Timestamp(word.dropFirst()) { return .watermark(time) }
            let parts = word.split(separator: "@", omittingEmptySubsequences: false)
            guard parts.count == 2, let time = Timestamp(parts[1]), !parts[0].isEmpty else {
                throw MarbleError(word: String(word))
            }
            let names = parts[0].split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            defer { index += 1 }
            let marble = Marble(
                label: String(names[0]), value: names.count > 1 ? String(names[1]) : "", time: time, index: index)
            return .record(try make(marble), at: time)
        }
    }

    /// Output as words: records as `describe` writes them, watermarks as `w9`, the one at the end as `end`.
    ///
    /// - Parameters:
    ///   - isSorted: whether the records between two watermarks are sorted, for operators that leave their order open.
    ///     The default is false.
    public static func text<Element>(
        of events: [OutputEvent<Element>], isSorted: Bool = false, _ describe: (Element) -> String
    ) -> String {
        var words: [String] = []
        var segment: [String] = []
        for event in events {
            switch event {
            case .record(let element, _): segment.append(describe(element))
            case .signal(.watermark(let time)):
                words += (isSorted ? segment.sorted() : segment) + [time == .max ? "end" : "w\(time)"]
                segment = []
            case .signal: break
            }
        }
        return (words + (isSorted ? segment.sorted() : segment)).joined(separator: " ")
    }
}
