import Foundation
import StreamFormats
import Testing

@Suite struct FileByteSourceTests {
    private func gzip(_ file: URL) throws -> Data {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["gzip", "-c", file.path]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        return data
    }

    private func text(lines: Int, seed: UInt64) -> String {
        var random = SeededGenerator(seed: seed)
        return (0..<lines).map { "\($0) \(random.next())\n" }.joined()
    }

    private func fileError(_ body: () throws -> Void) -> FileError? {
        do {
            try body()
            return nil
        } catch {
            return error as? FileError
        }
    }

    @Test func plainAndCompressedAreTheSame() throws {
        try withTemporaryDirectory { directory in
            let plain = directory.appendingPathComponent("plain.txt")
            let text = text(lines: 40_000, seed: 1)
            try text.write(to: plain, atomically: false, encoding: .utf8)
            let member = try gzip(plain)
            let packed = directory.appendingPathComponent("packed.gz")
            try (member + member + Data(repeating: 0, count: 1_000)).write(to: packed)

            let once = try allRecords(RecordReader(path: plain.path))
            #expect(once.count == 40_000)
            let twice = try allRecords(RecordReader(path: packed.path))
            #expect(twice.prefix(40_000) == once[...])
            #expect(twice.dropFirst(40_000).map(\.bytes) == once.map(\.bytes))
            #expect(twice[40_000].offset == Int64(text.utf8.count))

            for index in [0, 1, 17, 39_999] {
                let position = once[index].offset
                #expect(try allRecords(RecordReader(path: plain.path, from: position)) == Array(once[index...]))
                #expect(try allRecords(RecordReader(path: packed.path, from: position)) == Array(twice[index...]))
            }
            let size = Int64(text.utf8.count)
            #expect(try allRecords(RecordReader(path: plain.path, from: size)).isEmpty)
            for (path, end) in [(plain.path, size), (packed.path, 2 * size)] {
                let error = fileError { _ = try RecordReader(path: path, from: end + 1) }
                #expect(error?.operation == "seek" && error?.message.contains("shorter") == true)
            }
        }
    }

    @Test func smallFiles() throws {
        try withTemporaryDirectory { directory in
            let file = directory.appendingPathComponent("small")
            for text in ["", "a", "ab", "abc", "a\nb"] {
                try text.write(to: file, atomically: false, encoding: .utf8)
                for position in 0...text.utf8.count {
                    let source = try FileByteSource(path: file.path, from: Int64(position))
                    var bytes: [UInt8] = []
                    var buffer = [UInt8](repeating: 0, count: 1)
                    while try buffer.withUnsafeMutableBytes({ try source.read(into: $0) }) == 1 { bytes += buffer }
                    #expect(bytes == Array(text.utf8.dropFirst(position)))
                }
                #expect(throws: FileError.self) {
                    _ = try FileByteSource(path: file.path, from: Int64(text.utf8.count + 1))
                }
            }
        }
    }

    @Test func damagedGzipIsAnErrorThatNamesThePlace() throws {
        try withTemporaryDirectory { directory in
            let plain = directory.appendingPathComponent("plain.txt")
            try text(lines: 300, seed: 2).write(to: plain, atomically: false, encoding: .utf8)
            let whole = try gzip(plain)
            let damaged = directory.appendingPathComponent("damaged.gz")
            for length in stride(from: 2, to: whole.count, by: 37) {
                try whole.prefix(length).write(to: damaged)
                let error = fileError { _ = try allRecords(RecordReader(path: damaged.path)) }
                #expect(error?.message.contains("cut off") == true && error?.message.contains("\(length)") == true)
            }
            for place in stride(from: 40, to: whole.count - 9, by: 41) {
                var bytes = whole
                bytes[place] ^= 0x55
                try bytes.write(to: damaged)
                let error = fileError { _ = try allRecords(RecordReader(path: damaged.path)) }
                #expect(error?.operation == "inflate", "byte \(place)")
            }
            try (whole + Data("garbage".utf8)).write(to: damaged)
            let error = fileError { _ = try allRecords(RecordReader(path: damaged.path)) }
            #expect(error?.message.contains("byte \(whole.count) of the file") == true)
        }
    }

    @Test func unreadablePathsAreClear() throws {
        try withTemporaryDirectory { directory in
            let missing = directory.appendingPathComponent("missing").path
            let absent = fileError { _ = try FileByteSource(path: missing) }
            #expect(absent?.errno == ENOENT && absent?.message.contains(missing) == true)
            let folder = fileError { _ = try FileByteSource(path: directory.path) }
            #expect(folder?.errno == EISDIR && folder?.message.contains("directory") == true)
            let locked = directory.appendingPathComponent("locked")
            try Data("x".utf8).write(to: locked)
            try FileManager.default.setAttributes([.posixPermissions: 0], ofItemAtPath: locked.path)
            // The superuser may read everything.
            if geteuid() != 0 {
                let denied = fileError { _ = try FileByteSource(path: locked.path) }
                #expect(denied?.errno == EACCES && denied?.message.contains("permission") == true)
            }
            let below = fileError { _ = try FileByteSource(path: locked.path + "/x") }
            #expect(below?.errno == ENOTDIR)
        }
    }
}
