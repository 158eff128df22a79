internal import CRocksDBShim
internal import StateBackend
internal import Synchronization

/// Links to a database's files as of one moment, in a directory beside it.
final class RocksDBCheckpoint: StoreCheckpoint {
    let files: [StoreFile]
    private let directory: String
    /// Keeps what lies around the directory.
    private let handle: Mutex<RocksDBHandle?>

    init(files: [StoreFile], directory: String, _ handle: RocksDBHandle) {
        self.files = files
        self.directory = directory
        self.handle = Mutex(handle)
    }

    deinit { release() }

    func release() {
        handle.withLock { handle in
            if handle != nil { weir_rocks_remove_directory(directory) }
            handle = nil
        }
    }
}
