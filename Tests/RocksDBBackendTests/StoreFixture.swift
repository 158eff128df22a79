import Foundation
import RocksDBBackend
import StateBackend
import Testing

/// A small seeded generator (SplitMix64), so that a failing seed can be run again.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func below(_ bound: Int) -> Int { Int(next().multipliedFullWidth(by: UInt64(bound)).high) }
}

/// A directory that is gone when the test is over.
final class TemporaryDirectory {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("weir-rocksdb-tests-\(UUID())")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// All files below the directory, by path.
    var files: [String] { (FileManager.default.enumerator(atPath: path)?.allObjects as? [String] ?? []).sorted() }

    /// The directories in which databases have their files.
    var databases: [String] { files.filter { $0.hasSuffix("/db") }.map { path + "/" + $0 } }

    /// Mounts a small file system below the directory; nil, and says so, where that isn't permitted.
    func mountDisk(megabytes: Int) -> String? {
        let disk = path + "/disk"
        guard mkdir(disk, 0o700) == 0, mount("tmpfs", disk, "tmpfs", 0, "size=\(megabytes)m") == 0 else {
            print("SKIPPED: no permission to mount a small file system at \(disk)")
            return nil
        }
        return disk
    }

    /// Takes the permission to make files in a directory, from the system's administrator, too; whether that can be.
    func lock(_ path: String) -> Bool {
        let isLocked = change("+i", path) && mkdir(path + "/probe", 0o700) != 0
        if !isLocked { print("SKIPPED: no permission to make a directory immutable") }
        return isLocked
    }

    func unlock(_ path: String) { _ = change("-i", path) }

    private func change(_ attribute: String, _ path: String) -> Bool {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["chattr", attribute, path]
        process.standardError = FileHandle.nullDevice
        do { try process.run() } catch { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }

    func open(
        worker: Int = 0, budget: Int = 8 << 20, files: [StoreFile]? = nil,
        _ change: (inout RocksDBBackend.Options) -> Void = { _ in }
    ) throws -> any StateStore {
        var options = RocksDBBackend.Options()
        change(&options)
        let place = StorePlace(
            job: "job", worker: worker, keyGroups: KeyGroups(), groups: 0..<128, memoryBudget: budget, files: files)
        return try #require(try RocksDBBackend(directory: path, options: options).open(place))
    }
}

/// A row's key with its group, in the order that stores promise.
struct RowKey: Hashable, Comparable {
    let group: Int
    let bytes: [UInt8]

    static func < (left: RowKey, right: RowKey) -> Bool {
        left.group == right.group ? left.bytes.lexicographicallyPrecedes(right.bytes) : left.group < right.group
    }

    /// A key whose hash leads to its group among 128.
    init(group: Int, _ bytes: [UInt8]) {
        self.group = group
        self.bytes = bytes
    }

    var hash: UInt64 { UInt64(group) << 57 | 1 << 56 }
}

extension StateRows {
    mutating func put(_ key: RowKey, _ value: [UInt8]) { append(hash: key.hash, key: key.bytes, value: value) }

    mutating func remove(_ key: RowKey) { append(hash: key.hash, key: key.bytes, value: [], isRemoval: true) }
}

extension StoredRows {
    func all(_ groups: Range<Int> = 0..<128, prefix: [UInt8] = [], from: [UInt8] = []) throws -> [(RowKey, [UInt8])] {
        var rows: [(RowKey, [UInt8])] = []
        try scan(groups: groups, prefix: prefix, from: from) { group, key, value in
            rows.append((RowKey(group: group, [UInt8](key)), [UInt8](value)))
            return true
        }
        return rows
    }

    func values(of keys: [RowKey]) throws -> [[UInt8]?] {
        var rows = StateRows()
        for key in keys { rows.put(key, []) }
        var values = [[UInt8]?](repeating: nil, count: keys.count)
        try read(rows) { index, value in values[index] = [UInt8](value) }
        return values
    }

    func write(_ pairs: [(RowKey, [UInt8])]) throws {
        var rows = StateRows()
        for (key, value) in pairs { rows.put(key, value) }
        try write(rows)
    }
}

extension StoredRowsView {
    func all() throws -> [(RowKey, [UInt8])] {
        var rows: [(RowKey, [UInt8])] = []
        try scan(groups: 0..<128) { group, key, value in
            rows.append((RowKey(group: group, [UInt8](key)), [UInt8](value)))
            return true
        }
        return rows
    }
}

func isSame(_ left: [(RowKey, [UInt8])], _ right: [(RowKey, [UInt8])]) -> Bool {
    left.elementsEqual(right) { $0.0 == $1.0 && $0.1 == $1.1 }
}
