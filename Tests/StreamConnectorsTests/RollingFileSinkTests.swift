import Foundation
import StreamTesting
import Synchronization
import Testing
import Weir

/// Rolling files: what is visible, under which names, in which formats.
struct RollingFileSinkTests {
    enum Form: CaseIterable {
        case json, csv, binary

        var encoding: RecordEncoding<Row> {
            switch self {
            case .json:
                .jsonLines { row, json in
                    json.beginObject()
                    json.field("id", row.id)
                    json.field("text", row.text)
                    json.endObject()
                }
            case .csv:
                .csv(columns: ["id", "text"]) { row, csv in
                    csv.field(row.id)
                    csv.field(row.text)
                }
            case .binary: .binary()
            }
        }

        /// The records of a file, by the source's readers.
        func read(_ path: String) throws -> [Row] {
            switch self {
            case .json: try rows(path, Item.json).map { Row(id: Int($0.id), text: $0.text) }
            case .csv: try rows(path, Item.csv).map { Row(id: Int($0.id), text: $0.text) }
            case .binary: try rows(path, BinaryRecords<Row>())
            }
        }

        private func rows<Format: RecordFormat>(_ path: String, _ format: Format) throws -> [Format.Element] {
            let source = FileSource(path, format: format)
            var reader = try source.makeReader(for: try source.splits(parallelism: 1)[0])
            let output = SourceOutput<Format.Element>(batchSize: 100)
            var found: [Format.Element] = []
            while case .more = try reader.read(into: output) { found += output.take().elements }
            let last = output.take()
            #expect(last.deadLetters.isEmpty)
            return found + last.elements
        }
    }

    struct Row: Hashable, Codable, Sendable {
        var id: Int
        var text: String

        init(id: Int, text: String) {
            self.id = id
            self.text = text
        }

        init(_ id: Int) { self.init(id: id, text: "text \"\(id)\", of a row") }
    }

    /// The paths under a directory of the files that readers see, and of those that they skip.
    static func files(_ directory: String) throws -> (visible: [String], pending: [String]) {
        let all = try FileManager.default.subpathsOfDirectory(atPath: directory).sorted().filter { path in
            var isDirectory: ObjCBool = false
            return FileManager.default.fileExists(atPath: directory + "/" + path, isDirectory: &isDirectory)
                && !isDirectory.boolValue
        }
        let name = { (path: String) in path.split(separator: "/").last ?? "" }
        return (
            all.filter { !name($0).hasPrefix(".") && !name($0).hasPrefix("_") }, all.filter { name($0).hasPrefix(".") }
        )
    }

    private static func temporaryDirectory() -> String {
        FileManager.default.temporaryDirectory.appendingPathComponent("rolling-\(UUID().uuidString)").path
    }

    static let variants: [(Form, FileCompression)] = [(.csv, .none), (.binary, .none), (.json, .lz4), (.binary, .zstd)]

    @Test(arguments: TransactionalSinkCheck.allCases)
    func conforms(check: TransactionalSinkCheck) throws { try Self.conforms(check, .json, .none) }

    /// What the form of the files could make a difference to.
    @Test(arguments: [TransactionalSinkCheck.orderOfAWorker, .largeTransactions, .rescaling], variants)
    func conforms(check: TransactionalSinkCheck, variant: (Form, FileCompression)) throws {
        try Self.conforms(check, variant.0, variant.1)
    }

    private static func conforms(
        _ check: TransactionalSinkCheck, _ form: Form, _ compression: FileCompression
    ) throws {
        var suite = TransactionalSinkSuite(element: Row.init) {
            let directory = Self.temporaryDirectory()
            var options = RollingFileOptions()
            options.compression = compression
            // Several files per transaction, in some.
            options.maxBytes = 200
            options.maxOpenFiles = 2
            let made = options
            return TransactionalSinkPlace(
                sink: { RollingFileSink(directory, form.encoding, options: made) },
                visible: { try Self.files(directory).visible.flatMap { try form.read(directory + "/" + $0) } },
                leftovers: { try Self.files(directory).pending },
                remove: { try? FileManager.default.removeItem(atPath: directory) })
        }
        suite.seeds = 0..<3
        suite.largeCount = 100
        try suite.run(check)
    }

