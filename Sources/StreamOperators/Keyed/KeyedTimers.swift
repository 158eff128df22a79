public import StateBackend
public import StreamCore

/// The timers of a keyed step on one worker.
///
/// What is set is part of the step's state; the two queues say when to look, and are built again after a restore.
///
/// Invariants: (1) for every timer in `table` its queue, or `postponed`, has an entry of the same time and order;
/// entries without such a timer are out of date and skipped. (2) Timers of equal time go off in the order in which they
/// were set, which `order` numbers and a snapshot keeps.
@usableFromInline
final class KeyedTimers<Key: StreamKey, ID: Hashable & Sendable> {
    /// A timer that is set.
    @usableFromInline
    struct SetTimer: Sendable {
        @usableFromInline let id: ID
        @usableFromInline let domain: TimeDomain
        @usableFromInline var time: Timestamp
        /// The number of its setting.
        @usableFromInline var order: UInt64
        /// The event time at which it was set.
        @usableFromInline var origin: Timestamp

        @inlinable
        init(id: ID, domain: TimeDomain, time: Timestamp, order: UInt64, origin: Timestamp) {
            self.id = id
            self.domain = domain
            self.time = time
            self.order = order
            self.origin = origin
        }
    }

    /// An entry of a queue.
    @usableFromInline
    struct DueTimer {
        @usableFromInline let key: Key
        @usableFromInline let hash: UInt64
        @usableFromInline let order: UInt64

        @inlinable
        init(key: Key, hash: UInt64, order: UInt64) {
            self.key = key
            self.hash = hash
            self.order = order
        }
    }

    /// A timer that goes off now.
    @usableFromInline
    struct FiringTimer {
        @usableFromInline let key: Key
        @usableFromInline let hash: UInt64
        @usableFromInline let timer: SetTimer

        @inlinable
        init(key: Key, hash: UInt64, timer: SetTimer) {
            self.key = key
            self.hash = hash
            self.timer = timer
        }
    }

    /// A timer that has gone off at the end of the input.
    @usableFromInline
    struct EndedTimer: Hashable {
        @usableFromInline let key: Key
        @usableFromInline let id: ID
        @usableFromInline let domain: TimeDomain

        @inlinable
        init(key: Key, id: ID, domain: TimeDomain) {
            self.key = key
            self.id = id
            self.domain = domain
        }
    }

    @usableFromInline let table: StateTable<Key, [SetTimer]>
    @usableFromInline let processingTime: ProcessingTime
    @usableFromInline @exclusivity(unchecked) var eventQueue = TimerQueue<DueTimer>()
    @usableFromInline @exclusivity(unchecked) var clockQueue = TimerQueue<DueTimer>()
    @usableFromInline @exclusivity(unchecked) var nextOrder: UInt64 = 0
    /// The domain and time of the timer whose callback is running.
    @usableFromInline @exclusivity(unchecked) var firing: (domain: TimeDomain, time: Timestamp)?
    /// Timers that callbacks set for no later than their own time: due at the next advance.
    @usableFromInline var postponed: [(time: Timestamp, domain: TimeDomain, due: DueTimer)] = []
    /// Those that have gone off at the end; nil before the end.
    @usableFromInline var ended: Set<EndedTimer>?

    @usableFromInline
    init(state: StepState, processingTime: ProcessingTime) throws {
        self.processingTime = processingTime
        // A step without timers has no such state.
        table =
            ID.self == Never.self
            ? StateTable() : try state.table("weir.timers", kind: StateSchema.timers, codec: Self.codec.array)
    }

    /// Sets a timer of a key, or moves it.
    @inlinable
    func set(_ id: ID, at time: Timestamp, in domain: TimeDomain, from origin: Timestamp, _ key: Key, _ hash: UInt64) {
        if let ended, ended.contains(EndedTimer(key: key, id: id, domain: domain)) { return }
        let set = table.upsert(key, hash: hash, [])
        let timer = SetTimer(id: id, domain: domain, time: time, order: nextOrder, origin: origin)
        if let index = set.pointee.firstIndex(where: { $0.id == id && $0.domain == domain }) {
            if set.pointee[index].time == time { return }
            set.pointee[index] = timer
        } else {
            set.pointee.append(timer)
        }
        nextOrder &+= 1
        let due = DueTimer(key: key, hash: hash, order: timer.order)
        if let firing, firing.domain == domain, time <= firing.time {
            postponed.append((time, domain, due))
        } else {
            add(due, at: time, domain)
        }
    }

