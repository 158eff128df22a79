import Foundation
import Testing

/// A page of the documentation whose Swift is that of a file of this target.
///
/// There, lines between `// snippet: name` and `// end snippet` are compiled and run. In the page,
/// `<!-- snippet: File.swift name … -->` above a block of Swift says that it shows them (several names: one below the
/// other, with an empty line between). `<!-- sketch -->` is for what is no complete Swift.
struct GuidePage {
    /// A fenced block of Swift.
    struct Block {
        /// The line above the fence.
        let marker: String
        /// The lines between the fences.
        let lines: Range<Int>
    }

    /// Relative to the repository's root.
    let path: String
    let lines: [String]
    private(set) var blocks: [Block] = []

    init(path: String, text: String) {
        self.path = path
        lines = text.components(separatedBy: "\n")
        var fence: Int?
        for (index, line) in lines.enumerated() where line.trimmingCharacters(in: .whitespaces).hasPrefix("```") {
            guard let begin = fence else {
                fence = index
                continue
            }
            fence = nil
            guard lines[begin].contains("swift") else { continue }
            let marker = begin > 0 ? lines[begin - 1].trimmingCharacters(in: .whitespaces) : ""
            blocks.append(Block(marker: marker, lines: begin + 1..<index))
        }
    }

    /// The file and the names in a marker; nil when it is none.
    static func snippet(of marker: String) -> (file: String, names: [String])? {
        guard marker.hasPrefix("<!-- snippet: "), marker.hasSuffix(" -->") else { return nil }
        let words = marker.dropFirst("<!-- snippet: ".count).dropLast(" -->".count).split(separator: " ").map(
            String.init)
        return words.count < 2 ? nil : (words[0], Array(words.dropFirst()))
    }

    /// What the block should show; nil for a sketch.
    ///
    /// - Throws: the reason why nobody can say.
    private func expected(_ block: Block, _ files: [String: Snippets]) throws(GuideError) -> [String]? {
        if block.marker == "<!-- sketch -->" { return nil }
        let place = "\(path):\(block.lines.lowerBound)"
        guard let (file, names) = Self.snippet(of: block.marker) else {
            throw GuideError("\(place): no `<!-- snippet: File.swift name -->` above this block")
        }
        guard let snippets = files[file] else { throw GuideError("\(place): there is no file \(file)") }
        var lines: [String] = []
        for name in names {
            guard let snippet = snippets.named[name] else {
                throw GuideError("\(place): \(file) has no snippet '\(name)'; it has \(snippets.named.keys.sorted())")
            }
            lines += (lines.isEmpty ? [] : [""]) + snippet
        }
        return lines
    }

    /// What differs between the page and the files, one line per block.
    func problems(_ files: [String: Snippets]) -> [String] {
        blocks.compactMap { block in
            do throws(GuideError) {
                guard let expected = try expected(block, files) else { return nil }
                let found = Array(lines[block.lines])
                if expected == found { return nil }
                let index = zip(expected, found).enumerated().first { $1.0 != $1.1 }?.offset
                let first = index ?? min(expected.count, found.count)
                func line(_ lines: [String]) -> String { first < lines.count ? "'\(lines[first])'" : "nothing" }
                return "\(path):\(block.lines.lowerBound + first + 1): \(line(found)), but in \(block.marker) there is "
                    + "\(line(expected)); run the tests with RECORD=1 to take it over"
            } catch { return error.description }
        }
    }

    /// The page with the files' code in its blocks.
    func recorded(_ files: [String: Snippets]) -> String {
        var lines = lines
        for block in blocks.reversed() {
            if let expected = try? expected(block, files) { lines.replaceSubrange(block.lines, with: expected) }
        }
        return lines.joined(separator: "\n")
    }
}

/// The pieces of a guide's code that its page shows.
struct Snippets {
    /// The lines by the snippet's name, without the indentation that they have in common.
    private(set) var named: [String: [String]] = [:]

    init(file: String, text: String) throws(GuideError) {
        var open: (name: String, lines: [String])?
        for line in text.components(separatedBy: "\n") {
            let word = line.trimmingCharacters(in: .whitespaces)
            if word.hasPrefix("// snippet: ") {
                let name = String(word.dropFirst("// snippet: ".count))
                guard open == nil, named[name] == nil else { throw GuideError("\(file): '\(name)' begins twice") }
                open = (name, [])
            } else if word == "// end snippet" {
                guard let snippet = open else { throw GuideError("\(file): a snippet ends that did not begin") }
                named[snippet.name] = Self.dedented(snippet.lines)
                open = nil
            } else {
                open?.lines.append(line)
            }
        }
        if let open { throw GuideError("\(file): snippet '\(open.name)' has no end") }
    }

    private static func dedented(_ lines: [String]) -> [String] {
        let full = lines.filter { !$0.allSatisfy(\.isWhitespace) }
        let depth = full.map { $0.prefix { $0 == " " }.count }.min() ?? 0
        return lines.map { String($0.dropFirst(depth)) }
    }
}

/// What is wrong with a guide or its file.
struct GuideError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// Requires that a page shows a text, an output for instance, as lines of its own.
func expectShown(_ text: String, in page: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let shown = try String(contentsOf: GuideTests.root.appendingPathComponent(page), encoding: .utf8)
    let text = text.trimmingCharacters(in: .newlines)
    let isShown = ("\n" + shown).contains("\n\(text)\n")
    // Where the pages are being written, their code may not be there yet.
    let isRecording = ProcessInfo.processInfo.environment["RECORD"] == "1"
    #expect(isShown || isRecording, "\(page) doesn't show\n\(text)", sourceLocation: sourceLocation)
}
