import StateBackend

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A directory of a test; removed when the instance goes.
final class TemporaryDirectory {
    let path: String

    init() {
        var name = Array("/tmp/weir-snapshot-XXXXXX".utf8CString)
        if let base = getenv("TMPDIR") { name = Array((String(cString: base) + "/weir-snapshot-XXXXXX").utf8CString) }
        path = name.withUnsafeMutableBufferPointer { $0.baseAddress.flatMap(mkdtemp).map { String(cString: $0) } } ?? ""
        precondition(!path.isEmpty, "the temporary directory must be writable")
    }

    deinit { Self.remove(path) }

    func write(_ name: String, _ bytes: [UInt8]) -> String {
        let file = path + "/" + name
        let descriptor = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
        defer { close(descriptor) }
        let written = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        precondition(written == bytes.count, "a test's file can be written")
        return file
    }

    private static func remove(_ path: String) {
        if let directory = opendir(path) {
            while let entry = readdir(directory) {
                let name = withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                if name != "." && name != ".." { remove(path + "/" + name) }
            }
            closedir(directory)
            rmdir(path)
        } else {
            unlink(path)
        }
    }
}

/// A state in a dictionary: what the snapshot's rows must come to.
struct StateModel: Equatable {
    var values: [UInt64: [UInt8]] = [:]

    static func hash(_ key: UInt64) -> UInt64 { StableHash.hash(key) }

    static func key(_ key: UInt64) -> [UInt8] { withUnsafeBytes(of: key.littleEndian) { Array($0) } }

    func rows() -> StateRows {
        var rows = StateRows()
        for (key, value) in values.sorted(by: { $0.key < $1.key }) {
            rows.append(hash: Self.hash(key), key: Self.key(key), value: value)
        }
        return rows
    }

    mutating func load(_ rows: StateRows) {
        for row in rows.rows {
            var key: UInt64 = 0
            for byte in rows.key(of: row).reversed() { key = key << 8 | UInt64(byte) }
            values[key] = row.isRemoval ? nil : Array(rows.value(of: row))
        }
    }
}

extension StateSchema {
    static func test(_ distribution: StateDistribution = .keyed) -> StateSchema {
        StateSchema(
            kind: "value", key: TypeSchema(name: "UInt64", form: .own), value: TypeSchema(name: "Bytes", form: .own),
            distribution: distribution)
    }
}

extension SnapshotManifest {
    static func test(
        _ id: Int, _ kind: Kind = .snapshot, pipeline: String = "test", parallelism: Int = 1
    ) -> SnapshotManifest {
        SnapshotManifest(
            pipeline: pipeline, id: id, kind: kind, begun: Int64(id) * 1000, parallelism: parallelism, keyGroups: 128)
    }
}

extension StoredSnapshot {
    func model(step: String = "step", part: String = "part", groups: Range<Int>? = nil, worker: Int? = nil) throws
        -> StateModel
    {
        var model = StateModel()
        try read(step: step, part: part, groups: groups, worker: worker) { model.load($0) }
        return model
    }
}