    @inlinable
    func add(_ due: DueTimer, at time: Timestamp, _ domain: TimeDomain) {
        switch domain {
        case .eventTime: eventQueue.add(due, at: time)
        case .processingTime:
            clockQueue.add(due, at: time)
            processingTime.wake(at: time)
        }
    }

    /// Cancels a timer of a key, if it is set.
    @inlinable
    func cancel(_ id: ID, in domain: TimeDomain, _ key: Key, _ hash: UInt64) {
        guard let set = table.find(key, hash: hash) else { return }
        set.pointee.removeAll { $0.id == id && $0.domain == domain }
        if set.pointee.isEmpty { table.remove(key, hash: hash) }
    }

    /// Takes out the next timer that is due at `time`; nil when there is none, and the round is over.
    @inlinable
    func next(_ domain: TimeDomain, through time: Timestamp) -> FiringTimer? {
        while let entry = domain == .eventTime
            ? eventQueue.popFirst(through: time) : clockQueue.popFirst(through: time)
        {
            guard let timer = take(entry.payload) else { continue }
            firing = (domain, timer.time)
            ended?.insert(EndedTimer(key: entry.payload.key, id: timer.id, domain: domain))
            return FiringTimer(key: entry.payload.key, hash: entry.payload.hash, timer: timer)
        }
        finishRound()
        return nil
    }

    @inlinable
    func finishRound() {
        firing = nil
        for (time, domain, due) in postponed { add(due, at: time, domain) }
        postponed.removeAll()
        if let next = clockQueue.nextTime { processingTime.wake(at: next) }
    }

    /// Removes the timer that an entry stands for, if the entry is not out of date.
    @inlinable
    func take(_ due: DueTimer) -> SetTimer? {
        guard let set = table.find(due.key, hash: due.hash),
            let index = set.pointee.firstIndex(where: { $0.order == due.order })
        else { return nil }
        let timer = set.pointee.remove(at: index)
        if set.pointee.isEmpty { table.remove(due.key, hash: due.hash) }
        return timer
    }

    /// From now on no timer goes off twice: the input has ended.
    @inlinable
    func end() { if ended == nil { ended = [] } }

    /// Whether any timer is set.
    @inlinable var isEmpty: Bool { table.count == 0 }

    /// Builds the queues again from what was loaded.
    @inlinable
    func restored() {
        var loaded: [(timer: SetTimer, key: Key)] = []
        table.forEachUnchanged { key, timers in loaded += timers.map { ($0, key) } }
        // Numbers of different workers may be equal after the parallelism has changed; then the key decides.
        loaded.sort { a, b in
            a.timer.order != b.timer.order ? a.timer.order < b.timer.order : a.key.stableHash < b.key.stableHash
        }
        for (timer, key) in loaded {
            add(DueTimer(key: key, hash: key.stableHash, order: timer.order), at: timer.time, timer.domain)
            nextOrder = max(nextOrder, timer.order &+ 1)
        }
    }

    private static var codec: StateCodec<SetTimer> {
        let ids = StateCodec<ID>.automatic
        return StateCodec<SetTimer>(
            of: { [ids.schema] },
            encode: { timer, encoder in
                try ids.encode(timer.id, into: &encoder)
                try encoder.encode(timer.domain == .processingTime)
                encoder.writeVarint(signed: timer.time)
                encoder.writeVarint(timer.order)
                encoder.writeVarint(signed: timer.origin)
            },
            decode: { written in
                let ids = ids.reading(written, 0)
                return { decoder in
                    let id = try ids.decode(&decoder)
                    let domain: TimeDomain = try decoder.decode(Bool.self) ? .processingTime : .eventTime
                    let time = try decoder.readSignedVarint()
                    let order = try decoder.readVarint()
                    return SetTimer(
                        id: id, domain: domain, time: time, order: order, origin: try decoder.readSignedVarint())
                }
            })
    }
}
