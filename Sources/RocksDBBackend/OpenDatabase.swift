internal import CRocksDBShim
internal import StateBackend

/// The database of one worker until it is closed, with what its rows share; used on the worker's thread.
final class OpenDatabase {
    private(set) var handle: RocksDBHandle?
    private let session: String
    /// The names under which snapshots know files that came from one.
    private var namesOfFiles: [String: String] = [:]
    private var spareReader: OpaquePointer?
    private var checkpoints = 0
    private var mayBeWriting = false
    /// The part of `directory` that the database has for itself.
    private static let subdirectory = "/db"

    init(_ place: StorePlace, in parent: String, _ wanted: RocksDBBackend.Options) throws(StateError) {
        var fault = RocksDBFault()
        var path = [CChar](repeating: 0, count: 4_096)
        let lock = weir_rocks_claim_directory(parent, &path, &fault.error)
        guard lock >= 0 else { throw fault.stateError("make a directory", at: parent) }
        let directory = path.withUnsafeBytes { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        do throws(StateError) {
            namesOfFiles = try Self.link(place.files ?? [], into: directory + Self.subdirectory)
            var options = weir_rocks_default_options(place.memoryBudget)
            options.strict = wanted.isStrict
            options.background_threads = Int32(clamping: wanted.backgroundThreads)
            options.max_open_files = Int32(clamping: wanted.maxOpenFiles)
            options.block_size = Swift.max(wanted.blockSize, 256)
            options.filter_bits = wanted.filterBits
            options.filters_last_level = wanted.filtersLastLevel
            options.compressed = wanted.isCompressed
            if wanted.fixesMappingThreshold { weir_rocks_fix_mapping_threshold() }
            guard let pointer = weir_rocks_open(directory + Self.subdirectory, &options, &fault.error) else {
                throw fault.stateError("open the state of worker \(place.worker)", at: directory)
            }
            handle = RocksDBHandle(pointer: pointer, directory: directory, lock: lock)
            var name = [CChar](repeating: 0, count: 64)
            weir_rocks_session(pointer, &name)
            session = name.withUnsafeBytes { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        } catch {
            weir_rocks_release_directory(directory, lock)
            throw error
        }
    }

    deinit { close() }

    /// Closes the database once views of it are released, and deletes its files.
    func close() {
        if let spareReader { weir_rocks_reader_destroy(spareReader) }
        spareReader = nil
        handle = nil
    }

    /// The database, everything that it was handed written.
    func open() throws(StateError) -> RocksDBHandle {
        let handle = try openUnsettled()
        if mayBeWriting {
            try RocksDBFault.check("write", at: handle.directory) { weir_rocks_settle(handle.pointer, $0) }
            mayBeWriting = false
        }
        return handle
    }

    /// Waits until everything that it was handed is written; forgets what can't be.
    func settle() throws(StateError) {
        guard let handle, mayBeWriting else { return }
        do throws(StateError) { _ = try open() } catch {
            weir_rocks_forget(handle.pointer)
            mayBeWriting = false
            throw error
        }
    }

    private func openUnsettled() throws(StateError) -> RocksDBHandle {
        guard let handle else {
            throw StateError(code: .storeFailed, message: "the store was closed; a job's state ends with the job")
        }
        return handle
    }

    /// Calls `body` with the database, which writes something that `open()` waits for.
    func withWriting(_ body: (RocksDBHandle) throws(StateError) -> Void) throws(StateError) {
        let handle = try openUnsettled()
        mayBeWriting = true
        try body(handle)
    }

    /// The writes that aren't done yet; none where one of them has failed.
    var waitingWrites: Int {
        guard mayBeWriting, let handle else { return 0 }
        return weir_rocks_waiting(handle.pointer)
    }

    /// Calls `body` with a reader; another one where `body` reads again.
    func withReader(_ handle: RocksDBHandle, _ body: (OpaquePointer) throws -> Void) throws {
        guard let reader = spareReader ?? weir_rocks_reader_create(handle.pointer) else { return }
        spareReader = nil
        defer {
            weir_rocks_reader_end(reader)
            if spareReader == nil && self.handle != nil {
                spareReader = reader
            } else {
                weir_rocks_reader_destroy(reader)
            }
        }
        try body(reader)
    }

    func checkpoint() throws(StateError) -> RocksDBCheckpoint {
        let handle = try open()
        checkpoints += 1
        let directory = handle.directory + "/checkpoint-\(checkpoints)"
        try RocksDBFault.check("make a checkpoint", at: directory) {
            weir_rocks_checkpoint(handle.pointer, directory, $0)
        }
        let names: [String]
        do throws(StateError) { names = try Self.names(in: directory) } catch {
            weir_rocks_remove_directory(directory)
            throw error
        }
        var files: [StoreFile] = []
        for name in names {
            let isTable = name.hasSuffix(".sst")
            // The options are the backend's, and there is no log.
            guard isTable || name == "CURRENT" || name.hasPrefix("MANIFEST-") else { continue }
            files.append(
                StoreFile(
                    name: isTable ? nameInSnapshots(name) : name, path: directory + "/" + name, isImmutable: isTable))
        }
        return RocksDBCheckpoint(files: files, directory: directory, handle)
    }

    /// A table's name for snapshots: its number and the opening of a database that made it.
    ///
    /// Numbers go on from where they were when a database is opened with a snapshot's files, so that two openings of
    /// the same snapshot make different files of the same number.
    private func nameInSnapshots(_ file: String) -> String {
        if let name = namesOfFiles[file] { return name }
        let name = "\(file.dropLast(4))-\(session).sst"
        namesOfFiles[file] = name
        return name
    }

    /// Puts a snapshot's files where a database is to be opened; their names in snapshots, by name of file.
    private static func link(_ files: [StoreFile], into directory: String) throws(StateError) -> [String: String] {
        guard !files.isEmpty else { return [:] }
        var names: [String: String] = [:]
        try RocksDBFault.check("make a directory", at: directory) { weir_rocks_make_directory(directory, $0) }
        for file in files {
            var name = file.name
            if file.isImmutable, name.hasSuffix(".sst"), let dash = name.firstIndex(of: "-") {
                name = name[..<dash] + ".sst"
                names[name] = file.name
            }
            guard !name.contains("/") else {
                throw StateError(
                    code: .storeFailed, message: "'\(file.name)' is no name of a state file; use another snapshot")
            }
            // A database may write to what isn't a table.
            try RocksDBFault.check("take in '\(file.path)'", at: directory) {
                weir_rocks_link(file.path, directory + "/" + name, !file.isImmutable, $0)
            }
        }
        return names
    }

    private static func names(in directory: String) throws(StateError) -> [String] {
        final class List { var names: [String] = [] }
        let list = List()
        try RocksDBFault.check("list the files", at: directory) {
            weir_rocks_list(
                directory,
                { context, name in
                    guard let context, let name else { return }
                    Unmanaged<List>.fromOpaque(context).takeUnretainedValue().names.append(String(cString: name))
                }, Unmanaged.passUnretained(list).toOpaque(), $0)
        }
        return list.names.sorted()
    }
}
