/// The keyed state of one step on one worker: named states, and the key whose values they show at the moment.
///
/// The runtime sets the current key before each call of user code; the handles that the store gives out then read and
/// write that key's values. State is identified by its name, which must be unique within the step, and is saved by the
/// codec of its type (``StateCodec/automatic`` unless another is given).
public final class KeyedStateStore<Key: StreamKey> {
    @usableFromInline @exclusivity(unchecked) var currentKey: Key?
    @usableFromInline @exclusivity(unchecked) var currentHash: UInt64 = 0
    @usableFromInline @exclusivity(unchecked)
    var preparations: [(UnsafePointer<Key>, UnsafePointer<UInt64>, Int) -> Void] = []
    /// Ask the memory system for what keys with these hashes have.
    @usableFromInline @exclusivity(unchecked) var prefetches: [(UnsafePointer<UInt64>, Int) -> Void] = []
    /// Ask for what those values refer to, once they themselves have come.
    @usableFromInline @exclusivity(unchecked)
    var bodyPrefetches: [(UnsafePointer<Key>, UnsafePointer<UInt64>, Int) -> Void] = []
    /// The time by which values expire: as it was when the batch began.
    @usableFromInline @exclusivity(unchecked) var now: Int64
    /// Remove expired values from some slots each.
    private var sweeps: [(_ slots: Int) -> Void] = []
    @usableFromInline @exclusivity(unchecked) var expires = false
    @usableFromInline let clock: () -> Int64
    /// `now`, for a store's threads.
    let batchTime = BatchTime()
    /// The step's state, to which the store adds.
    @usableFromInline let state: StepState

    /// A store that adds its states to `state`.
    ///
    /// - Parameter clock: the time by which values expire, in milliseconds; for states with a time to live. By default
    ///   time stands still.
    public init(_ state: StepState = StepState(), clock: @escaping () -> Int64 = { 0 }) {
        self.state = state
        self.clock = clock
        now = clock()
        batchTime.set(now)
    }

    /// Looks at the clock, and clears some of what has expired away: to be called before keys are selected.
    ///
    /// ``prepare(_:hashes:count:)`` does.
    @inlinable @inline(__always)
    public func tick(count: Int = 0) { if expires { expire(count) } }

    @usableFromInline
    func expire(_ count: Int) {
        now = clock()
        batchTime.set(now)
        // Faster than entries can come.
        for sweep in sweeps { sweep(4 * count + 16) }
    }

    func sweep<Row, Value>(
        _ table: StateTable<Row, Value>, _ verdict: @escaping (Value, Int64) -> SweepVerdict,
        trim: @escaping (inout Value, Int64) -> Void
    ) {
        expires = true
        var hand = 0
        sweeps.append { [unowned self] slots in
            let now = now
            table.sweep(slots, from: &hand, { verdict($0, now) }, trim: { trim(&$0, now) })
        }
    }

    /// Makes `key` the one whose values the handles show.
    @inlinable @inline(__always)
    public func select(_ key: Key, hash: UInt64) {
        currentKey = key
        currentHash = hash
    }

    /// Says which keys are about to be selected, so that what a backend's store has of them is fetched all at once.
    ///
    /// What is in memory ``prefetch(_:hashes:around:of:)`` asks for, some keys at a time.
    @inlinable
    public func prepare(_ keys: UnsafePointer<Key>, hashes: UnsafePointer<UInt64>, count: Int) {
        tick(count: count)
        for prepare in preparations { prepare(keys, hashes, count) }
    }

    /// Asks the memory system for the values of keys that are about to be selected: to be called before each record of a
    /// batch.
    ///
    /// Some keys' values at a time, while as many records are processed, and before that, where values are arrays, what
    /// they refer to.
    @inlinable @inline(__always)
    public func prefetch(_ keys: UnsafePointer<Key>, hashes: UnsafePointer<UInt64>, around i: Int, of count: Int) {
        if i & (Self.keysAhead &- 1) == 0 { prefetchMore(keys, hashes: hashes, around: i, of: count) }
    }

    @inlinable
    func prefetchMore(_ keys: UnsafePointer<Key>, hashes: UnsafePointer<UInt64>, around i: Int, of count: Int) {
        let some = Self.keysAhead
        if bodyPrefetches.isEmpty {
            let next = i == 0 ? 0 : i &+ some
            let end = Swift.min(i &+ 2 &* some, count)
            if next < end { for prefetch in prefetches { prefetch(hashes + next, end &- next) } }
            return
        }
        // Values twice as far ahead: they have to be there when their bodies are asked for.
        let far = i == 0 ? 0 : i &+ 2 &* some
        let farEnd = Swift.min(i &+ 3 &* some, count)
        if far < farEnd { for prefetch in prefetches { prefetch(hashes + far, farEnd &- far) } }
        let next = i == 0 ? 0 : i &+ some
        let end = Swift.min(i &+ 2 &* some, count)
        if next < end { for prefetch in bodyPrefetches { prefetch(keys + next, hashes + next, end &- next) } }
    }

    /// How many keys' values are asked for at a time, while as many are worked on.
    @inlinable public static var keysAhead: Int { StateTable<Key, Int>.keysAhead }

    /// A table of the step's state whose values are fetched ahead.
    @inlinable
    func table<Value>(
        _ name: String, kind: String, codec: StateCodec<Value>?, traits: TableTraits<Value> = TableTraits()
    ) throws -> StateTable<Key, Value> {
        var traits = traits
        traits.clock = clock
        let table: StateTable<Key, Value> = try state.table(name, kind: kind, codec: codec, traits: traits)
        preparations.append { table.prepare($0, hashes: $1, count: $2, ahead: 0) }
        prefetches.append { table.prefetch(hashes: $0, count: $1) }
        if ValueBody.isArray(Value.self) {
            bodyPrefetches.append { table.prefetchBodies($0, hashes: $1, count: $2) }
        }
        return table
    }

    /// The states' names with the number of keys that have a value.
    public var keyCounts: [(name: String, count: Int)] {
        state.names.map { name in
            var count = 0
            state[name]?.inspect { _, _ in count += 1 }
            return (name, count)
        }
    }

    /// The current key's hash.
    @inlinable public var selectedHash: UInt64 { currentHash }
}
