import StateBackend
import Synchronization

/// A small seeded generator (SplitMix64), so that a failing seed can be run again.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func below(_ bound: Int) -> Int { Int(next().multipliedFullWidth(by: UInt64(bound)).high) }
}

/// Counts the instances that are alive, to prove that none leaks and none is destroyed twice.
final class LiveCount: Sendable {
    private let count = Atomic<Int>(0)
    var value: Int { count.load(ordering: .relaxed) }
    func change(by difference: Int) { count.add(difference, ordering: .relaxed) }
}

/// A reference-counted value that knows whether it is alive.
final class Tracked: Sendable {
    let number: Int
    private let live: LiveCount
    /// Overwritten when the instance dies, so that a use after that shows.
    private let seal = Atomic<UInt64>(0x5EA1)

    init(_ number: Int, _ live: LiveCount) {
        self.number = number
        self.live = live
        live.change(by: 1)
    }

    deinit {
        precondition(seal.exchange(0, ordering: .relaxed) == 0x5EA1, "destroyed twice")
        live.change(by: -1)
    }
}

/// A key whose hashes all collide in few slots and tags, the worst that a table can meet.
struct CollidingKey: StreamKey {
    var id: Int
    var stableHash: UInt64 { UInt64(id % 3) }
}

/// A key that carries a reference, so that keys too are counted.
struct ReferenceKey: StreamKey {
    let tracked: Tracked
    var stableHash: UInt64 { StableHash.hash(UInt64(bitPattern: Int64(tracked.number))) }

    static func == (a: Self, b: Self) -> Bool { a.tracked.number == b.tracked.number }
    func hash(into hasher: inout Hasher) { hasher.combine(tracked.number) }
}
