/// Input that could not be made a record, with everything needed to find and repair it.
public struct DeadLetter: Sendable, Equatable {
    /// The side output that dead letters go to.
    public static let output = SideOutput<DeadLetter>("dead-letters")

    /// The step that rejected it; a reader may leave it empty, the runtime fills it in.
    public var step: String
    /// Where it came from: a file's path, a topic and partition.
    public var source: String
    /// The position there: a byte offset, a record number; -1 when unknown.
    ///
    /// Of a record that a source rejected it is the record's own; of one that a later step rejected, the position at or
    /// after which its batch was read.
    public var offset: Int64
    /// Why it was rejected.
    public var reason: String
    /// The bytes; shortened where they are very long.
    public var bytes: [UInt8]
    /// What the bytes are.
    public var encoding: Encoding

    /// What a dead letter's bytes are.
    public enum Encoding: String, Sendable {
        /// As they were read.
        case original
        /// The record as text.
        case text
        /// The record in its ``StateCodec`` form.
        case state
    }

    /// A dead letter.
    public init(
        step: String = "", source: String, offset: Int64, reason: String, bytes: [UInt8],
        encoding: Encoding = .original
    ) {
        self.encoding = encoding
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

extension KeyedStream {
    /// The records for which `keyBy` could not tell the key, where its ``ErrorPolicy`` is to make dead letters of them.
    public var deadLetters: DataStream<DeadLetter> {
        let tag = DeadLetter.output
        let side = builder.sideOutput(tag.name, type: String(reflecting: DeadLetter.self), ofNode: port.node)
        return DataStream(builder: builder, port: side, hasEventTime: hasEventTime)
    }
}

extension SideOutput {
    /// The side output of a source's late records.
    @usableFromInline static var lateAtSource: SideOutput<Element> { SideOutput("late") }
}
