import StreamTesting
import Testing
import Weir

/// Folds records in random order into partial results, and merges these in a random tree; on the way they are saved and
/// read again at random.
struct RandomFold<Function: AggregateFunction> where Function.Input == Visit {
    let function: Function
    let codec: StateCodec<Function.Accumulator>
    /// One in so many steps goes through the codec; 0 for none.
    let saves: UInt64

    init(_ function: Function, saves: UInt64) {
        self.function = function
        self.saves = saves
        codec = function.accumulatorCodec
    }

    func result(_ visits: [Visit], _ random: inout SplitMix64) throws -> Function.Output {
        function.result(try accumulator(visits, &random))
    }

    func accumulator(_ visits: [Visit], _ random: inout SplitMix64) throws -> Function.Accumulator {
        var parts = [[Visit]](repeating: [], count: 1 + Int(random.next(below: 7)))
        for visit in visits.shuffled(using: &random) {
            parts[Int(random.next(below: UInt64(parts.count)))].append(visit)
        }
        var accumulators = try parts.filter { !$0.isEmpty }.map { try fold($0, &random) }
        while accumulators.count > 1 {
            let other = accumulators.remove(at: Int(random.next(below: UInt64(accumulators.count))))
            let index = Int(random.next(below: UInt64(accumulators.count)))
            // A result asked for early must change nothing.
            _ = function.result(accumulators[index])
            function.merge(try saved(other, &random), into: &accumulators[index])
            accumulators[index] = try saved(accumulators[index], &random)
        }
        return try #require(accumulators.first)
    }

    /// In the order given.
    func fold(_ visits: [Visit], _ random: inout SplitMix64) throws -> Function.Accumulator {
        let first = try #require(visits.first)
        var accumulator = function.start(first, at: first.time)
        for visit in visits.dropFirst() {
            accumulator = try saved(accumulator, &random)
            function.add(visit, at: visit.time, to: &accumulator)
        }
        return accumulator
    }

    private func saved(
        _ accumulator: Function.Accumulator, _ random: inout SplitMix64
    ) throws -> Function.Accumulator {
        guard saves > 0, random.next(below: saves) == 0 else { return accumulator }
        var decoder = StateDecoder(try bytes(accumulator))
        let read = try codec.decode(&decoder)
        #expect(decoder.isAtEnd, "\(decoder.left) bytes are left")
        return read
    }

    func bytes(_ accumulator: Function.Accumulator) throws -> [UInt8] {
        var encoder = StateEncoder()
        try codec.encode(accumulator, into: &encoder)
        return encoder.bytes
    }
}
