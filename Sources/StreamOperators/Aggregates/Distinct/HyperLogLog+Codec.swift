public import StateBackend

extension HyperLogLog: StateCodable {
    /// Writes the precision and the registers: a list of those that are set, two bytes each as a rule, or, from 512 on,
    /// all in six bits each, 12 KiB at the default precision.
    public func encode(into encoder: inout StateEncoder) throws {
        encoder.bytes.append(UInt8(precision))
        guard registers.isEmpty else {
            encoder.bytes.append(1)
            // Four registers in three bytes; their number is a multiple of four.
            for i in stride(from: 0, to: registers.count, by: 4) {
                let word = (0..<4).reduce(UInt32(0)) { $0 | UInt32(registers[i + $1]) << UInt32(6 * $1) }
                for shift in [0, 8, 16] { encoder.bytes.append(UInt8(truncatingIfNeeded: word >> UInt32(shift))) }
            }
            return
        }
        encoder.bytes.append(0)
        encoder.writeVarint(UInt64(sparse.count))
        var previous: UInt32 = 0
        for entry in sparse {
            let index = entry >> 8
            encoder.writeVarint(UInt64(index - previous) << 6 | UInt64(entry & 0x3F))
            previous = index
        }
    }

    /// Reads a sketch.
    public init(decoding decoder: inout StateDecoder) throws {
        let precision: UInt8 = try decoder.readFixed()
        guard (4...18).contains(precision) else { throw decoder.malformed("a sketch of precision \(precision)") }
        self.init(precision: Int(precision))
        if try decoder.decode(Bool.self) { try readRegisters(&decoder) } else { try readSparse(&decoder) }
    }

    private var highestRank: UInt8 { UInt8(64 - precision + 1) }

    private mutating func readRegisters(_ decoder: inout StateDecoder) throws {
        let count = 1 << precision
        guard decoder.left >= count / 4 * 3 else { throw decoder.malformed("\(decoder.left) bytes of registers") }
        for index in stride(from: 0, to: count, by: 4) {
            var word: UInt32 = 0
            for shift in [0, 8, 16] { word |= UInt32(try decoder.readFixed(UInt8.self)) << UInt32(shift) }
            for i in 0..<4 {
                let rank = UInt8(truncatingIfNeeded: word >> UInt32(6 * i) & 0x3F)
                guard rank <= highestRank else { throw decoder.malformed("a register of \(rank)") }
                if rank > 0 { set(UInt32(index + i), rank) }
            }
        }
    }

    private mutating func readSparse(_ decoder: inout StateDecoder) throws {
        var index: UInt64 = 0
        for i in 0..<(try decoder.readCount()) {
            let entry = try decoder.readVarint()
            let rank = UInt8(truncatingIfNeeded: entry & 0x3F)
            let (next, overflow) = index.addingReportingOverflow(entry >> 6)
            guard !overflow, next < UInt64(1 << precision), i == 0 || next > index, (1...highestRank).contains(rank)
            else { throw decoder.malformed("a register \(next) of \(rank)") }
            index = next
            set(UInt32(index), rank)
        }
    }
}
