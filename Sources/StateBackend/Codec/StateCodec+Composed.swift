extension StateCodec {
    /// A codec of an array of this codec's values.
    public var array: StateCodec<[Value]> {
        StateCodec<[Value]>(
            of: { [schema] },
            encode: { values, encoder in
                encoder.writeVarint(UInt64(values.count))
                for value in values {
                    let start = encoder.bytes.count
                    try self.encode(value, into: &encoder)
                    encoder.pad(since: start)
                }
            },
            decode: { written in
                let element = reading(written, 0)
                return { decoder in
                    let count = try decoder.readCount()
                    var values: [Value] = []
                    for _ in 0..<count {
                        let start = decoder.position
                        values.append(try element.decode(&decoder))
                        try decoder.skipPad(since: start)
                    }
                    return values
                }
            })
    }

    /// A codec of an optional value.
    public var optional: StateCodec<Value?> {
        StateCodec<Value?>(
            of: { [schema] },
            encode: { value, encoder in
                try encoder.encode(value != nil)
                if let value { try self.encode(value, into: &encoder) }
            },
            decode: { written in
                let wrapped = reading(written, 0)
                return { decoder in try decoder.decode(Bool.self) ? try wrapped.decode(&decoder) : nil }
            })
    }

    /// The codec that reads the component of the given number; this one where the present schemas were written.
    public func reading(_ written: [TypeSchema]?, _ index: Int) -> StateCodec<Value> {
        guard let written, written.indices.contains(index) else { return self }
        return reading(written[index])
    }
}
