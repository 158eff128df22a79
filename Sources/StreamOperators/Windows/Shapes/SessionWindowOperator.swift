public import StateBackend
public import StreamCore

/// Session windows with a mergeable aggregate: a small set of sessions per key, nearly always one.
///
/// Each key has one lazy timer: it is set for the key's first session end when a session begins, and when it goes off
/// earlier than the session, which has grown meanwhile, it is set anew. So a session costs two timers, not one per
/// record.
@frozen
@usableFromInline
struct SessionWindowOperator<Function: WindowFunction>: StreamOperator {
    @usableFromInline typealias Key = Function.Key
    @usableFromInline typealias Element = Function.Input
    @usableFromInline typealias Input = KeyedBatch<Key, Element>
    @usableFromInline typealias Output = Function.Output

    @frozen
    @usableFromInline
    struct Session {
        /// The first record's time.
        @usableFromInline var start: Timestamp
        /// The gap after the last record's time: the window's end.
        @usableFromInline var end: Timestamp
        @usableFromInline var accumulator: Function.Accumulator
        /// The number of panes emitted.
        @usableFromInline var panes: Int32 = 0
        /// Whether the watermark has passed `end`; false again when a fired session goes on.
        @usableFromInline var hasFired = false

        @inlinable
        init(start: Timestamp, end: Timestamp, accumulator: Function.Accumulator) {
            self.start = start
            self.end = end
            self.accumulator = accumulator
        }
    }

    @frozen
    @usableFromInline
    struct Sessions {
        /// When the key's timer goes off; an entry of the queue with another time is out of date.
        @usableFromInline var timer: Timestamp
        @usableFromInline var first: Session
        /// Further sessions of the key, in no particular order.
        @usableFromInline var others: [Session] = []

        @inlinable
        init(timer: Timestamp, first: Session) {
            self.timer = timer
            self.first = first
        }
    }

    @usableFromInline var function: Function
    @usableFromInline let gap: Int64
    @usableFromInline var lateness: LatenessPolicy<Element>
    @usableFromInline let table: StateTable<Key, Sessions>
    @usableFromInline var timers: TimerQueue<KeyAndHash<Key>>
    @usableFromInline var watermark = Timestamp.min

    @inlinable
    init(
        _ function: Function, gap: Int64, _ settings: WindowSettings<Element>, _ context: OperatorContext
    ) throws {
        self.function = function
        self.gap = gap
        lateness = try LatenessPolicy(allowed: settings.allowedLateness, late: settings.late, context: context)
        table = try context.state.table("sessions", codec: Self.codec(function.accumulatorCodec))
        timers = TimerQueue(bucketWidth: Swift.max(gap / 16, 1))
    }

    /// How a key's sessions are saved.
    @usableFromInline
    static func codec(_ accumulators: StateCodec<Function.Accumulator>) -> StateCodec<Sessions> {
        let sessions = StateCodec<Session>(
            of: { [accumulators.schema] },
            encode: { session, encoder in
                try encoder.encode(session.start)
                try encoder.encode(session.end)
                try accumulators.encode(session.accumulator, into: &encoder)
                try encoder.encode(session.panes)
                try encoder.encode(session.hasFired)
            },
            decode: { written in
                let accumulators = accumulators.reading(written, 0)
                return { decoder in
                    let start: Timestamp = try decoder.decode()
                    let end: Timestamp = try decoder.decode()
                    var session = Session(start: start, end: end, accumulator: try accumulators.decode(&decoder))
                    session.panes = try decoder.decode()
                    session.hasFired = try decoder.decode()
                    return session
                }
            })
        let others = sessions.array
        return StateCodec<Sessions>(
            of: { [sessions.schema, others.schema] },
            encode: { value, encoder in
                try encoder.encode(value.timer)
                try sessions.encode(value.first, into: &encoder)
                try others.encode(value.others, into: &encoder)
            },
            decode: { written in
                let sessions = sessions.reading(written, 0)
                let others = others.reading(written, 1)
                return { decoder in
                    let timer: Timestamp = try decoder.decode()
                    var value = Sessions(timer: timer, first: try sessions.decode(&decoder))
                    value.others = try others.decode(&decoder)
                    return value
                }
            })
    }

    @inlinable
    mutating func restored(at watermark: Timestamp) throws {
        self.watermark = watermark.asWindowsWatermark
        table.forEachUnchanged { key, sessions in
            timers.add(KeyAndHash(key: key, hash: key.stableHash), at: sessions.timer)
        }
    }

    @inlinable
    mutating func process(_ input: KeyedBatch<Key, Element>, _ output: Collector<Output>) throws {
        let elements = input.records.elements
        let timestamps = input.records.timestamps
        let table = table
        let count = input.count
        let ahead = StateTable<Key, Sessions>.keysAhead
        table.prepare(input.keys, hashes: input.hashes, count: count, ahead: ahead)
        for i in 0..<count {
            if i & (ahead &- 1) == 0 {
                let next = i &+ ahead
                table.prefetch(hashes: input.hashes + next, count: Swift.min(ahead, count &- next))
            }
            let timestamp = timestamps[i].forWindows
            let key = input.keys[i]
            let hash = input.hashes[i]
            guard let sessions = table.find(key, hash: hash) else {
                try begin(elements[i], timestamp, key, hash, nil, output)
                continue
            }
            // The common case: the key's only session, which has not fired, grows.
            let end = timestamp &+ gap
            if sessions.pointee.others.isEmpty && !sessions.pointee.first.hasFired
                && timestamp < sessions.pointee.first.end && sessions.pointee.first.start < end
            {
                if timestamp < sessions.pointee.first.start { sessions.pointee.first.start = timestamp }
                if end > sessions.pointee.first.end { sessions.pointee.first.end = end }
                function.add(elements[i], at: timestamps[i], to: &sessions.pointee.first.accumulator)
            } else {
                try join(elements[i], timestamp, key, hash, sessions, output)
            }
        }
        try lateness.flush()
        try function.flush()
    }

