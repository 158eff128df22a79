public import Weir

/// What every ``SnapshotStorage`` must do, as checks that a test of a storage runs.
///
/// ```swift
/// @Test(arguments: SnapshotStorageSuite.checks)
/// func conforms(check: SnapshotStorageSuite.Check) throws {
///     try check.run(MyStorage(bucket: "test"))
/// }
/// ```
public enum SnapshotStorageSuite {
    /// A check: throws a ``Failure`` when the storage, which must be empty, does something else than it should.
    public struct Check: Sendable, CustomStringConvertible {
        /// What is checked.
        public let description: String
        /// Checks it.
        public let run: @Sendable (any SnapshotStorage) throws -> Void
    }

    /// What a storage did wrong.
    public struct Failure: Error, CustomStringConvertible {
        /// What was expected.
        public let description: String
    }

    /// All checks.
    public static let checks: [Check] = [
        Check(description: "an object is there once it is committed, whole") { storage in
            let writer = try storage.put("a/b/object")
            try write([1, 2, 3], to: writer)
            try expect(try storage.list("").isEmpty, "an object that isn't committed is not listed")
            try expectMissing("a/b/object", in: storage)
            try write([4], to: writer)
            try writer.commit()
            try expect(try storage.get("a/b/object", range: 0..<4) == [1, 2, 3, 4], "all bytes are there, in order")
            try expect(try storage.list("").map(\.name) == ["a/b/object"], "a committed object is listed")
        },
        Check(description: "an aborted object leaves nothing") { storage in
            let writer = try storage.put("object")
            try write([1], to: writer)
            writer.abort()
            writer.abort()
            try expect(try storage.list("").isEmpty, "nothing is listed")
            try expectMissing("object", in: storage)
        },
        Check(description: "large objects and parts of them") { storage in
            let bytes = (0..<1_000_003).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 9) }
            let writer = try storage.put("large")
            for start in stride(from: 0, to: bytes.count, by: 77_777) {
                try write(Array(bytes[start..<min(start + 77_777, bytes.count)]), to: writer)
            }
            try writer.commit()
            for range in [0..<bytes.count, 0..<0, 65_535..<65_537, 999_999..<1_000_003] {
                try expect(
                    try storage.get("large", range: range) == Array(bytes[range]), "bytes \(range) are those put")
            }
            try expect(
                try storage.get("large", range: 1_000_000..<Int.max) == Array(bytes[1_000_000...]),
                "a range beyond the end gives what there is")
            try expect(try storage.get("large", range: 2_000_000..<2_000_001).isEmpty, "none beyond the end")
            try expect(try storage.list("large").first?.byteCount == bytes.count, "the list has the size")
        },
        Check(description: "empty objects") { storage in
            try storage.put("empty").commit()
            try expect(try storage.get("empty", range: 0..<9).isEmpty, "an empty object has no bytes")
            try expect(try storage.list("empty").count == 1, "an empty object is listed")
        },
        Check(description: "put if absent") { storage in
            try expect(try storage.putIfAbsent("x/one", [1]), "the first puts it")
            try expect(try !storage.putIfAbsent("x/one", [2]), "the second doesn't")
            try expect(try storage.get("x/one", range: 0..<9) == [1], "the first one's bytes stay")
            try storage.delete("x/one")
            try expect(try storage.putIfAbsent("x/one", [3]), "after it was deleted, it may be put")
        },
        Check(description: "an object that is put again is replaced as a whole") { storage in
            try put("object", [1, 2, 3], in: storage)
            try put("object", [4], in: storage)
            try expect(try storage.get("object", range: 0..<9) == [4], "the later bytes are there")
        },
        Check(description: "lists by prefix") { storage in
            for name in ["a/1", "a/2", "ab/1", "b", "a.b/c%20/d"] { try put(name, [7], in: storage) }
            for (prefix, names) in [
                ("", ["a.b/c%20/d", "a/1", "a/2", "ab/1", "b"]), ("a", ["a.b/c%20/d", "a/1", "a/2", "ab/1"]),
                ("a/", ["a/1", "a/2"]), ("a/1", ["a/1"]), ("c/", []), ("b/", []),
            ] {
                try expect(try storage.list(prefix).map(\.name).sorted() == names, "prefix '\(prefix)' gives \(names)")
            }
        },
        Check(description: "deleting") { storage in
            try put("a/b/c", [1], in: storage)
            try storage.delete("a/b/c")
            try storage.delete("a/b/c")
            try storage.delete("never/was")
            try expectMissing("a/b/c", in: storage)
            try expect(try storage.list("").isEmpty, "nothing is listed")
            try put("a/b/d", [2], in: storage)
            try expect(try storage.get("a/b/d", range: 0..<1) == [2], "its neighbour may be put")
        },
        Check(description: "the beginning of a name is no object") { storage in
            try put("a/b/c", [1], in: storage)
            try storage.delete("a/b")
            try storage.delete("a")
            try expectMissing("a/b", in: storage)
            try expect(try storage.get("a/b/c", range: 0..<9) == [1], "the object stays")
        },
        Check(description: "writers at work are not collected") { storage in
            let writer = try storage.put("object")
            try write([1], to: writer)
            _ = try storage.removeUnfinished(before: .max)
            try writer.commit()
            try expect(try storage.get("object", range: 0..<1) == [1], "the object is there")
        },
        Check(description: "a local path, where there is one, is the object's") { storage in
            try put("object", [1, 2], in: storage)
            guard let path = storage.localPath(of: "object") else { return }
            try storage.put("copy", file: path)
            try expect(try storage.get("copy", range: 0..<9) == [1, 2], "a file that is put has its bytes")
            try storage.delete("object")
            try expect(try storage.get("copy", range: 0..<9) == [1, 2], "the copy stays when the object is deleted")
        },
        Check(description: "a file that is not there can't be put") { storage in
            do { try storage.put("object", file: "/nonexistent/file") } catch let error as SnapshotError
                where error.code == .missingFile
            { return }
            throw Failure(description: "code missingFile is thrown")
        },
    ]

    private static func write(_ bytes: [UInt8], to writer: any SnapshotObjectWriter) throws {
        try bytes.withUnsafeBytes { try writer.write($0) }
    }

    private static func put(_ name: String, _ bytes: [UInt8], in storage: any SnapshotStorage) throws {
        let writer = try storage.put(name)
        try write(bytes, to: writer)
        try writer.commit()
    }

    private static func expect(_ condition: @autoclosure () throws -> Bool, _ what: String) throws {
        if try !condition() { throw Failure(description: what) }
    }

    private static func expectMissing(_ name: String, in storage: any SnapshotStorage) throws {
        do { _ = try storage.get(name, range: 0..<1) } catch let error as SnapshotError
            where error.code == .missingFile
        { return }
        throw Failure(description: "an object that isn't there gives code missingFile")
    }
}
