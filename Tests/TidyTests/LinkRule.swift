import Foundation

/// Relative links of a Markdown file lead to files of this repository.
struct LinkRule {
    /// Whether a path, relative to the repository's root, is a file or directory.
    var exists: (_ path: String) -> Bool

    func violations(path: String, text: String) -> [Violation] {
        var violations: [Violation] = []
        var isInFence = false
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let start = line.drop { $0 == " " }
            if start.hasPrefix("```") || start.hasPrefix("~~~") {
                isInFence.toggle()
                continue
            }
            if isInFence { continue }
            for target in Self.targets(in: line) {
                if let problem = problem(with: target, from: path) {
                    violations.append(Violation(path: path, line: index + 1, message: problem))
                }
            }
        }
        return violations
    }

    private func problem(with target: String, from path: String) -> String? {
        let hasScheme = target.prefixMatch(of: /[A-Za-z][A-Za-z0-9+.\-]*:/) != nil
        if hasScheme || target.hasPrefix("#") || target.isEmpty { return nil }
        if target.hasPrefix("/") { return "link to \(target), which is not relative" }
        let file = target.split(separator: "#", maxSplits: 1)[0]
        var parts = path.split(separator: "/").dropLast().map(String.init)
        for part in (file.removingPercentEncoding ?? String(file)).split(separator: "/") {
            switch part {
            case ".": continue
            case "..":
                if parts.popLast() == nil { return "link to \(target), which is outside the repository" }
            default: parts.append(String(part))
            }
        }
        return exists(parts.joined(separator: "/")) ? nil : "link to \(target), which does not exist"
    }

    /// The targets of `[text](target "title")`, `![image](<target>)` and `[reference]: target`, outside of code spans.
    private static func targets(in line: Substring) -> [String] {
        let line = line.replacing(/`[^`]*`/, with: "")
        var targets = line.matches(of: /\]\(\s*(?:<([^>]*)>|([^\s()]*(?:\([^\s()]*\)[^\s()]*)*))/).map { match in
            String(match.output.1 ?? match.output.2 ?? "")
        }
        if let definition = line.prefixMatch(of: /[ ]{0,3}\[[^\]]+\]:\s*<?([^\s>]+)/) {
            targets.append(String(definition.output.1))
        }
        return targets
    }
}
