public import StateBackend

extension KLLSketch {
    /// A codec of sketches by that of their values.
    public static func codec(_ value: StateCodec<Value>) -> StateCodec<KLLSketch> {
        let values = value.array
        return StateCodec(
            of: { [value.schema] },
            encode: { sketch, encoder in
                try encoder.encode(sketch.accuracy)
                try encoder.encode(sketch.count)
                encoder.writeFixed(sketch.coin)
                try value.encode(sketch.lowest, into: &encoder)
                try value.encode(sketch.highest, into: &encoder)
                try values.encode(sketch.bottom, into: &encoder)
                try values.array.encode(sketch.levels, into: &encoder)
            },
            decode: { written in
                let value = value.reading(written, 0)
                let values = value.array
                return { decoder in
                    let accuracy: Int = try decoder.decode()
                    let count: Int = try decoder.decode()
                    let coin: UInt64 = try decoder.readFixed()
                    var sketch = KLLSketch(try value.decode(&decoder), accuracy: accuracy, seed: coin)
                    sketch.high = try value.decode(&decoder)
                    sketch.bottom = try values.decode(&decoder)
                    sketch.levels = try values.array.decode(&decoder)
                    sketch.total = count
                    guard sketch.accuracy == accuracy, sketch.hasAllValues else {
                        throw decoder.malformed("a sketch of \(count) quantile values")
                    }
                    sketch.held = sketch.levels.reduce(sketch.bottom.count) { $0 + $1.count }
                    sketch.setLimit()
                    return sketch
                }
            })
    }

    /// Whether the values that are kept stand for ``count`` values.
    private var hasAllValues: Bool {
        guard levels.count <= 60 else { return false }
        var sum = bottom.count
        for (level, values) in levels.enumerated() {
            let (weight, isTooMuch) = values.count.multipliedReportingOverflow(by: 2 << level)
            let (next, overflow) = sum.addingReportingOverflow(weight)
            if isTooMuch || overflow { return false }
            sum = next
        }
        return sum == count && count > 0
    }
}
