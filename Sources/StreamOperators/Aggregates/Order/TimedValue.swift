internal import StateBackend
public import StreamCore

/// A value and the event time of the record that it comes from.
@frozen
public struct TimedValue<Value: Sendable>: Sendable {
    @usableFromInline let timestamp: Timestamp
    @usableFromInline let value: Value

    @inlinable
    init(_ value: Value, at timestamp: Timestamp) {
        self.timestamp = timestamp
        self.value = value
    }

    /// The time, then the value.
    static func codec(_ value: StateCodec<Value>) -> StateCodec<TimedValue> {
        StateCodec(
            of: { [value.schema] },
            encode: { timed, encoder in
                encoder.writeVarint(signed: timed.timestamp)
                try value.encode(timed.value, into: &encoder)
            },
            decode: { written in
                let value = value.reading(written, 0)
                return { decoder in
                    let timestamp = try decoder.readSignedVarint()
                    return TimedValue(try value.decode(&decoder), at: timestamp)
                }
            })
    }
}
