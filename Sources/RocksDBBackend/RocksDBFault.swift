internal import CRocksDBShim
internal import StateBackend

/// What a call of the C side left behind when it failed.
struct RocksDBFault {
    var error = weir_rocks_error()

    /// Whether a call has failed.
    var isSet: Bool { error.fault != 0 }

    /// The error to be thrown.
    func stateError(_ action: String, at path: String) -> StateError {
        let message = withUnsafeBytes(of: error.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        let (code, remedy): (StateError.Code, String) =
            switch Int(error.fault) {
            case Int(WEIR_ROCKS_NO_SPACE.rawValue):
                (.storageFull, "the disk is full: free space, or give the backend another directory")
            case Int(WEIR_ROCKS_PERMISSION.rawValue):
                (
                    .notPermitted,
                    "the process may not write there: give it the permission, or the backend another directory"
                )
            case Int(WEIR_ROCKS_CORRUPTION.rawValue):
                (.damaged, "a file is damaged: restore from another snapshot, and check the disk")
            case Int(WEIR_ROCKS_LOCKED.rawValue): (.storeLocked, "another process has the database open: end it")
            case Int(WEIR_ROCKS_MISSING.rawValue):
                (.missingFile, "a file is missing: restore from another snapshot")
            default: (.storeFailed, "see the store's message, and check the disk")
            }
        return StateError(code: code, message: "RocksDB can't \(action) in '\(path)': \(message); \(remedy)")
    }

    /// Makes a call that fills in an error when it fails.
    static func check(
        _ action: String, at path: String, _ call: (UnsafeMutablePointer<weir_rocks_error>) -> Bool
    ) throws(StateError) {
        var fault = RocksDBFault()
        if !call(&fault.error) { throw fault.stateError(action, at: path) }
    }
}
