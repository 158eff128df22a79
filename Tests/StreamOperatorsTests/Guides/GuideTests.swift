import Foundation
import Testing

/// The guides show code that is compiled and run: each block of one is in its test file, but for indentation.
@Suite struct GuideTests {
    @Test(arguments: [("processes", "ProcessesGuide"), ("errors", "ErrorsGuide")])
    func examplesAreCompiled(guide: String, source: String) throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        let root = folder.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let code = lines(try String(contentsOf: folder.appendingPathComponent("\(source).swift"), encoding: .utf8))
        let text = try String(contentsOf: root.appendingPathComponent("Docs/guides/\(guide).md"), encoding: .utf8)
        let blocks = text.components(separatedBy: "```swift\n").dropFirst().map { $0.components(separatedBy: "```")[0] }
        #expect(blocks.count >= 3)
        for block in blocks.map(lines) {
            let isThere = code.indices.contains { code[$0...].starts(with: block) }
            #expect(isThere, "not in \(source).swift: \(block.joined(separator: "\n"))")
        }
    }

    private func lines(_ text: String) -> [String] {
        text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    }
}
