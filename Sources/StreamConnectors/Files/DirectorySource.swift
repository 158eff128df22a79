public import StreamCore

/// Reads the files of a directory, also those that appear while the job runs; each is a split of its own.
///
/// ```swift
/// var source = DirectorySource("/data/in", format: Order.json)
/// source.interval = .seconds(5)
/// source.endMarker = "_SUCCESS"
/// p.source("orders", source, time: \.placed, watermarks: .boundedOutOfOrderness(.seconds(10)))
/// ```
/// The directory is listed at an interval of the job's clock. A file is read once, from its beginning to the end that it
/// has when the reader gets there: it must be complete when it gets its name, as files are that are renamed into place. What
/// a ``RollingFileSink`` writes is. Names that begin with a dot or an underscore are skipped, those of directories
/// included. A file that is moved away or changed after it was read makes no difference; one that is being read must stay.
///
/// The source never ends, unless ``endMarker`` is given. When it has read all there is, a worker is idle. Files are begun in
/// the order of their paths, and the watermark doesn't wait for those that aren't begun: name them in the order of their
/// times. The workers read theirs independently, so records of several files need a watermark strategy that bears their
/// disorder.
public struct DirectorySource<Format: RecordFormat>: Source {
    /// What the records are turned into.
    public typealias Element = Format.Element

    /// A file.
    public struct Split: Sendable {
        /// The path under the directory, which is the split's name: the directory may be moved between two runs.
        public let name: String
    }

    /// The directory.
    public let directory: String
    /// How the files are read.
    public let format: Format
    /// How often to look for files, by the job's clock; the default is a second.
    public var interval = Duration.seconds(1)
    /// How many files a worker reads at a time; the default is 1.
    public var filesAtOnce = 1
    /// Whether to look into directories of the directory, too; the default is yes.
    public var isRecursive = true
    /// The name of a file in the directory that says that no more files will come; by default there is none.
    ///
    /// The source ends when all files that were there with it have been read.
    public var endMarker: String?
    /// Whether a file that was read and deleted is forgotten, so that snapshots don't grow for ever; the default is no.
    ///
    /// A new file of the name of a forgotten one is read. While the directory itself is not there, nothing is forgotten and
    /// the job fails. One that is the root of a volume is still there, and empty, when the volume isn't mounted: name a
    /// directory on the volume.
    public var forgetsDeletedFiles = false
    /// The longest record in bytes; a longer one is rejected.
    ///
    /// The default is 1 MiB.
    public var maxRecordLength = 1 << 20
    let accepts: @Sendable (String) -> Bool

    /// A source of a directory's files.
    ///
    /// - Parameters:
    ///   - directory: the directory; as long as it is not there it counts as empty.
    ///   - format: how the files are read.
    ///   - accepts: tells by a file's path under the directory whether it is to be read.
    public init(
        _ directory: String, format: Format, where accepts: @escaping @Sendable (String) -> Bool = { _ in true }
    ) {
        self.directory = directory
        self.format = format
        self.accepts = accepts
    }

    /// The files that are there now.
    public func splits(parallelism: Int) throws -> [Split] { try list().splits }

    /// The file's path under the directory.
    public func name(of split: Split, number: Int) -> String { split.name }

    /// Lists the directory.
    public var discovery: SplitDiscovery<Split>? {
        SplitDiscovery(every: interval, splitsAtOnce: max(filesAtOnce, 1), forgetsEndedSplits: forgetsDeletedFiles) {
            try list()
        }
    }

    /// A reader of a file, from its beginning.
    @inlinable
    public func makeReader(for split: Split) throws -> FileSplitReader<Format> {
        try FileSplitReader(
            path: directory + "/" + split.name, index: 0, format: format, maxRecordLength: maxRecordLength)
    }

    /// Opens a file at the record that begins at a byte (of the inflated text).
    @inlinable
    public func makeReader(for split: Split, from position: SplitPosition) throws -> FileSplitReader<Format> {
        try FileSplitReader(
            path: directory + "/" + split.name, index: 0, format: format, maxRecordLength: maxRecordLength,
            from: try position.offset)
    }

    private func list() throws -> SplitListing<Split> {
        // The marker first: what is there with it is then in the list.
        let isComplete = if let endMarker { try FileTree.exists(directory + "/" + endMarker) } else { false }
        guard let entries = try FileTree.entries(ofAny: directory) else { return SplitListing([], isMissing: true) }
        var names: [String] = []
        try list(entries, "", into: &names)
        return SplitListing(names.sorted().map { Split(name: $0) }, isComplete: isComplete)
    }

    private func list(_ entries: [FileTree.Entry], _ prefix: String, into names: inout [String]) throws {
        for entry in entries {
            guard !entry.name.hasPrefix("."), !entry.name.hasPrefix("_") else { continue }
            let name = prefix + entry.name
            if entry.isDirectory {
                if isRecursive {
                    try list(try FileTree.entries(of: directory + "/" + name), name + "/", into: &names)
                }
            } else if name != endMarker, accepts(name) {
                names.append(name)
            }
        }
    }
}
