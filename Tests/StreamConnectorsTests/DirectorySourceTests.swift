import Foundation
import StreamTesting
import Testing
import Weir

/// A directory whose files are read as they appear.
struct DirectorySourceTests {
    private static func put(_ name: String, _ ids: Range<Int>, in directory: String) throws {
        let path = directory + "/" + name
        let above = URL(fileURLWithPath: path).deletingLastPathComponent()
        try FileManager.default.createDirectory(at: above, withIntermediateDirectories: true)
        try write(ids.map { "{\"id\": \($0), \"text\": \"x\"}\n" }.joined(), to: path)
    }

    @Test(arguments: [1, 3])
    func filesAreReadOnceAsTheyCome(parallelism: Int) async throws {
        try await withDirectory { directory in
            let seen = CollectSink<Int>()
            var source = DirectorySource(directory + "/in", format: Item.json) { $0.hasSuffix(".jsonl") }
            source.interval = .seconds(5)
            source.endMarker = "_SUCCESS"
            let input = source
            let test = try TestPipeline(parallelism: parallelism, batchSize: 4) { p in
                p.source("files", input).map { Int($0.id) }.write("seen", to: seen)
            }
            try test.settle()
            #expect(seen.elements.isEmpty)
            try Self.put("in/a.jsonl", 0..<10, in: directory)
            try Self.put("in/day=1/b.jsonl", 10..<15, in: directory)
            for name in ["in/.c.jsonl", "in/_d.jsonl", "in/_tmp/e.jsonl", "in/f.txt"] {
                try Self.put(name, 100..<101, in: directory)
            }
            try test.advanceProcessingTime(by: .seconds(4))
            #expect(seen.elements.isEmpty)
            try test.advanceProcessingTime(by: .seconds(1))
            #expect(seen.elements.sorted() == Array(0..<15))
            try test.restart(parallelism: 2)
            // Later files may sort before those that were read.
            try Self.put("in/0.jsonl", 15..<20, in: directory)
            try test.advanceProcessingTime(by: .seconds(5))
            try test.restart(parallelism: parallelism)
            #expect(seen.elements.sorted() == Array(0..<20))
            try Self.put("in/z.jsonl", 20..<22, in: directory)
            try write("", to: directory + "/in/_SUCCESS")
            try test.advanceProcessingTime(by: .seconds(5))
            #expect(seen.elements.sorted() == Array(0..<22))
            #expect(test.isFinished)
        }
    }
}
