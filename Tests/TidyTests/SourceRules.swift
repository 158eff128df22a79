/// A rule about one Swift file.
protocol SourceRule: Sendable {
    func violations(in file: SourceFile) -> [Violation]
}

/// Files stay short enough to be read at one sitting.
struct LengthRule: SourceRule {
    var limit = Project.longestFile

    func violations(in file: SourceFile) -> [Violation] {
        guard file.lines.count > limit else { return [] }
        return [Violation(path: file.path, line: 0, message: "\(file.lines.count) lines, the limit is \(limit)")]
    }
}

/// A module imports only what the table lets it.
struct ImportRule: SourceRule {
    var table = Project.imports
    var forAll = Project.importsForAll

    func violations(in file: SourceFile) -> [Violation] {
        guard let module = file.module else { return [] }
        guard let allowed = table[module] else {
            return [Violation(path: file.path, line: 0, message: "module \(module) is not in the table of imports")]
        }
        return file.code.enumerated().compactMap { index, line in
            guard let imported = Self.importedModule(line) else { return nil }
            if allowed.contains(imported) || forAll.contains(imported) { return nil }
            return Violation(path: file.path, line: index + 1, message: "\(module) may not import \(imported)")
        }
    }

    /// The module that an import declaration names, whatever stands before `import` and whichever kind follows it.
    private static func importedModule(_ line: Substring) -> String? {
        let words = line.split { $0 == " " || $0 == "\t" || $0 == ";" }
        guard let keyword = words.firstIndex(of: "import"), words.count > keyword + 1 else { return nil }
        let levels: Set<Substring> = ["public", "package", "internal", "fileprivate", "private"]
        guard words[..<keyword].allSatisfy({ $0.hasPrefix("@") || levels.contains($0) }) else { return nil }
        let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "func", "typealias", "let", "var"]
        let name = kinds.contains(words[keyword + 1]) ? words.dropFirst(keyword + 2).first : words[keyword + 1]
        return name?.split(separator: ".").first.map(String.init)
    }
}

/// Some calls belong in few places, the seams to the outside.
struct BannedCallRule: SourceRule, CustomStringConvertible {
    let name: String
    let tokens: [String]
    let exception: String?
    let scope: [String]
    let advice: String
    var allowed: [String: String]

    init(
        _ name: String, tokens: [String], unlessLineHas exception: String? = nil, in scope: [String],
        instead advice: String, allowed: [String: String] = [:]
    ) {
        self.name = name
        self.tokens = tokens
        self.exception = exception
        self.scope = scope
        self.advice = advice
        self.allowed = allowed
    }

    var description: String { name }

    func violations(in file: SourceFile) -> [Violation] {
        guard scope.contains(where: file.path.hasPrefix), !file.isAllowed(by: allowed) else { return [] }
        var tokenOfLine: [Int: String] = [:]
        for token in tokens {
            for line in file.lineNumbers(of: token, unlessLineHas: exception) where tokenOfLine[line] == nil {
                tokenOfLine[line] = token
            }
        }
        return tokenOfLine.sorted { $0.key < $1.key }.map { line, token in
            Violation(path: file.path, line: line, message: "\(name), `\(token)`: \(advice)")
        }
    }
}

/// Escapes from the compiler's checks of concurrency are few, known, and argued for on the spot.
struct UncheckedRule: SourceRule {
    var allowed: [String: String]
    /// How far above, in lines, the comment with the invariant may be.
    var reach = 12

    func violations(in file: SourceFile) -> [Violation] {
        let uses = ["@unchecked Sendable", "nonisolated(unsafe)"].flatMap { token in
            file.lineNumbers(of: token).map { (token, $0) }
        }
        return uses.compactMap { token, line in
            if !file.isAllowed(by: allowed) {
                return Violation(path: file.path, line: line, message: "`\(token)` in a file that is not on the list")
            }
            let near = file.comments[max(0, line - 1 - reach)..<line]
            if near.contains(where: { $0.contains("Invariant") }) { return nil }
            return Violation(
                path: file.path, line: line, message: "`\(token)` without a comment above that says `Invariant`")
        }
    }
}

/// Nothing is left open in a comment: it is done, or it is an issue.
struct OpenEndRule: SourceRule {
    // Spelled apart, so that this file passes.
    static let words = ["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"]

    func violations(in file: SourceFile) -> [Violation] {
        file.comments.enumerated().compactMap { index, comment in
            let words = comment.split { !($0.isLetter || $0.isNumber || $0 == "_") }
            guard let word = words.first(where: { Self.words.contains(String($0)) }) else { return nil }
            return Violation(path: file.path, line: index + 1, message: "\(word) in a comment")
        }
    }
}

extension SourceFile {
    /// Whether a list names this file or a directory above it.
    func isAllowed(by allowances: [String: String]) -> Bool {
        allowances[path] != nil || allowances.keys.contains { $0.hasSuffix("/") && path.hasPrefix($0) }
    }
}
