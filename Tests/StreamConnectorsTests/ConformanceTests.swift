import Foundation
import StreamTesting
import Synchronization
import Testing
import Weir

/// The library's sources and plain sinks pass the published suites.
struct ConformanceTests {
    @Test(arguments: SinkCheck.allCases)
    func collectSink(check: SinkCheck) throws {
        try SinkSuite(element: { $0 }) {
            let sink = CollectSink<Int>()
            return SinkPlace(sink: sink, visible: { sink.elements })
        }
        .run(check)
    }

    @Test(arguments: SinkCheck.allCases)
    func consoleSink(check: SinkCheck) throws {
        try SinkSuite(element: { "line \($0)" }) {
            let text = Lines()
            return SinkPlace(
                sink: ConsoleSink({ $0 }) { piece in text.all.withLock { $0 += piece } },
                visible: { text.all.withLock { $0.split(separator: "\n").map(String.init) } })
        }
        .run(check)
    }

    @Test(arguments: SinkCheck.allCases)
    func fileSink(check: SinkCheck) async throws {
        try await withDirectory { directory in
            try SinkSuite(element: { "line \($0)" }) {
                SinkPlace(
                    sink: FileSink(directory + "/out.txt") { $1 += Array("\($0)\n".utf8) },
                    visible: {
                        try names(in: directory).flatMap {
                            try read(directory + "/" + $0).split(separator: "\n").map(String.init)
                        }
                    })
            }
            .run(check)
        }
    }

    @Test(arguments: SourceCheck.allCases)
    func collectionSource(check: SourceCheck) throws {
        try SourceSuite(expected: Array(0..<90)) {
            CollectionSource(splits: [Array(0..<50), [], Array(50..<90)])
        }
        .run(check)
    }

    @Test(arguments: SourceCheck.allCases)
    func generatorSource(check: SourceCheck) throws {
        try SourceSuite(expected: (0..<61).map { $0 * $0 }) { GeneratorSource(count: 61) { $0 * $0 } }.run(check)
    }

    @Test(arguments: SourceCheck.allCases)
    func testInput(check: SourceCheck) throws {
        let records = (0..<40).map { ScriptedRecord<Int>(element: $0, time: Timestamp($0)) }
        try SourceSuite(expected: records) {
            let input = TestInput<Int>("numbers", splits: 2)
            for i in 0..<40 { input.send(i, at: Timestamp(i), split: i % 2) }
            input.end()
            return TestInputSource(input: input)
        }
        .run(check)
    }

    @Test(arguments: SourceCheck.allCases, [FileCompression.none, .zstd])
    func fileSource(check: SourceCheck, compression: FileCompression) async throws {
        try await withDirectory { directory in
            let paths = try Self.writeFiles(directory, compression)
            try SourceSuite(expected: Array(0..<120)) { FileSource(paths, format: BinaryRecords<Int>()) }.run(check)
        }
    }

    @Test(arguments: SourceCheck.allCases)
    func fileSourceOfText(check: SourceCheck) async throws {
        try await withDirectory { directory in
            try write("id,text\r\n1,a\n\n2,\"b\nc\"\n3,", to: directory + "/a.csv")
            try write("text,id\n", to: directory + "/b.csv")
            let expected = [(1, "a"), (2, "b\nc"), (3, "")].map { Row(id: Int64($0.0), text: $0.1) }
            let format = CSVRecords<Row>(columns: ["id", "text"]) { row, column, _, emit throws(DecodeError) in
                emit(Row(id: try row.int64(column[0]), text: try row.string(column[1])))
            }
            try SourceSuite(expected: expected) {
                FileSource([directory + "/a.csv", directory + "/b.csv"], format: format)
            }
            .run(check)
        }
    }

    @Test(arguments: SourceCheck.allCases)
    func directorySource(check: SourceCheck) async throws {
        try await withDirectory { directory in
            _ = try Self.writeFiles(directory, .none)
            let number = Mutex(0)
            try SourceSuite(expected: Array(0..<120)) {
                // A directory of its own each time, so that none has what came later to another.
                let copy = directory + "-\(number.withLock { $0 += 1; return $0 })"
                try FileManager.default.copyItem(atPath: directory, toPath: copy)
                return DirectorySource(copy, format: BinaryRecords<Int>())
            }
            .arriving(Array(120..<240)) { source in
                let (from, to) = (source.directory + "/in", source.directory + "/day=2")
                _ = try Self.writeFiles(from, .lz4, from: 120)
                try FileManager.default.moveItem(atPath: from, toPath: to)
            }
            .run(check)
            for i in 1...number.withLock({ $0 }) { try FileManager.default.removeItem(atPath: directory + "-\(i)") }
        }
    }

    @Test(arguments: SourceCheck.allCases)
    func openTestInput(check: SourceCheck) throws {
        func record(_ number: Int) -> ScriptedRecord<Int> { ScriptedRecord(element: number, time: Timestamp(number)) }
        var suite = SourceSuite(expected: (0..<40).map(record)) {
            let input = TestInput<Int>("numbers", splits: 2)
            for i in 0..<40 { input.send(i, at: Timestamp(i), split: i % 2) }
            return TestInputSource(input: input)
        }
        suite.ends = false
        try suite.run(check)
    }

    private struct Row: Hashable, Sendable {
        let id: Int64
        let text: String
    }

    private final class Lines: Sendable {
        let all = Mutex("")
    }

    /// Two files of numbers.
    private static func writeFiles(
        _ directory: String, _ compression: FileCompression, from start: Int = 0
    ) throws -> [String] {
        var options = RollingFileOptions()
        options.compression = compression
        let sink = RollingFileSink<Int>(directory, .binary(), options: options)
        var committer = try sink.makeCommitter(CommitterContext(pipeline: "p", step: "s", parallelism: 2))
        for worker in 0..<2 {
            var writer = sink.makeWriter(SinkContext(step: "s", worker: worker, parallelism: 2, pipeline: "p"))
            writer.begin(epoch: 0)
            let batch = Batch<Int>(capacity: 60)
            for number in worker * 60..<worker * 60 + 60 { batch.append(start + number, at: 0) }
            try writer.write(batch)
            if let transaction = try writer.prepare() { try committer.commit(transaction) }
        }
        return try names(in: directory).map { directory + "/" + $0 }
    }
}
