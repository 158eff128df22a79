public import Weir

/// A backend that is naive and obviously right: its store is a dictionary of bytes.
///
/// What a real one is compared with, and what tests of tables over a store use. A store takes the memory that its rows
/// take, whatever its budget.
public struct ReferenceBackend: StateBackend {
    /// The directory into which checkpoints write their files; nil when none are taken.
    public let directory: String?

    /// A backend.
    ///
    /// - Parameter directory: where checkpoints write their files. It must exist.
    public init(directory: String? = nil) { self.directory = directory }

    /// "reference".
    public var name: String { "reference" }

    /// Opens a store.
    public func open(_ place: StorePlace) throws -> (any StateStore)? {
        try ReferenceStore(place, directory: directory)
    }
}

/// The store of a ``ReferenceBackend``.
public final class ReferenceStore: StateStore {
    private let keyGroups: KeyGroups
    private let directory: String?
    private let prefix: String
    private var states: [String: ReferenceRows] = [:]
    private var checkpoints = 0

    init(_ place: StorePlace, directory: String?) throws {
        keyGroups = place.keyGroups
        self.directory = directory
        prefix = "\(place.job)-\(place.worker)"
        for file in place.files ?? [] {
            var decoder = StateDecoder(try ReferenceFile.read(file.path))
            while !decoder.isAtEnd {
                let state: String = try decoder.decode()
                let group = Int(try decoder.readVarint())
                let key = [UInt8](try decoder.readBytes())
                let value = [UInt8](try decoder.readBytes())
                self.state(state).groups[group, default: [:]][key] = value
            }
        }
    }

    private func state(_ name: String) -> ReferenceRows {
        if let rows = states[name] { return rows }
        let rows = ReferenceRows(keyGroups)
        states[name] = rows
        return rows
    }

    /// The rows of a state.
    public func rows(of name: String) throws -> any StoredRows { state(name) }

    /// Writes all rows of all states to a file.
    public func checkpoint() throws -> any StoreCheckpoint {
        guard let directory else {
            throw StateError(
                code: .storeFailed,
                message: "a reference backend without a directory can't take checkpoints; give it one")
        }
        var encoder = StateEncoder()
        for (name, rows) in states {
            for (group, groupRows) in rows.groups {
                for (key, value) in groupRows {
                    try encoder.encode(name)
                    encoder.writeVarint(UInt64(group))
                    encoder.writeBytes(key)
                    encoder.writeBytes(value)
                }
            }
        }
        checkpoints += 1
        let file = "\(prefix)-\(checkpoints).rows"
        let path = "\(directory)/\(file)"
        try ReferenceFile.write(encoder.bytes, path)
        return ReferenceCheckpoint(files: [StoreFile(name: file, path: path, isImmutable: true)])
    }

    /// The bytes of keys and values.
    public var memoryUsage: Int {
        states.values.reduce(0) {
            $0 + $1.groups.values.reduce(0) { $0 + $1.reduce(0) { $0 + $1.key.count + $1.value.count } }
        }
    }

    /// Forgets everything.
    public func close() { states = [:] }
}

/// The file of a ``ReferenceStore``.
private final class ReferenceCheckpoint: StoreCheckpoint {
    let files: [StoreFile]

    init(files: [StoreFile]) { self.files = files }

    func release() { for file in files { ReferenceFile.remove(file.path) } }
}
