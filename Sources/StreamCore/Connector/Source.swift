/// Where a pipeline's records come from.
///
/// A source has splits (files, partitions) that can be read independently; each has restartable positions and a
/// watermark of its own. Splits are assigned to the workers when the job starts, or when they are found (``discovery``).
public protocol Source<Element>: Sendable {
    /// The records.
    associatedtype Element: Sendable
    /// What identifies a split and lets a reader open it.
    associatedtype Split: Sendable
    /// What reads a split.
    associatedtype Reader: SplitReader<Element>

    /// The source's splits. Worker `w` of `n` reads those whose index is `w` modulo `n`.
    ///
    /// - Parameter parallelism: the job's number of workers, for sources that can be divided at will.
    func splits(parallelism: Int) throws -> [Split]

    /// A reader of `split`, from its beginning.
    func makeReader(for split: Split) throws -> Reader

    /// A reader of `split` that goes on where another one was.
    ///
    /// The default throws: the source can't be restarted.
    ///
    /// - Parameter position: what the other reader said its ``SplitReader/restartPosition`` was, maybe in another process.
    func makeReader(for split: Split, from position: SplitPosition) throws -> Reader

    /// A split's name: a path, a topic and partition. By it a snapshot knows the split again.
    ///
    /// Distinct within the source. By default its number.
    ///
    /// With ``discovery`` it must not depend on the number.
    func name(of split: Split, number: Int) -> String

    /// How splits are found while the job runs; nil where all are known at the start, which is the default.
    ///
    /// Where it is given, ``splits(parallelism:)`` is not called. Each worker lists the splits and reads those whose names'
    /// hash falls to it. A split that is found begins without a watermark: the step's stays where it is until the new one's
    /// has come up to it or the split is idle, and never falls back. A worker that has read all it knows is idle.
    var discovery: SplitDiscovery<Split>? { get }
}

extension Source {
    /// Throws: the source can't be restarted.
    public func makeReader(for split: Split, from position: SplitPosition) throws -> Reader {
        throw JobError(
            code: .restoreFailed,
            message: "\(Self.self) can't begin at \(position.description); implement makeReader(for:from:)")
    }

    /// The split's number.
    public func name(of split: Split, number: Int) -> String { "\(number)" }

    /// None: all splits are known at the start.
    public var discovery: SplitDiscovery<Split>? { nil }
}

/// What reading a split came to.
@frozen
public enum ReadStatus: Sendable {
    /// There may be more at once: ask again, also when nothing was read.
    case more
    /// Nothing can be had without waiting, though not everything that there is has been read: data is on its way.
    case waiting
    /// Everything that there is has been read; more may come later.
    case caughtUp
    /// The split has ended.
    case end
}

/// Reads one split, on a worker's thread.
public protocol SplitReader<Element> {
    /// The records.
    associatedtype Element: Sendable

    /// Reads until `output` is full or no more can be had without waiting.
    mutating func read(into output: SourceOutput<Element>) throws -> ReadStatus

    /// Where the next record will be read, in the source's own units: a byte offset, a record number; -1 when unknown,
    /// which is the default.
    ///
    /// Tells people where a record came from that a step could not process.
    var position: Int64 { get }

    /// Where another reader would go on, after all that was read so far; nil when none could, which is the default.
    ///
    /// Asked between two reads. A job whose readers have none can take no snapshots.
    var restartPosition: SplitPosition? { get }
}

extension SplitReader {
    /// Unknown.
    @inlinable public var position: Int64 { -1 }

    /// None.
    @inlinable public var restartPosition: SplitPosition? { nil }
}

/// Takes what a reader reads.
public final class SourceOutput<Element: Sendable> {
    @usableFromInline @exclusivity(unchecked) var batch: Batch<Element>
    @usableFromInline @exclusivity(unchecked) var deadLetters: [DeadLetter] = []
    /// Records beyond the batch's end: those of an input record that gave several.
    @usableFromInline @exclusivity(unchecked) var surplus: [Element] = []

    /// An output with room for a batch.
    @inlinable
    public init(batchSize: Int) { batch = Batch(capacity: batchSize) }

    /// Whether the reader should return.
    @inlinable public var isFull: Bool { batch.isFull || deadLetters.count >= batch.capacity }

    /// The number of further records that fit.
    @inlinable public var room: Int { batch.capacity - batch.count }

    /// Lets `fill` write up to ``room`` records straight into the batch; it returns how many it wrote.
    ///
    /// For readers that make records in bulk, such as generators.
    @inlinable @inline(__always)
    public func fill(_ fill: (UnsafeMutablePointer<Element>, _ room: Int) throws -> Int) rethrows {
        batch.count &+= try fill(batch.elements + batch.count, room)
    }

    /// Adds a record.
    ///
    /// Check ``isFull`` before each piece of input; the records of one piece are all taken.
    @inlinable @inline(__always)
    public func emit(_ element: consuming Element) {
        if batch.isFull { surplus.append(element) } else { batch.append(element, at: 0) }
    }

    /// Adds what could not be made a record.
    @inlinable
    public func reject(_ deadLetter: DeadLetter) { deadLetters.append(deadLetter) }

    /// Takes out what was read: for tests of a reader, which play the runtime.
    public func take() -> (elements: [Element], deadLetters: [DeadLetter]) {
        let elements = (0..<batch.count).map { batch.elements[$0] } + surplus
        defer {
            batch.removeAll()
            surplus = []
            deadLetters = []
        }
        return (elements, deadLetters)
    }
}