    /// Begins a session for a record that joins none; unless it is late.
    @inlinable
    mutating func begin(
        _ element: Element, _ timestamp: Timestamp, _ key: Key, _ hash: UInt64,
        _ sessions: UnsafeMutablePointer<Sessions>?, _ output: Collector<Output>
    ) throws {
        let end = timestamp &+ gap
        if lateness.isClosed(end: end, at: watermark) {
            try lateness.dispose(element, at: timestamp)
            return
        }
        var session = Session(start: timestamp, end: end, accumulator: function.start(element, at: timestamp))
        if isPast(end) { try emit(&session, key, .late, output) }
        let due = due(session)
        if let sessions {
            sessions.pointee.others.append(session)
            if due >= sessions.pointee.timer { return }
            sessions.pointee.timer = due
        } else {
            _ = table.upsert(key, hash: hash, Sessions(timer: due, first: session))
        }
        timers.add(KeyAndHash(key: key, hash: hash), at: due)
    }

    /// Merges a record with every session that it overlaps.
    @inlinable
    mutating func join(
        _ element: Element, _ timestamp: Timestamp, _ key: Key, _ hash: UInt64,
        _ sessions: UnsafeMutablePointer<Sessions>, _ output: Collector<Output>
    ) throws {
        let end = timestamp &+ gap
        var all = [sessions.pointee.first] + sessions.pointee.others
        // Earlier sessions first, so that accumulators merge in order.
        all.sort { $0.start < $1.start }
        let apart = all.filter { timestamp >= $0.end || $0.start >= end }
        all.removeAll { timestamp >= $0.end || $0.start >= end }
        guard var session = all.first else {
            try begin(element, timestamp, key, hash, sessions, output)
            return
        }
        for other in all.dropFirst() {
            session.end = other.end
            session.panes = Swift.max(session.panes, other.panes)
            function.merge(other.accumulator, into: &session.accumulator)
        }
        session.start = Swift.min(session.start, timestamp)
        session.end = Swift.max(session.end, end)
        function.add(element, at: timestamp, to: &session.accumulator)
        session.hasFired = false
        if isPast(session.end) { try emit(&session, key, .late, output) }
        let due = due(session)
        sessions.pointee.first = session
        sessions.pointee.others = apart
        if due < sessions.pointee.timer {
            sessions.pointee.timer = due
            timers.add(KeyAndHash(key: key, hash: hash), at: due)
        }
    }

    /// Whether the watermark has passed the window's end.
    @inlinable
    func isPast(_ end: Timestamp) -> Bool { end.advanced(byMilliseconds: -1) <= watermark }

    /// When something is next to be done with a session: its firing, or after that its end.
    @inlinable
    func due(_ session: Session) -> Timestamp {
        isPast(session.end) ? lateness.closing(end: session.end) : session.end.advanced(byMilliseconds: -1)
    }

    @inlinable
    mutating func emit(_ session: inout Session, _ key: Key, _ kind: PaneKind, _ output: Collector<Output>) throws {
        let window = TimeWindow(start: session.start, end: session.end)
        let pane = PaneInfo(key: key, window: window, kind: kind, revision: session.panes, watermark: watermark)
        try function.emit(&session.accumulator, pane, output)
        session.panes += 1
        session.hasFired = true
    }

    @inlinable
    mutating func advance(to watermark: Timestamp, _ output: Collector<Output>) throws {
        let watermark = watermark.asWindowsWatermark
        self.watermark = watermark
        while let timer = timers.popFirst(through: watermark) {
            let key = timer.payload.key
            let hash = timer.payload.hash
            guard let sessions = table.find(key, hash: hash), sessions.pointee.timer == timer.time else { continue }
            if sessions.pointee.others.isEmpty {
                try fireIfDue(&sessions.pointee.first, key, output)
                if lateness.isClosed(end: sessions.pointee.first.end, at: watermark) {
                    table.remove(key, hash: hash)
                    continue
                }
                setTimer(due(sessions.pointee.first), timer.payload, sessions)
                continue
            }
            var left: [Session] = []
            var next = Timestamp.max
            for var session in ([sessions.pointee.first] + sessions.pointee.others).sorted(by: { $0.end < $1.end }) {
                try fireIfDue(&session, key, output)
                if lateness.isClosed(end: session.end, at: watermark) { continue }
                next = Swift.min(next, due(session))
                left.append(session)
            }
            guard let first = left.first else {
                table.remove(key, hash: hash)
                continue
            }
            sessions.pointee.first = first
            sessions.pointee.others = Array(left.dropFirst())
            setTimer(next, timer.payload, sessions)
        }
        try function.flush()
    }

    @inlinable
    mutating func setTimer(_ time: Timestamp, _ payload: KeyAndHash<Key>, _ sessions: UnsafeMutablePointer<Sessions>) {
        sessions.pointee.timer = time
        timers.add(payload, at: time)
    }

    /// Emits a session's pane when the watermark has passed its end and it has had none for that end.
    @inlinable
    mutating func fireIfDue(_ session: inout Session, _ key: Key, _ output: Collector<Output>) throws {
        if !session.hasFired && isPast(session.end) { try emit(&session, key, .onTime, output) }
    }
}
