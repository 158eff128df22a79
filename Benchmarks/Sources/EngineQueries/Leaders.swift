internal import Weir

/// The records with the highest score: all of them, where several have it.
struct Leaders<Input: Sendable>: AggregateFunction {
    struct Leading: Sendable {
        var score: Int64
        var records: [Input]
    }

    let score: @Sendable (Input) -> Int64

    init(by score: @escaping @Sendable (Input) -> Int64) { self.score = score }

    func start(_ record: Input) -> Leading { Leading(score: score(record), records: [record]) }

    func add(_ record: Input, to leading: inout Leading) {
        let score = score(record)
        if score < leading.score { return }
        if score > leading.score {
            leading.score = score
            leading.records.removeAll(keepingCapacity: true)
        }
        leading.records.append(record)
    }

    func merge(_ other: Leading, into leading: inout Leading) {
        if other.score < leading.score { return }
        if other.score > leading.score { leading = other } else { leading.records += other.records }
    }

    func result(_ leading: Leading) -> [Input] { leading.records }

    var accumulatorCodec: StateCodec<Leading> {
        let records = StateCodec<Input>.automatic.array
        return StateCodec(
            encode: { leading, encoder in
                try encoder.encode(leading.score)
                try records.encode(leading.records, into: &encoder)
            },
            decode: { Leading(score: try $0.decode(), records: try records.decode(&$0)) })
    }
}