    @Test(arguments: [TransactionalSinkCheck.random, .abortLeftovers, .rescaling, .orderOfAWorker])
    func conformsWithPartitions(check: TransactionalSinkCheck) throws {
        var suite = TransactionalSinkSuite(element: Row.init) {
            let directory = Self.temporaryDirectory()
            var options = RollingFileOptions()
            options.maxOpenFiles = 2
            let made = options
            return TransactionalSinkPlace(
                sink: {
                    RollingFileSink(directory, Form.json.encoding, options: made) {
                        "kind=\($0.id % 5)/tens=\($0.id / 10)"
                    }
                },
                visible: { try Self.files(directory).visible.flatMap { try Form.json.read(directory + "/" + $0) } },
                leftovers: { try Self.files(directory).pending },
                remove: { try? FileManager.default.removeItem(atPath: directory) })
        }
        suite.keepsOrder = false
        suite.seeds = 0..<3
        try suite.run(check)
    }

    /// A sink under the test's control, as one worker has it.
    static func run(
        _ sink: RollingFileSink<Row>, _ body: (inout RollingFileWriter<Row>, inout RollingFileCommitter) throws -> Void
    ) throws {
        var committer = try sink.makeCommitter(CommitterContext(pipeline: "rows", step: "out", parallelism: 1))
        try committer.recover(pending: [])
        var writer = sink.makeWriter(SinkContext(step: "out", worker: 0, parallelism: 1, pipeline: "rows"))
        try body(&writer, &committer)
    }

    static func batch(_ ids: some Collection<Int>) -> Batch<Row> {
        let batch = Batch<Row>(capacity: ids.count)
        for id in ids { batch.append(Row(id), at: 0) }
        return batch
    }

