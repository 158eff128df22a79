/// Separates the code of a Swift file from its comments and string literals.
///
/// Knows line and nested block comments, and string literals of every kind with interpolations in them. It does not
/// know regular expression literals; a quote in one hides the rest of that line and no more.
struct SwiftScanner {
    private let source: [UInt8]
    private var position = 0
    /// As long as the source, line breaks in the same places, blanks where there is no code.
    private(set) var code: [UInt8]
    /// As long as the source, line breaks in the same places, blanks where there is no comment.
    private(set) var comments: [UInt8]

    init(_ text: String) {
        source = Array(text.utf8)
        code = source.map { $0 == .newline ? $0 : .space }
        comments = code
    }

    /// Fills `code` and `comments`.
    mutating func scan() {
        scanCode(insideInterpolation: false)
    }

    /// Up to the end, or past the parenthesis that closes an interpolation.
    private mutating func scanCode(insideInterpolation: Bool) {
        var depth = 0
        while position < source.count {
            if follows("//") {
                scanLineComment()
            } else if follows("/*") {
                scanBlockComment()
            } else if let hashes = stringStart() {
                scanString(hashes: hashes)
            } else {
                let byte = source[position]
                code[position] = byte
                position += 1
                if byte == UInt8(ascii: "(") { depth += 1 }
                if byte == UInt8(ascii: ")") {
                    if insideInterpolation, depth == 0 { return }
                    depth -= 1
                }
            }
        }
    }

    private mutating func scanLineComment() {
        while position < source.count, source[position] != .newline { takeComment() }
    }

    private mutating func scanBlockComment() {
        var depth = 0
        repeat {
            if follows("/*") {
                depth += 1
                takeComment()
            } else if follows("*/") {
                depth -= 1
                takeComment()
            }
            takeComment()
        } while depth > 0 && position < source.count
    }

    private mutating func scanString(hashes: Int) {
        position += hashes
        let isMultiline = follows("\"\"\"")
        let fence = String(repeating: "#", count: hashes)
        let end = (isMultiline ? "\"\"\"" : "\"") + fence
        position += isMultiline ? 3 : 1
        while position < source.count {
            if follows(end) {
                position += end.utf8.count
                return
            }
            if !isMultiline, source[position] == .newline { return }
            if follows("\\" + fence + "(") {
                position += hashes + 2
                scanCode(insideInterpolation: true)
            } else if follows("\\" + fence) {
                // What is escaped may be a quote, which ends nothing; a line break stays one.
                position += min(hashes + 2, source.count - position)
            } else {
                position += 1
            }
        }
    }

    /// The number of hash signs before the quote of a string literal that begins here.
    private func stringStart() -> Int? {
        var quote = position
        while quote < source.count, source[quote] == UInt8(ascii: "#") { quote += 1 }
        return quote < source.count && source[quote] == UInt8(ascii: "\"") ? quote - position : nil
    }

    private mutating func takeComment() {
        guard position < source.count else { return }
        comments[position] = source[position]
        position += 1
    }

    private func follows(_ text: String) -> Bool {
        source[position...].starts(with: text.utf8)
    }
}

extension UInt8 {
    fileprivate static let newline = UInt8(ascii: "\n")
    fileprivate static let space = UInt8(ascii: " ")
}
