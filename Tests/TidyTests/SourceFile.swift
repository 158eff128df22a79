/// A Swift file, taken apart into what the compiler runs and what people read.
struct SourceFile: CustomStringConvertible {
    /// Relative to the repository's root.
    let path: String
    let lines: [Substring]
    /// The lines with comments and the contents of string literals blanked; code inside interpolations stays.
    let code: [Substring]
    /// The lines with everything but comments blanked.
    let comments: [Substring]

    init(path: String, text: String) {
        var scanner = SwiftScanner(text)
        scanner.scan()
        self.path = path
        lines = text.splitIntoLines()
        code = String(decoding: scanner.code, as: UTF8.self).splitIntoLines()
        comments = String(decoding: scanner.comments, as: UTF8.self).splitIntoLines()
    }

    var description: String { path }

    /// The module that a file of `Sources/Module/…` or `Benchmarks/Sources/Module/…` belongs to.
    var module: String? {
        let parts = path.split(separator: "/")
        guard let sources = parts.firstIndex(of: "Sources"), sources <= 1, parts.count > sources + 2 else { return nil }
        if sources == 1, parts[0] != "Benchmarks" { return nil }
        return String(parts[sources + 1])
    }

    /// The numbers, from 1, of the lines of code that hold `token` as a whole: `print(` is not in `debugPrint(`.
    func lineNumbers(of token: String, unlessLineHas exception: String? = nil) -> [Int] {
        code.indices.filter { index in
            if let exception, code[index].contains(exception) { return false }
            return code[index].contains(token: token)
        }.map { $0 + 1 }
    }
}

extension String {
    /// A trailing newline ends the last line and begins no other.
    fileprivate func splitIntoLines() -> [Substring] {
        var lines = split(separator: "\n", omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        return lines
    }
}

extension Substring {
    fileprivate func contains(token: String) -> Bool {
        func isWord(_ character: Character?) -> Bool {
            guard let character else { return false }
            return character.isLetter || character.isNumber || character == "_"
        }
        return ranges(of: token).contains { range in
            let before = range.lowerBound == startIndex ? nil : self[index(before: range.lowerBound)]
            let after = range.upperBound == endIndex ? nil : self[range.upperBound]
            return !(isWord(token.first) && isWord(before)) && !(isWord(token.last) && isWord(after))
        }
    }
}
