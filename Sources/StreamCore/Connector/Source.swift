/// Where a pipeline's records come from.
///
/// A source has splits (files, partitions) that can be read independently; each has restartable positions and a
/// watermark of its own. Splits are assigned to the workers when the job starts.
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
}

/// What reading a split came to.
@frozen
public enum ReadStatus: Sendable {
    /// There may be more at once.
    case more
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
}

/// Takes what a reader reads.
public final class SourceOutput<Element: Sendable> {
    @usableFromInline @exclusivity(unchecked) var batch: Batch<Element>
    @usableFromInline var deadLetters: [DeadLetter] = []
    /// Records beyond the batch's end: those of an input record that gave several.
    @usableFromInline var surplus: [Element] = []

    @inlinable
    init(batchSize: Int) { batch = Batch(capacity: batchSize) }

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
}

/// Input that could not be made a record, with everything needed to find and repair it.
public struct DeadLetter: Sendable, Equatable {
    /// The side output that dead letters go to.
    public static let output = SideOutput<DeadLetter>("dead-letters")

    /// The step that rejected it; a reader may leave it empty, the runtime fills it in.
    public var step: String
    /// Where it came from: a file's path, a topic and partition.
    public var source: String
    /// The position there: a byte offset, a record number.
    public var offset: Int64
    /// Why it was rejected.
    public var reason: String
    /// The bytes; shortened where they are very long.
    public var bytes: [UInt8]

    /// A dead letter.
    public init(step: String = "", source: String, offset: Int64, reason: String, bytes: [UInt8]) {
        self.step = step
        self.source = source
        self.offset = offset
        self.reason = reason
        self.bytes = bytes
    }
}

extension DataStream {
    /// What this stream's step could not make records of.
    public var deadLetters: DataStream<DeadLetter> { sideOutput(DeadLetter.output) }

    /// The records that a source found late, when its watermark strategy decides lateness at the source.
    public var lateRecords: DataStream<Element> { sideOutput(SideOutput<Element>.lateAtSource) }
}

extension SideOutput {
    /// The side output of a source's late records.
    @usableFromInline static var lateAtSource: SideOutput<Element> { SideOutput("late") }
}
