import StreamTesting
import Weir

/// The record of the aggregates' tests.
struct Visit: Hashable, Sendable {
    var id: Int
    var time: Timestamp
    var value: Int
    var price: Double
    var user: String

    /// Visits with many equal times, values and users; sometimes so many that sketches give up their lists.
    static func random(_ random: inout SplitMix64, count: Int) -> [Visit] {
        let times = [1, 4, 1_000][Int(random.next(below: 3))] as UInt64
        let values = [1, 6, 60, 100_000][Int(random.next(below: 4))] as UInt64
        return (0..<count).map { id in
            let value = Int(random.next(below: values)) - Int(values) / 3
            return Visit(
                id: id, time: Int64(random.next(below: times)) - 2, value: value, price: Double(value) * 0.37 + 1_000,
                user: "user \(value)")
        }
    }
}

extension Visit: StateCodable {
    init(decoding decoder: inout StateDecoder) throws {
        id = try decoder.decode()
        time = try decoder.decode()
        value = try decoder.decode()
        price = try decoder.decode()
        user = try decoder.decode()
    }

    func encode(into encoder: inout StateEncoder) throws {
        try encoder.encode(id)
        try encoder.encode(time)
        try encoder.encode(value)
        try encoder.encode(price)
        try encoder.encode(user)
    }
}

/// A value without an order of its own.
struct Unordered: Hashable, Sendable, StateCodable {
    var id: Int
    init(_ id: Int) { self.id = id }
    init(decoding decoder: inout StateDecoder) throws { id = try decoder.decode() }
    func encode(into encoder: inout StateEncoder) throws { try encoder.encode(id) }
}
