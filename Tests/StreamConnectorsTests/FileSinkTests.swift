import Foundation
import StreamTesting
import Synchronization
import Testing
import Weir

@Suite struct FileSinkTests {
    private static func line(_ number: Int, _ bytes: inout [UInt8]) { bytes += Array("\(number)\n".utf8) }

    @Test(arguments: [0, 1, 100, 30_000]) func theFileIsNamedAtTheEnd(count: Int) async throws {
        try await withDirectory { directory in
            let path = "\(directory)/out.txt"
            let atStart = Mutex<[String]>([])
            let pipeline = try Pipeline("write") { p in
                p.source("numbers", CollectionSource(0..<count))
                    .inspect { number, _ in
                        if number == 0 { atStart.withLock { $0 = (try? names(in: directory)) ?? [] } }
                    }
                    .write("out", to: FileSink(path) { Self.line($0, &$1) })
            }
            try await pipeline.run(JobMatrix.Variant(parallelism: 1, batchSize: 64, seed: 1).options)
            if count > 0 { #expect(atStart.withLock { $0 } == ["out.txt.partial"]) }
            #expect(try names(in: directory) == ["out.txt"])
            #expect(try read(path) == (0..<count).map { "\($0)\n" }.joined())
        }
    }

    @Test func eachWorkerHasAFile() async throws {
        try await withDirectory { directory in
            for name in ["out.jsonl", "plain", "a.b.c"] {
                for variant in JobMatrix(parallelisms: [4], batchSizes: [7]).variants {
                    let pipeline = try Pipeline("write") { p in
                        p.source("numbers", CollectionSource(splits: [[1, 2], [3], [], [4, 5, 6]]))
                            .write("out", to: FileSink("\(directory)/\(name)") { Self.line($0, &$1) })
                    }
                    try await pipeline.run(variant.options)
                }
            }
            #expect(
                try names(in: directory) == [
                    "a.b-1.c", "a.b-2.c", "a.b-3.c", "a.b.c", "out-1.jsonl", "out-2.jsonl", "out-3.jsonl", "out.jsonl",
                    "plain", "plain-1", "plain-2", "plain-3",
                ])
            #expect(try read("\(directory)/out.jsonl") == "1\n2\n")
            #expect(try read("\(directory)/out-2.jsonl") == "")
            #expect(try read("\(directory)/plain-3") == "4\n5\n6\n")
        }
    }

    @Test func globalWritesOneFile() async throws {
        try await withDirectory { directory in
            let pipeline = try Pipeline("write") { p in
                p.source("numbers", GeneratorSource(count: 1_000) { $0 }).global()
                    .write("out", to: FileSink("\(directory)/out") { Self.line($0, &$1) })
            }
            try await pipeline.run(JobMatrix.Variant(parallelism: 4, batchSize: 16, seed: nil).options)
            let numbers = try read("\(directory)/out").split(separator: "\n").compactMap { Int($0) }
            #expect(numbers.sorted() == Array(0..<1_000))
        }
    }

