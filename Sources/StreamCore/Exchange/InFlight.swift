internal import StateBackend

/// What a barrier has overtaken at a worker's receiving end of an exchange, and what a snapshot had of that: a queue that is
/// processed before anything else of the exchange.
///
/// As a part of the state a row is a message. After a change of parallelism each worker reads all rows: it takes the records
/// whose keys it owns (or its share of those without keys), and leaves out signals, which the senders repeat.
final class InFlight<Payload: BatchPayload>: StatePart {
    /// Whether some of it is from a run at another parallelism, so that its senders aren't today's.
    private(set) var isForeign = false
    private(set) var queue = FIFOQueue<(sender: Int, message: Message)>()
    private let codec: PayloadCodec<Payload>
    /// Reads batches as an older program may have written them.
    private var loadCodec: PayloadCodec<Payload>
    private let environment: StateEnvironment
    /// The number of records without keys that were read, by which they are shared out.
    private var readCount = 0

    init(_ codec: PayloadCodec<Payload>, _ environment: StateEnvironment) {
        self.codec = codec
        loadCodec = codec
        self.environment = environment
    }

    var isEmpty: Bool { queue.isEmpty }

    func append(_ message: Message, from sender: Int) { queue.append((sender, message)) }

    func popFirst() -> (sender: Int, message: Message)? { queue.popFirst() }

    var distribution: StateDistribution { .worker }

    var schema: StateSchema {
        StateSchema(kind: StateSchema.inFlight, key: nil, value: codec.schema, distribution: distribution)
    }

    func save(into rows: inout StateRows) throws {
        try queue.forEach { sender, message in
            // Who has ended says so again.
            if case .signal(.end) = message { return }
            try rows.append(hash: UInt64(environment.worker)) { _ in
            } value: { encoder in
                encoder.writeVarint(UInt64(environment.parallelism))
                encoder.writeVarint(UInt64(sender))
                switch message {
                case .batch(let payload):
                    encoder.writeFixed(UInt8(0))
                    try codec.encode(Payload.unwrap(payload), &encoder)
                case .signal(.watermark(let watermark)):
                    encoder.writeFixed(UInt8(1))
                    encoder.writeFixed(watermark)
                case .signal(.idle): encoder.writeFixed(UInt8(2))
                case .signal: encoder.writeFixed(UInt8(3))
                }
            }
        }
    }

    func prepareToLoad(_ written: StateSchema) {
        loadCodec = written.value.flatMap { codec.reading($0) } ?? codec
    }

    func load(_ row: inout StateDecoder) throws {
        let isSame = try row.readVarint() == UInt64(environment.parallelism)
        let sender = Int(truncatingIfNeeded: try row.readVarint())
        switch try row.readFixed(UInt8.self) {
        case 0:
            let payload = try loadCodec.decode(&row) { hash in
                if isSame { return true }
                guard let hash else {
                    readCount += 1
                    return readCount % environment.parallelism == environment.worker
                }
                let group = environment.keyGroups.group(ofHash: hash)
                return environment.groups.contains(group)
            }
            // A worker's own messages are in its queue only because they were another's before.
            if !isSame || sender == environment.worker { isForeign = true }
            if payload.count > 0 { append(.batch(payload), from: isSame ? sender : environment.worker) }
        case 1:
            let watermark: Timestamp = try row.readFixed()
            if isSame { append(.signal(.watermark(watermark)), from: sender) }
        case 2: if isSame { append(.signal(.idle), from: sender) }
        case 3: if isSame { append(.signal(.active), from: sender) }
        case let kind: throw row.malformed("an exchange has no message of kind \(kind)")
        }
    }
}
