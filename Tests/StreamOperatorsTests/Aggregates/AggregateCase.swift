import StreamTesting
import Testing
import Weir

/// An aggregate and what it must give, worked out naively from all records.
struct AggregateCase: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// What is wrong with a random fold, or nil.
    let mismatch: @Sendable ([Visit], UInt64, inout SplitMix64) throws -> String?
    /// What is wrong with how damaged bytes are taken, or nil.
    let damage: @Sendable ([Visit], inout SplitMix64) throws -> String?

    init<Function: AggregateFunction>(
        _ name: String, _ function: Function, same: @escaping @Sendable (Function.Output, Function.Output) -> Bool,
        _ oracle: @escaping @Sendable ([Visit]) -> Function.Output
    ) where Function.Input == Visit {
        testDescription = name
        mismatch = { visits, saves, random in
            let result = try RandomFold(function, saves: saves).result(visits, &random)
            let expected = oracle(visits)
            guard same(result, expected) else { return "\(result), expected \(expected)" }
            return function.isSame(result, expected) || name.hasPrefix("~") ? nil : "isSame is false"
        }
        damage = { visits, random in try Damage(function, visits).check(&random) }
    }

    init<Function: AggregateFunction>(
        _ name: String, _ function: Function, _ oracle: @escaping @Sendable ([Visit]) -> Function.Output
    ) where Function.Input == Visit, Function.Output: Equatable {
        self.init(name, function, same: { $0 == $1 }, oracle)
    }

    /// A result that may differ in the last bits.
    init<Function: AggregateFunction>(
        near name: String, _ function: Function, _ oracle: @escaping @Sendable ([Visit]) -> Double
    ) where Function.Input == Visit, Function.Output == Double {
        self.init(
            "~ \(name)", function, same: { abs($0 - $1) <= 1e-9 * (abs($1) + 1) || ($0.isNaN && $1.isNaN) }, oracle)
    }
}

/// Bytes of partial results, cut short and changed.
private struct Damage<Function: AggregateFunction> where Function.Input == Visit {
    let fold: RandomFold<Function>
    let visits: [Visit]

    init(_ function: Function, _ visits: [Visit]) {
        fold = RandomFold(function, saves: 0)
        self.visits = visits
    }

    func check(_ random: inout SplitMix64) throws -> String? {
        let accumulator = try fold.accumulator(visits, &random)
        let bytes = try fold.bytes(accumulator)
        // Every cut of short bytes, some of long ones.
        for cut in 0..<bytes.count where bytes.count < 300 || random.next(below: UInt64(bytes.count)) < 100 {
            var decoder = StateDecoder(Array(bytes[..<cut]))
            do {
                _ = try fold.codec.decode(&decoder)
                return "\(cut) of \(bytes.count) bytes were taken"
            } catch let error as StateError where error.code == .malformed {}
        }
        for _ in 0..<200 {
            var damaged = bytes
            for _ in 0...random.next(below: 3) {
                damaged[Int(random.next(below: UInt64(bytes.count)))] ^= 1 << UInt8(random.next(below: 8))
            }
            var decoder = StateDecoder(damaged)
            guard var read = try malformedIsNil({ try fold.codec.decode(&decoder) }) else { continue }
            // What was taken may be wrong, but must be usable.
            _ = fold.function.result(read)
            fold.function.add(visits[0], at: visits[0].time, to: &read)
            fold.function.merge(accumulator, into: &read)
            fold.function.merge(read, into: &read)
            _ = fold.function.result(read)
        }
        return nil
    }

    private func malformedIsNil(_ body: () throws -> Function.Accumulator) throws -> Function.Accumulator? {
        do { return try body() } catch let error as StateError where error.code == .malformed { return nil }
    }
}
