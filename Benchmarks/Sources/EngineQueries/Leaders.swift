internal import Weir

/// What has a score.
protocol Scored: Sendable {
    associatedtype Score: Comparable & Sendable

    var score: Score { get }
}

/// The records with the highest score: all of them, where several have it.
struct Leaders<Input: Scored>: AggregateFunction {
    struct Leading: Sendable {
        var score: Input.Score
        var records: [Input]
    }

    func start(_ record: Input) -> Leading { Leading(score: record.score, records: [record]) }

    func add(_ record: Input, to leading: inout Leading) {
        if record.score < leading.score { return }
        if record.score > leading.score {
            leading.score = record.score
            leading.records.removeAll(keepingCapacity: true)
        }
        leading.records.append(record)
    }

    func merge(_ other: Leading, into leading: inout Leading) {
        if other.score < leading.score { return }
        if other.score > leading.score { leading = other } else { leading.records += other.records }
    }

    func result(_ leading: Leading) -> [Input] { leading.records }

    /// The records alone: each has the score.
    var accumulatorCodec: StateCodec<Leading> {
        let records = StateCodec<Input>.automatic.array
        return StateCodec(
            encode: { leading, encoder in try records.encode(leading.records, into: &encoder) },
            decode: { decoder in
                let all = try records.decode(&decoder)
                guard let first = all.first else { throw DecodeError.missingField("records") }
                return Leading(score: first.score, records: all)
            })
    }
}