    @Test func namesAndPartitions() async throws {
        try await withDirectory { directory in
            let sink = RollingFileSink(directory, Form.csv.encoding) { $0.id % 2 == 0 ? "day=1/even" : "day=1/odd" }
            try Self.run(sink) { writer, committer in
                for epoch in 3..<5 {
                    writer.begin(epoch: epoch)
                    try writer.write(Self.batch(0..<4))
                    let transaction = try #require(try writer.prepare())
                    #expect(
                        try Self.files(directory).pending
                            == ["even/.part-000-0000000\(epoch)-0000", "odd/.part-000-0000000\(epoch)-0001"].map {
                                "day=1/\($0).csv.rows.out.pending"
                            })
                    try committer.commit(transaction)
                }
            }
            #expect(
                try Self.files(directory).visible == [
                    "day=1/even/part-000-00000003-0000.csv", "day=1/even/part-000-00000004-0000.csv",
                    "day=1/odd/part-000-00000003-0001.csv", "day=1/odd/part-000-00000004-0001.csv",
                ])
        }
    }

    @Test(arguments: [RollingFileOptions.SuccessMarker.directory, .eachPartition])
    func theMarkerGoesWhenFilesAreAdded(marker: RollingFileOptions.SuccessMarker) async throws {
        try await withDirectory { directory in
            var options = RollingFileOptions()
            options.successMarker = marker
            let place = marker == .directory ? "/_SUCCESS" : "/day=1/_SUCCESS"
            let hasMarker = { FileManager.default.fileExists(atPath: directory + place) }
            try Self.run(RollingFileSink(directory, Form.csv.encoding, options: options) { _ in "day=1" }) {
                writer, committer in
                for epoch in 0..<2 {
                    writer.begin(epoch: epoch)
                    try writer.write(Self.batch([epoch]))
                    let transaction = try #require(try writer.prepare())
                    #expect(hasMarker() == (epoch == 1))
                    try committer.commit(transaction)
                    #expect(!hasMarker())
                    try committer.finish()
                    #expect(hasMarker())
                }
            }
        }
    }

    @Test func filesRollBySizeAndAge() async throws {
        try await withDirectory { directory in
            let clock = VirtualClock()
            var options = RollingFileOptions()
            options.maxBytes = 20
            options.maxAge = .seconds(10)
            options.clock = clock
            let encoding = RecordEncoding<Row>.lines { "\($0.id)23456789" }
            try Self.run(RollingFileSink(directory, encoding, options: options)) { writer, committer in
                writer.begin(epoch: 0)
                // Ten bytes with the line's end: two lines are a file.
                try writer.write(Self.batch(1..<4))
                clock.advance(by: .milliseconds(9_999))
                try writer.write(Self.batch([4]))
                try writer.write(Self.batch([5]))
                clock.advance(by: .seconds(10))
                try writer.write(Self.batch([6]))
                try committer.commit(try #require(try writer.prepare()))
            }
            let found = try Self.files(directory).visible.map { try read(directory + "/" + $0).count }
            #expect(found == [20, 20, 10, 10])
        }
    }

    @Test(arguments: [FileCompression.lz4, .zstd])
    func theCommandsReadWhatIsCompressed(compression: FileCompression) async throws {
        let command = compression == .lz4 ? "/usr/bin/lz4" : "/usr/bin/zstd"
        guard FileManager.default.isExecutableFile(atPath: command) else { return }
        try await withDirectory { directory in
            var options = RollingFileOptions()
            options.compression = compression
            try Self.run(RollingFileSink(directory, Form.csv.encoding, options: options)) { writer, committer in
                writer.begin(epoch: 0)
                // More than a piece of the compressor's.
                for first in stride(from: 0, to: 6_000, by: 500) { try writer.write(Self.batch(first..<first + 500)) }
                try committer.commit(try #require(try writer.prepare()))
            }
            let path = directory + "/" + (try #require(try Self.files(directory).visible.first))
            let process = Process()
            process.executableURL = URL(fileURLWithPath: command)
            process.arguments = ["-dc", path]
            let pipe = Pipe()
            process.standardOutput = pipe
            try process.run()
            let bytes = try #require(try pipe.fileHandleForReading.readToEnd())
            process.waitUntilExit()
            #expect(process.terminationStatus == 0)
            #expect(bytes.split(separator: 0x0A).count == 6_001)
            #expect(try Form.csv.read(path) == (0..<6_000).map(Row.init))
            // Cut off, it is refused and not taken for shorter.
            try write([UInt8](try Data(contentsOf: URL(fileURLWithPath: path))).dropLast(9), to: path)
            #expect(throws: FileError.self) { try Form.csv.read(path) }
        }
    }

    @Test func filesOfAnotherRunAreNotReplaced() async throws {
        try await withDirectory { directory in
            let sink = RollingFileSink(directory, Form.csv.encoding)
            try Self.run(sink) { writer, committer in
                writer.begin(epoch: 0)
                try writer.write(Self.batch([1]))
                let transaction = try #require(try writer.prepare())
                let name = transaction.files[0].name
                try write("mine", to: directory + "/" + name)
                let error = #expect(throws: CommitError.self) { try committer.commit(transaction) }
                #expect(error?.message.contains(name) == true)
                #expect(try read(directory + "/" + name) == "mine")
                writer.begin(epoch: 0)
                let other = #expect(throws: FileError.self) { try writer.write(Self.batch([1])) }
                #expect(other?.path == directory + "/" + name)
            }
        }
    }

    @Test func errorsNameThePath() async throws {
        try await withDirectory { directory in
            try write("x", to: directory + "/file")
            let sink = RollingFileSink(directory + "/file", Form.csv.encoding)
            let error = #expect(throws: FileError.self) {
                try sink.makeCommitter(CommitterContext(pipeline: "p", step: "s", parallelism: 1))
            }
            #expect(error?.path == directory + "/file")
            for partition in ["", "a//b", "../up", "a/.hidden", "/root", "file"] {
                let sink = RollingFileSink(directory, Form.csv.encoding) { _ in partition }
                try Self.run(sink) { writer, _ in
                    writer.begin(epoch: 0)
                    let error = #expect(throws: FileError.self) { try writer.write(Self.batch([1])) }
                    #expect(error?.path.hasPrefix(directory) == true)
                }
            }
        }
    }

    @Test func aDamagedBinaryFile() async throws {
        try await withDirectory { directory in
            try Self.run(RollingFileSink(directory, .binary())) { writer, committer in
                writer.begin(epoch: 0)
                try writer.write(Self.batch(0..<3))
                try committer.commit(try #require(try writer.prepare()))
            }
            let path = directory + "/" + (try Self.files(directory).visible[0])
            let whole = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
            var damaged = whole
            damaged[whole.count - 1] ^= 1
            try write(damaged, to: path)
            let source = FileSource(path, format: BinaryRecords<Row>())
            var reader = try source.makeReader(for: try source.splits(parallelism: 1)[0])
            let output = SourceOutput<Row>(batchSize: 10)
            #expect(throws: Never.self) { try reader.read(into: output) }
            let (rows, letters) = output.take()
            #expect(rows == [Row(0), Row(1)] && letters.map(\.reason).allSatisfy { $0.contains("checksum") })
            #expect(letters.count == 1)
            try write(whole.dropLast(), to: path)
            #expect(throws: FileError.self) { try Form.binary.read(path) }
            let other = FileSource(path, format: BinaryRecords<String>())
            var refused = try other.makeReader(for: try other.splits(parallelism: 1)[0])
            #expect(throws: FormatError.self) { try refused.read(into: SourceOutput<String>(batchSize: 1)) }
        }
    }

    @Test(arguments: [1, 3], [RollingFileOptions.SuccessMarker.directory, .eachPartition])
    func aDisturbedJobGivesTheSame(parallelism: Int, marker: RollingFileOptions.SuccessMarker) async throws {
        try await withDirectory { directory in
            var options = RollingFileOptions()
            options.maxBytes = 1_000
            options.successMarker = marker
            let fileOptions = options
            let failures = Mutex(3)
            let pipeline = try Pipeline("rows") { p in
                p.source("numbers", CollectionSource(splits: [Array(0..<300), Array(300..<600)]))
                    .map("check") { id in
                        if id % 300 == 250,
                            failures.withLock({
                                $0 -= 1; return $0 >= 0
                            })
                        {
                            throw Failed(id: id)
                        }
                        return Row(id)
                    }
                    .commit(
                        "out",
                        to: RollingFileSink(directory, Form.json.encoding, options: fileOptions) {
                            "kind=\($0.id % 3)"
                        })
            }
            var job = JobOptions(parallelism: parallelism, batchSize: 7)
            job.logger = JobOptions.silentLogger
            job.snapshots = SnapshotOptions(storage: MemorySnapshotStorage(), interval: .milliseconds(10))
            job.start = .latest
            job.restarts = .fixedDelay(attempts: 5, delay: .milliseconds(1))
            try await pipeline.run(job)
            let (visible, pending) = try Self.files(directory)
            #expect(pending.isEmpty)
            let rows = try visible.flatMap { try Form.json.read(directory + "/" + $0) }
            #expect(rows.map(\.id).sorted() == Array(0..<600))
            let markers = ["_SUCCESS", "kind=0/_SUCCESS", "kind=2/_SUCCESS"].map {
                FileManager.default.fileExists(atPath: directory + "/" + $0)
            }
            #expect(markers == (marker == .directory ? [true, false, false] : [false, true, true]))
        }
    }

    private struct Failed: Error {
        let id: Int
    }
}
