import Foundation
import Testing

/// The guides show code that is compiled and run: that of the files beside this folder.
@Suite struct GuideTests {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    private static func names(in folder: String, endingIn suffix: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: root.appendingPathComponent(folder).path)
            .filter { $0.hasSuffix(suffix) }.sorted()
    }

    private static func files() throws -> [String: Snippets] {
        var files: [String: Snippets] = [:]
        for name in try names(in: "Tests/GuideTests", endingIn: "Guide.swift") {
            let url = root.appendingPathComponent("Tests/GuideTests/\(name)")
            files[name] = try Snippets(file: name, text: try String(contentsOf: url, encoding: .utf8))
        }
        return files
    }

    private static func pages() throws -> [GuidePage] {
        let paths = ["README.md"] + (try names(in: "Docs/guides", endingIn: ".md").map { "Docs/guides/\($0)" })
        return try paths.map {
            GuidePage(path: $0, text: try String(contentsOf: root.appendingPathComponent($0), encoding: .utf8))
        }
    }

    @Test func thePagesShowWhatIsTested() throws {
        let files = try Self.files()
        if ProcessInfo.processInfo.environment["RECORD"] == "1" {
            for page in try Self.pages() {
                let url = Self.root.appendingPathComponent(page.path)
                try page.recorded(files).write(to: url, atomically: true, encoding: .utf8)
            }
        }
        let pages = try Self.pages()
        #expect(pages.count > 3)
        for problem in pages.flatMap({ $0.problems(files) }) { Issue.record("\(problem)") }
        let shown = Set(
            pages.flatMap(\.blocks).compactMap { GuidePage.snippet(of: $0.marker) }.flatMap { file, names in
                names.map { "\(file) \($0)" }
            })
        let all = Set(files.flatMap { file, snippets in snippets.named.keys.map { "\(file) \($0)" } })
        #expect(all.subtracting(shown).sorted() == [], "no page shows these snippets")
    }

    private static let code = """
        @Test func example() {
            // snippet: twice
            let a = 1
              let b = 2
            // end snippet
            // snippet: once
            use(a)

            // end snippet
        }
        """

    /// Blocks as they may stand in a page, and what must be said of each.
    @Test(arguments: [
        ("<!-- snippet: A.swift twice -->\n```swift\nlet a = 1\n  let b = 2\n```", ""),
        ("<!-- snippet: A.swift once twice -->\n```swift\nuse(a)\n\n\nlet a = 1\n  let b = 2\n```", ""),
        ("<!-- sketch -->\n```swift\nanything\n```", ""),
        ("```\nno swift\n```\n```sh\nswift build\n```", ""),
        ("<!-- snippet: A.swift twice -->\n```swift\nlet a = 1\n  let b = 3\n```", "P.md:4: '  let b = 3', but"),
        ("<!-- snippet: A.swift twice -->\n```swift\nlet a = 1\n```", "P.md:4: nothing, but"),
        ("<!-- snippet: A.swift thrice -->\n```swift\n```", "P.md:2: A.swift has no snippet 'thrice'"),
        ("<!-- snippet: B.swift twice -->\n```swift\n```", "P.md:2: there is no file B.swift"),
        ("text\n```swift\nlet a = 1\n```", "P.md:2: no `<!-- snippet"),
        ("```swift\nlet a = 1\n```", "P.md:1: no `<!-- snippet"),
        ("* item\n  ```swift\n  let a = 1\n  ```", "P.md:2: no `<!-- snippet"),
        ("<!-- snippet: A.swift -->\n```swift\nlet a = 1\n```", "P.md:2: no `<!-- snippet"),
    ])
    func aBlockMustShowItsSnippet(text: String, problem: String) throws {
        let files = ["A.swift": try Snippets(file: "A.swift", text: Self.code)]
        let problems = GuidePage(path: "P.md", text: text).problems(files)
        if problem.isEmpty {
            #expect(problems == [])
        } else {
            #expect(problems.count == 1 && problems[0].hasPrefix(problem), "\(problems)")
        }
        let recorded = GuidePage(path: "P.md", text: GuidePage(path: "P.md", text: text).recorded(files))
        let canBeRepaired = !problem.hasPrefix("P.md:1") && !problem.hasPrefix("P.md:2")
        #expect(recorded.problems(files).isEmpty == canBeRepaired)
    }

    @Test(arguments: ["// snippet: a", "// end snippet", "// snippet: a\n// snippet: b\n// end snippet"])
    func aSnippetHasABeginningAndAnEnd(text: String) {
        #expect(throws: GuideError.self) { try Snippets(file: "A.swift", text: text) }
    }
}