    @Test func aFailedJobLeavesThePartialFile() async throws {
        try await withDirectory { directory in
            try write("from before\n", to: "\(directory)/out")
            let pipeline = try Pipeline("write") { p in
                p.source("numbers", CollectionSource(0..<100)).map("fail") { number in
                    if number == 50 { throw CocoaError(.featureUnsupported) }
                    return number
                }
                .write("out", to: FileSink("\(directory)/out") { Self.line($0, &$1) })
            }
            let error = await #expect(throws: JobError.self) {
                try await pipeline.run(JobMatrix.Variant(parallelism: 1, batchSize: 10, seed: 1).options)
            }
            #expect(error?.step == "fail")
            #expect(try names(in: directory) == ["out", "out.partial"])
            #expect(try read("\(directory)/out") == "from before\n")
        }
    }

    /// What the snapshot counts would be missing in a file that is written anew.
    @Test(arguments: [1, 2])
    func aJobThatBeginsWithASnapshotIsRefused(parallelism: Int) async throws {
        try await withDirectory { directory in
            let pipeline = try Pipeline("write") { p in
                p.source("numbers", CollectionSource(splits: [[1, 2], [3]]))
                    .write("out", to: FileSink("\(directory)/out") { Self.line($0, &$1) })
            }
            var options = JobMatrix.Variant(parallelism: parallelism, batchSize: 10, seed: 1).options
            options.snapshots = SnapshotOptions(storage: MemorySnapshotStorage())
            options.start = .latest
            options.restarts = .fixedDelay(attempts: 3, delay: .zero)
            try await pipeline.run(options)
            let before = try names(in: directory)
            let text = try read("\(directory)/out")
            // It had ended: nothing would be left to write.
            let error = #expect(throws: JobError.self) { try pipeline.start(options) }
            #expect(error?.code == .notResumable && error?.step == "out")
            for word in ["\(directory)/out", "RollingFileSink", "delete the file"] {
                #expect(error?.message.contains(word) == true, "\(error.debugDescription)")
            }
            #expect(try names(in: directory) == before)
            #expect(try read("\(directory)/out") == text)
            #expect(text.isEmpty == false)
        }
    }

    @Test func aRestoredPipelineIsRefused() async throws {
        try await withDirectory { directory in
            let input = TestInput<Int>("numbers")
            let test = try TestPipeline { p in
                p.input(input).write("out", to: FileSink("\(directory)/out") { Self.line($0, &$1) })
            }
            input.send(1, at: 0)
            try test.settle()
            let written = try read("\(directory)/out.partial")
            let error = #expect(throws: JobError.self) { try test.restart(parallelism: 1) }
            #expect(error?.code == .notResumable)
            #expect(try read("\(directory)/out.partial") == written && written == "1\n")
        }
    }

    @Test func anErrorOfTheLineFunctionNamesTheSink() async throws {
        try await withDirectory { directory in
            let pipeline = try Pipeline("write") { p in
                p.source("numbers", CollectionSource(0..<10))
                    .write("out", to: FileSink("\(directory)/out") { _, _ in throw CocoaError(.featureUnsupported) })
            }
            let error = await #expect(throws: JobError.self) {
                try await pipeline.run(JobMatrix.Variant(parallelism: 1, batchSize: 10, seed: 1).options)
            }
            #expect(error?.code == .sinkFailed)
            #expect(error?.step == "out")
        }
    }

    /// Before anything is read.
    @Test(arguments: [
        ("missing/out", "check the path"), ("file/out", "name another place"), ("directory", "name another place"),
    ])
    func whatCannotBeWritten(path: String, remedy: String) async throws {
        try await withDirectory { directory in
            try write("", to: "\(directory)/file")
            try FileManager.default.createDirectory(
                atPath: "\(directory)/directory.partial", withIntermediateDirectories: true)
            let pipeline = try Pipeline("write") { p in
                p.source("numbers", CollectionSource(0..<10))
                    .write("out", to: FileSink("\(directory)/\(path)") { Self.line($0, &$1) })
            }
            let error = #expect(throws: JobError.self) {
                try pipeline.start(JobMatrix.Variant(parallelism: 1, batchSize: 10, seed: 1).options)
            }
            #expect(error?.code == .sinkFailed)
            #expect(error?.step == "out")
            #expect(
                error?.message.contains("can't open '\(directory)/\(path).partial'") == true,
                "\(String(describing: error))")
            #expect(error?.message.contains(remedy) == true)
        }
    }

    @Test func aFullDeviceStopsTheJob() async throws {
        try #require(FileManager.default.fileExists(atPath: "/dev/full"))
        try await withDirectory { directory in
            try FileManager.default.createSymbolicLink(
                atPath: "\(directory)/out.partial", withDestinationPath: "/dev/full")
            let pipeline = try Pipeline("write") { p in
                p.source("numbers", CollectionSource(0..<10))
                    .write("out", to: FileSink("\(directory)/out") { Self.line($0, &$1) })
            }
            let error = await #expect(throws: JobError.self) {
                try await pipeline.run(JobMatrix.Variant(parallelism: 1, batchSize: 10, seed: 1).options)
            }
            #expect(error?.code == .sinkFailed && error?.step == "out")
            #expect(
                error?.message.contains("can't write '\(directory)/out.partial'") == true,
                "\(String(describing: error))")
        }
    }
}
