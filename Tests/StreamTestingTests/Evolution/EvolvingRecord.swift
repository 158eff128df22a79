import StreamTesting
import Weir

/// A record of which there are an older and a newer version, as operators are given it.
protocol EvolvingRecord: Sendable {
    var key: Int { get }
    var time: Int64 { get }
    /// What is renamed, as it is shown.
    var label: String { get }

    init(key: Int, number: Int, time: Int64)
}

/// Versions in the `Codable` form.
enum Described {
    struct Old: EvolvingRecord, Codable {
        var key: Int
        var name: String
        var time: Int64

        var label: String { name }
        init(key: Int, number: Int, time: Int64) { (self.key, name, self.time) = (key, "n\(number)", time) }
    }

    struct New: EvolvingRecord, Codable, StateMigrating {
        var key: Int
        var title: String
        var time: Int64

        var label: String { title }
        init(key: Int, number: Int, time: Int64) { (self.key, title, self.time) = (key, "n\(number)", time) }

        static func migrations(_ codec: StateCodec<New>) -> StateCodec<New> {
            codec.migrating(from: Old.self) { old in
                var new = New(key: old.key, number: 0, time: old.time)
                new.title = old.name
                return new
            }
        }
    }
}

/// Versions with functions of their own.
enum Written {
    struct Old: EvolvingRecord, StateCodable {
        var key: Int
        var number: Int
        var time: Int64

        var label: String { "n\(number)" }
        init(key: Int, number: Int, time: Int64) { (self.key, self.number, self.time) = (key, number, time) }

        func encode(into encoder: inout StateEncoder) throws {
            for value in [key, number, Int(time)] { try encoder.encode(value) }
        }
        init(decoding decoder: inout StateDecoder) throws {
            self.init(key: try decoder.decode(), number: try decoder.decode(), time: try decoder.decode())
        }
    }

    struct New: EvolvingRecord, StateCodable, StateMigrating {
        static var stateVersion: Int { 2 }
        var key: Int
        var title: String
        var time: Int64

        var label: String { title }
        init(key: Int, number: Int, time: Int64) { (self.key, title, self.time) = (key, "n\(number)", time) }

        func encode(into encoder: inout StateEncoder) throws {
            try encoder.encode(title)
            try encoder.encode(key)
            try encoder.encode(time)
        }
        init(decoding decoder: inout StateDecoder) throws {
            title = try decoder.decode()
            key = try decoder.decode()
            time = try decoder.decode()
        }

        static func migrations(_ codec: StateCodec<New>) -> StateCodec<New> {
            codec.migrating(from: Old.self) { New(key: $0.key, number: $0.number, time: $0.time) }
        }
    }
}

/// Versions that are saved as they lie in memory.
enum Trivial {
    struct Old: EvolvingRecord {
        var shortKey: Int32
        var value: Int32
        var at: Int64

        var label: String { "n\(value)" }
        var time: Int64 { at }
        var key: Int { Int(shortKey) }
        init(key: Int, number: Int, time: Int64) {
            (self.shortKey, value, at) = (Int32(truncatingIfNeeded: key), Int32(truncatingIfNeeded: number), time)
        }
    }

    struct New: EvolvingRecord, StateMigrating {
        var time: Int64
        var number: Int
        var key: Int

        var label: String { "n\(number)" }
        init(key: Int, number: Int, time: Int64) { (self.key, self.number, self.time) = (key, number, time) }

        static func migrations(_ codec: StateCodec<New>) -> StateCodec<New> {
            codec.migrating(from: Old.self) { New(key: $0.key, number: Int($0.value), time: $0.at) }
        }
    }
}
