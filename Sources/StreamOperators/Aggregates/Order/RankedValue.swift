internal import StateBackend
public import StreamCore

/// A value, what it is ranked by, and the event time of its record.
@frozen
public struct RankedValue<Value: Sendable, Rank: Comparable & Sendable>: Sendable {
    @usableFromInline let rank: Rank
    @usableFromInline let timestamp: Timestamp
    @usableFromInline let value: Value

    @inlinable
    init(_ value: Value, rank: Rank, at timestamp: Timestamp) {
        self.rank = rank
        self.timestamp = timestamp
        self.value = value
    }

    /// The rank, the time, then the value.
    static func codec(_ value: StateCodec<Value>, rank: StateCodec<Rank>) -> StateCodec<RankedValue> {
        StateCodec(
            of: { [value.schema, rank.schema] },
            encode: { ranked, encoder in
                try rank.encode(ranked.rank, into: &encoder)
                encoder.writeVarint(signed: ranked.timestamp)
                try value.encode(ranked.value, into: &encoder)
            },
            decode: { written in
                let value = value.reading(written, 0)
                let rank = rank.reading(written, 1)
                return { decoder in
                    let ranked = try rank.decode(&decoder)
                    let timestamp = try decoder.readSignedVarint()
                    return RankedValue(try value.decode(&decoder), rank: ranked, at: timestamp)
                }
            })
    }
}
