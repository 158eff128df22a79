import Foundation

/// The files of the repository that this test is part of.
struct Repository {
    let root: URL

    init(testFile: String = #filePath) {
        root = URL(fileURLWithPath: testFile).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
    }

    /// Whether there is a file or directory at a path relative to the root.
    func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: root.appendingPathComponent(path).path)
    }

    func text(_ path: String) throws -> String {
        try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
    }

    /// Every Swift file of the library, the benchmarks and the tests.
    func swiftFiles() throws -> [SourceFile] {
        try ["Sources", "Benchmarks", "Tests"].flatMap { paths(under: $0, endingIn: ".swift") }
            .map { SourceFile(path: $0, text: try text($0)) }
    }

    /// Every Markdown file.
    func documents() -> [String] {
        let top = (try? FileManager.default.contentsOfDirectory(atPath: root.path)) ?? []
        let directories = ["Docs", "Sources", "Benchmarks", "Tests"]
        return top.filter { $0.hasSuffix(".md") }.sorted() + directories.flatMap { paths(under: $0, endingIn: ".md") }
    }

    /// The files below a directory, none when it does not exist.
    ///
    /// Build products live in hidden directories, which are passed over.
    private func paths(under directory: String, endingIn suffix: String) -> [String] {
        let start = root.appendingPathComponent(directory).resolvingSymlinksInPath()
        let files = FileManager.default.enumerator(
            at: start, includingPropertiesForKeys: nil, options: .skipsHiddenFiles)
        let urls = (files?.allObjects ?? []).compactMap { $0 as? URL }.filter { $0.path.hasSuffix(suffix) }
        return urls.map { directory + $0.path.dropFirst(start.path.count) }.sorted()
    }
}
