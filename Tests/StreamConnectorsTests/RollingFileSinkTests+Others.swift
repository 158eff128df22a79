import Foundation
import Testing
import Weir

/// What others do in a rolling sink's directory.
extension RollingFileSinkTests {
    /// Directories in which this sink never has files: those of a file system's snapshots, of tools.
    @Test func otherDirectoriesAreLeftAlone() async throws {
        try await withDirectory { directory in
            var options = RollingFileOptions()
            options.successMarker = .eachPartition
            let foreign = directory + "/.snapshot/day=1"
            try FileManager.default.createDirectory(atPath: foreign, withIntermediateDirectories: true)
            try write("", to: foreign + "/.part-000-00000000-0000.csv.rows.out.pending")
            try write("", to: foreign + "/part-000-00000000-0000.csv")
            let before = try names(in: foreign)
            try Self.run(RollingFileSink(directory, Form.csv.encoding, options: options) { _ in "day=1" }) {
                writer, committer in
                writer.begin(epoch: 0)
                try writer.write(Self.batch([1]))
                try committer.commit(try #require(try writer.prepare()))
                try committer.finish()
            }
            #expect(try names(in: foreign) == before && before.count == 2)
            #expect(try names(in: directory + "/day=1") == ["_SUCCESS", "part-000-00000000-0000.csv"])
        }
    }

    @Test func aFileThatWasTakenAwayIsNamed() async throws {
        try await withDirectory { directory in
            try Self.run(RollingFileSink(directory, Form.csv.encoding)) { writer, committer in
                writer.begin(epoch: 0)
                try writer.write(Self.batch([1]))
                let transaction = try #require(try writer.prepare())
                try committer.commit(transaction)
                try FileManager.default.removeItem(atPath: directory + "/" + transaction.files[0].name)
                let error = #expect(throws: CommitError.self) { try committer.commit(transaction) }
                #expect(error?.outcome == .impossible)
                for word in [transaction.files[0].name, "before the next snapshot was durable", "put it back"] {
                    #expect(error?.message.contains(word) == true, "\(error.debugDescription)")
                }
            }
        }
    }
}
