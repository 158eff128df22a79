// Writes snapshot after snapshot into a directory until it is killed, and says every step on its standard output, a byte
// each. What snapshot n holds is a function of n, which its test knows, too; or with a third argument a function of where
// the sources of a job over RocksDB are.
internal import StateBackend

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// The program: `SnapshotCrasher snapshots scratch [job]`.
@main
enum SnapshotCrasher {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 3 || arguments.count == 4 && arguments[3] == "job" else { exit(2) }
        if arguments.count == 4 { return try await StoreJob.run(snapshots: arguments[1], stores: arguments[2], tell) }
        let storage = LocalSnapshotStorage(directory: arguments[1])
        let scratch = arguments[2]
        let repository = SnapshotRepository(storage, pipeline: "crash")
        _ = try repository.collectOrphans(before: .max)
        var base = try repository.openLatest()?.manifest
        tell()
        while true {
            let id = (base?.id ?? 0) + 1
            let isSavepoint = id % 11 == 0
            base = try write(id, isSavepoint ? nil : base, isSavepoint, repository, scratch)
            tell()
            _ = try repository.prune(keep: 3, now: 0)
            tell()
        }
    }

    @Sendable private static func tell() {
        var byte: UInt8 = 46
        _ = Glibc.write(1, &byte, 1)
    }

    private static func write(
        _ id: Int, _ base: SnapshotManifest?, _ isSavepoint: Bool, _ repository: SnapshotRepository, _ scratch: String
    ) throws -> SnapshotManifest {
        let header = SnapshotManifest(
            pipeline: "crash", id: id, kind: isSavepoint ? .savepoint : .snapshot, begun: Int64(id), parallelism: 2,
            keyGroups: 128)
        let writer = try repository.begin(header, base: base, compression: id % 2 == 0 ? .lz4 : .zstd)
        tell()
        let groups = KeyGroups()
        for worker in 0..<2 {
            let everything = base?.wantsEverything(step: "step", part: "part", worker: worker) ?? true
            var rows = StateRows()
            for key in 0..<400 {
                // Snapshot n has key k with the last number up to n at which it was changed; every fifth of these
                // changes removes it.
                let changed = id - (id + key) % 20
                guard changed == id || everything, changed > 0 || everything else { continue }
                let number = UInt64(key)
                let hash = StableHash.hash(number)
                guard groups.worker(ofGroup: groups.group(ofHash: hash), parallelism: 2) == worker else { continue }
                let isRemoval = (changed + key) % 5 == 0 && changed > 0
                if isRemoval && everything { continue }
                rows.append(
                    hash: hash, key: bytes(number), value: isRemoval ? [] : bytes(UInt64(max(changed, 0))),
                    isRemoval: isRemoval)
            }
            try writer.write(
                rows, step: "step", part: "part",
                schema: StateSchema(kind: "value", key: nil, value: nil, distribution: .keyed), worker: worker,
                isComplete: everything)
            tell()
        }
        if !isSavepoint {
            var files: [StoreFile] = []
            for number in max(1, id - 3)...id {
                let path = "\(scratch)/\(number).sst"
                if number == id || access(path, R_OK) != 0 { try create(path, number) }
                files.append(StoreFile(name: "\(number).sst", path: path, isImmutable: true))
            }
            _ = unlink("\(scratch)/\(id - 4).sst")
            try writer.addStore(backend: "test", worker: 0, groups: 0..<64, files: files, rowCounts: [:])
            tell()
        }
        return try writer.commit(finished: Int64(id))
    }

    private static func bytes(_ number: UInt64) -> [UInt8] { withUnsafeBytes(of: number.littleEndian) { Array($0) } }

    /// A file whose content is a function of its number; under a new inode, as the old one may be in a snapshot.
    private static func create(_ path: String, _ number: Int) throws {
        _ = unlink(path)
        guard let file = fopen(path + ".new", "w") else { exit(3) }
        let content = [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: 500 + number % 100)
        _ = content.withUnsafeBytes { fwrite($0.baseAddress, 1, $0.count, file) }
        fclose(file)
        _ = rename(path + ".new", path)
    }
}
