/// What a snapshot holds: the one object that makes its files a snapshot.
///
/// Written in the self-describing form of ``CodableCodec``, so that fields can be added.
public struct SnapshotManifest: Sendable, Equatable, Codable {
    /// Why the snapshot was taken.
    public enum Kind: String, Sendable, Codable {
        /// For recovery: may share files with others, and is deleted when newer ones have come.
        case snapshot
        /// On demand: in the canonical form, shares no file, and is never deleted by Weir.
        case savepoint
    }

    /// A file of the snapshot.
    public struct File: Sendable, Equatable, Codable {
        /// The object's name in the storage.
        public var object: String
        /// Its size in bytes.
        public var byteCount: Int
        /// The CRC-32C of all its bytes.
        public var checksum: UInt32

        /// A file.
        public init(object: String, byteCount: Int, checksum: UInt32) {
            self.object = object
            self.byteCount = byteCount
            self.checksum = checksum
        }
    }

    /// Rows of a part: those of all that came before it in the part's layers, changed by these.
    public struct Layer: Sendable, Equatable, Codable {
        /// The file, by its number in ``SnapshotManifest/files``.
        public var file: Int
        /// The worker that wrote it.
        public var worker: Int
        /// The number of rows, removals included.
        public var rowCount: Int
        /// The bytes of keys and values.
        public var byteCount: Int

        /// A layer.
        public init(file: Int, worker: Int, rowCount: Int, byteCount: Int) {
            self.file = file
            self.worker = worker
            self.rowCount = rowCount
            self.byteCount = byteCount
        }
    }

    /// A state of a step.
    public struct Part: Sendable, Equatable, Codable {
        /// The state's name.
        public var name: String
        /// What it holds.
        public var schema: StateSchema
        /// The files with its rows; of one worker, each changes what those before it say.
        ///
        /// Empty where all is in stores.
        public var layers: [Layer]
        /// The number of rows, as far as it is known: rows of several layers may be of one key.
        public var rowCount: Int
        /// The bytes of keys and values in the layers.
        public var byteCount: Int
        /// Whether the rows are in the workers' stores.
        public var isStored: Bool

        /// A state.
        public init(
            name: String, schema: StateSchema, layers: [Layer] = [], rowCount: Int = 0, byteCount: Int = 0,
            isStored: Bool = false
        ) {
            self.name = name
            self.schema = schema
            self.layers = layers
            self.rowCount = rowCount
            self.byteCount = byteCount
            self.isStored = isStored
        }
    }

    /// A step that has state or time.
    public struct Step: Sendable, Equatable, Codable {
        /// The step's name.
        public var name: String
        /// Its watermark, the lowest of all workers'.
        public var watermark: Int64
        /// Its states.
        public var parts: [Part]
        /// How long the workers together spent on fixing and encoding its state, in nanoseconds.
        public var captureNanoseconds: Int64

        /// A step.
        public init(name: String, watermark: Int64, parts: [Part], captureNanoseconds: Int64 = 0) {
            self.name = name
            self.watermark = watermark
            self.parts = parts
            self.captureNanoseconds = captureNanoseconds
        }
    }

    /// A worker's store, in its own format.
    public struct Store: Sendable, Equatable, Codable {
        /// A file of it.
        public struct Member: Sendable, Equatable, Codable {
            /// The name that the store knows it by.
            public var name: String
            /// The file, by its number in ``SnapshotManifest/files``.
            public var file: Int
            /// Whether later snapshots may share it.
            public var isImmutable: Bool

            /// A file of a store.
            public init(name: String, file: Int, isImmutable: Bool) {
                self.name = name
                self.file = file
                self.isImmutable = isImmutable
            }
        }

        /// The backend's name.
        public var backend: String
        /// The worker.
        public var worker: Int
        /// Its key groups.
        public var groups: Range<Int>
        /// Its files.
        public var members: [Member]
        /// The rows of each state, by ``StateEnvironment/id(step:part:)``.
        public var rowCounts: [String: Int]

        /// A store.
        public init(backend: String, worker: Int, groups: Range<Int>, members: [Member], rowCounts: [String: Int]) {
            self.backend = backend
            self.worker = worker
            self.groups = groups
            self.members = members
            self.rowCounts = rowCounts
        }
    }

    /// Where a source was in one of its splits.
    public struct Position: Sendable, Equatable, Codable {
        /// The source's step.
        public var source: String
        /// The split's name.
        public var split: String
        /// The position, for people.
        public var position: String
        /// The split's watermark.
        public var watermark: Int64

        /// A position.
        public init(source: String, split: String, position: String, watermark: Int64) {
            self.source = source
            self.split = split
            self.position = position
            self.watermark = watermark
        }
    }

    /// The pipeline's name.
    public var pipeline: String
    /// The snapshot's number, rising.
    public var id: Int
    /// Why it was taken.
    public var kind: Kind
    /// When it was begun, in milliseconds since 1970.
    public var begun: Int64
    /// When all its files were written, in milliseconds since 1970.
    public var finished: Int64
    /// The number of workers.
    public var parallelism: Int
    /// The number of workers by which the sources are divided: that of the job's first start.
    public var splitParallelism: Int
    /// The number of key groups.
    public var keyGroups: Int
    /// All files.
    public var files: [File]
    /// The steps.
    public var steps: [Step]
    /// The workers' stores; none when state was in memory alone.
    public var stores: [Store]
    /// Where the sources were.
    public var positions: [Position]
    /// The bytes that were written for this snapshot; the other files were there already.
    public var writtenBytes: Int

    /// A manifest without files.
    public init(pipeline: String, id: Int, kind: Kind, begun: Int64, parallelism: Int, keyGroups: Int) {
        self.pipeline = pipeline
        self.id = id
        self.kind = kind
        self.begun = begun
        finished = begun
        self.parallelism = parallelism
        splitParallelism = parallelism
        self.keyGroups = keyGroups
        files = []
        steps = []
        stores = []
        positions = []
        writtenBytes = 0
    }

    /// The bytes of all files.
    public var byteCount: Int { files.reduce(0) { $0 + $1.byteCount } }
}
