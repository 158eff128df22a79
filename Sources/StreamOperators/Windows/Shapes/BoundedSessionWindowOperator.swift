public import StateBackend
public import StreamCore

/// Sessions of a maximum length: records wait in the order of their times until the watermark has reached them.
@usableFromInline
struct BoundedSessionWindowOperator<Function: WindowFunction>: StreamOperator {
    @usableFromInline typealias Key = Function.Key
    @usableFromInline typealias Input = KeyedBatch<Key, Function.Input>
    @usableFromInline typealias Output = Function.Output

    /// A record that the watermark has not reached.
    @usableFromInline
    struct Waiting {
        @usableFromInline var window: TimeWindow
        @usableFromInline var accumulator: Function.Accumulator

        @inlinable
        init(window: TimeWindow, accumulator: Function.Accumulator) {
            self.window = window
            self.accumulator = accumulator
        }
    }

    @usableFromInline
    struct Session {
        @usableFromInline var window: TimeWindow
        /// Nil when a discarding pane has taken the records along.
        @usableFromInline var accumulator: Function.Accumulator?
        @usableFromInline var panes: Int32 = 0
        @usableFromInline var hasFired = false

        @inlinable
        init(window: TimeWindow, accumulator: Function.Accumulator? = nil, panes: Int32 = 0, hasFired: Bool = false) {
            self.window = window
            self.accumulator = accumulator
            self.panes = panes
            self.hasFired = hasFired
        }
    }

    @usableFromInline
    struct Sessions {
        /// When the key is looked at next; entries of the queue with another time are out of date.
        @usableFromInline var timer = Timestamp.max
        /// Ascending by time; of equal ones in the order of arrival.
        @usableFromInline var waiting: [Waiting] = []
        /// Ascending by start; they don't overlap.
        @usableFromInline var sessions: [Session] = []

        @inlinable
        init() {}
    }

    @usableFromInline var function: Function
    @usableFromInline let windows: BoundedSessionWindows<Function.Input>
    @usableFromInline let maximum: Int64
    @usableFromInline let isDiscarding: Bool
    @usableFromInline var lateness: LatenessPolicy<Function.Input>
    @usableFromInline let table: StateTable<Key, Sessions>
    @usableFromInline var timers = TimerQueue<Key>()
    @usableFromInline var watermark = Timestamp.min

    @inlinable
    init(
        _ function: Function, _ windows: BoundedSessionWindows<Function.Input>, maximum: Int64,
        _ settings: WindowSettings<Function.Input>, _ context: OperatorContext
    ) throws {
        self.function = function
        self.windows = windows
        self.maximum = maximum
        isDiscarding = settings.accumulation == .discarding
        lateness = try LatenessPolicy(allowed: settings.allowedLateness, late: settings.late, context: context)
        table = try context.state.table("sessions", codec: Self.codec(function.accumulatorCodec))
    }

    @inlinable
    mutating func process(_ input: KeyedBatch<Key, Function.Input>, _ output: Collector<Output>) throws {
        for i in 0..<input.count {
            let element = input.records.elements[i]
            let time = input.records.timestamps[i].forWindows
            var window = TimeWindow(start: time, end: time)
            try windows.assign(element, at: time) { window = $0 }
            let key = input.keys[i]
            let hash = input.hashes[i]
            guard time <= watermark else {
                let sessions = table.upsert(key, hash: hash, Sessions())
                settle(&sessions.pointee)
                var place = sessions.pointee.waiting.count
                while place > 0 && sessions.pointee.waiting[place - 1].window.start > time { place -= 1 }
                let waiting = Waiting(window: window, accumulator: function.start(element, at: time))
                sessions.pointee.waiting.insert(waiting, at: place)
                setTimer(&sessions.pointee, key)
                continue
            }
            if try !takesLate(element, time, window, key, hash, output) {
                try lateness.dispose(element, at: input.records.timestamps[i])
            }
        }
        try lateness.flush()
        try function.flush()
    }

    /// Takes in a record that the watermark has passed, if it joins a session that is held or its own isn't closed.
    ///
    /// The session that holds its time takes it, and grows within its maximum length; else it begins one of its own.
    /// Sessions that this one runs into join it if all of them fit into the maximum length, else it ends where they
    /// begin.
    @inlinable
    mutating func takesLate(
        _ element: Function.Input, _ time: Timestamp, _ window: TimeWindow, _ key: Key, _ hash: UInt64,
        _ output: Collector<Output>
    ) throws -> Bool {
        let held = table.find(key, hash: hash)
        if let held { settle(&held.pointee) }
        let sessions = held?.pointee.sessions ?? []
        let first = sessions.firstIndex { time < $0.window.end } ?? sessions.count
        var bounds = window
        var next = first
        if first < sessions.count, sessions[first].window.start <= time {
            let joined = sessions[first].window
            bounds = TimeWindow(
                start: joined.start, end: max(joined.end, min(window.end, joined.start &+ maximum)))
            next += 1
        }
        while next < sessions.count, sessions[next].window.start < bounds.end {
            guard sessions[next].window.end &- bounds.start <= maximum else {
                bounds.end = sessions[next].window.start
                break
            }
            bounds.end = max(bounds.end, sessions[next].window.end)
            next += 1
        }
        if first == next && lateness.isClosed(end: bounds.end, at: watermark) { return false }
        var session = Session(window: bounds)
        for joined in sessions[first..<next] {
            session.panes = max(session.panes, joined.panes)
            if let accumulator = joined.accumulator { add(accumulator, to: &session) }
        }
        if session.accumulator == nil {
            session.accumulator = function.start(element, at: time)
        } else if var sum = session.accumulator.take() {
            function.add(element, at: time, to: &sum)
            session.accumulator = sum
        }
        if bounds.maxTimestamp <= watermark { try emit(&session, .late, key, output) }
        let entry = table.upsert(key, hash: hash, Sessions())
        entry.pointee.sessions.replaceSubrange(first..<next, with: CollectionOfOne(session))
        setTimer(&entry.pointee, key)
        return true
    }

    @inlinable
    func add(_ accumulator: Function.Accumulator, to session: inout Session) {
        guard var sum = session.accumulator.take() else {
            session.accumulator = accumulator
            return
        }
        function.merge(accumulator, into: &sum)
        session.accumulator = sum
    }

    /// Moves the records that the watermark has reached into sessions, in the order of their times.
    @inlinable
    func settle(_ sessions: inout Sessions) {
        var done = 0
        for waiting in sessions.waiting {
            guard waiting.window.start <= watermark else { break }
            done += 1
            let time = waiting.window.start
            if let index = sessions.sessions.lastIndex(where: { $0.window.start <= time && time < $0.window.end }) {
                let start = sessions.sessions[index].window.start
                let end = min(waiting.window.end, start &+ maximum)
                sessions.sessions[index].window.end = max(sessions.sessions[index].window.end, end)
                add(waiting.accumulator, to: &sessions.sessions[index])
            } else {
                let place = sessions.sessions.firstIndex { $0.window.start > time } ?? sessions.sessions.count
                sessions.sessions.insert(
                    Session(window: waiting.window, accumulator: waiting.accumulator), at: place)
            }
        }
        sessions.waiting.removeFirst(done)
    }

    @inlinable
    mutating func emit(
        _ session: inout Session, _ kind: PaneKind, _ key: Key, _ output: Collector<Output>
    ) throws {
        let pane = PaneInfo(
            key: key, window: session.window, kind: kind, revision: session.panes, watermark: watermark)
        session.hasFired = true
        guard var contents = session.accumulator.take() else { return }
        try function.emit(&contents, pane, output)
        if !isDiscarding { session.accumulator = contents }
        session.panes += 1
    }

    @inlinable
    mutating func setTimer(_ sessions: inout Sessions, _ key: Key) {
        // A record that waits has nothing to do before its own window ends: until then it may as well wait.
        var next = sessions.waiting.first?.window.maxTimestamp ?? .max
        for session in sessions.sessions {
            let due = session.hasFired ? lateness.closing(end: session.window.end) : session.window.maxTimestamp
            next = min(next, due)
        }
        guard next < sessions.timer else { return }
        sessions.timer = next
        timers.add(key, at: next)
    }

    @inlinable
    mutating func advance(to watermark: Timestamp, _ output: Collector<Output>) throws {
        let watermark = watermark.asWindowsWatermark
        self.watermark = watermark
        while let timer = timers.popFirst(through: watermark) {
            let key = timer.payload
            let hash = key.stableHash
            guard let sessions = table.find(key, hash: hash), sessions.pointee.timer == timer.time else { continue }
            settle(&sessions.pointee)
            for index in sessions.pointee.sessions.indices {
                var session = sessions.pointee.sessions[index]
                guard !session.hasFired, session.window.maxTimestamp <= watermark else { continue }
                try emit(&session, .onTime, key, output)
                sessions.pointee.sessions[index] = session
            }
            sessions.pointee.sessions.removeAll { lateness.isClosed(end: $0.window.end, at: watermark) }
            if sessions.pointee.sessions.isEmpty && sessions.pointee.waiting.isEmpty {
                table.remove(key, hash: hash)
            } else {
                sessions.pointee.timer = .max
                setTimer(&sessions.pointee, key)
            }
        }
        try function.flush()
    }

    @inlinable
    mutating func restored(at watermark: Timestamp) throws {
        self.watermark = watermark.asWindowsWatermark
        table.forEachUnchanged { key, sessions in timers.add(key, at: sessions.timer) }
    }

    /// How a key's records and sessions are saved.
    @inlinable
    static func codec(_ accumulators: StateCodec<Function.Accumulator>) -> StateCodec<Sessions> {
        let waiting = StateCodec<Waiting>(
            of: { [accumulators.schema] },
            encode: { value, encoder in
                try encoder.encode(value.window.start)
                try encoder.encode(value.window.end)
                try accumulators.encode(value.accumulator, into: &encoder)
            },
            decode: { written in
                let accumulators = accumulators.reading(written, 0)
                return { decoder in
                    let window = TimeWindow(start: try decoder.decode(), end: try decoder.decode())
                    return Waiting(window: window, accumulator: try accumulators.decode(&decoder))
                }
            }
        ).array
        let optional = accumulators.optional
        let sessions = StateCodec<Session>(
            of: { [optional.schema] },
            encode: { value, encoder in
                try encoder.encode(value.window.start)
                try encoder.encode(value.window.end)
                try optional.encode(value.accumulator, into: &encoder)
                try encoder.encode(value.panes)
                try encoder.encode(value.hasFired)
            },
            decode: { written in
                let optional = optional.reading(written, 0)
                return { decoder in
                    let window = TimeWindow(start: try decoder.decode(), end: try decoder.decode())
                    var value = Session(window: window, accumulator: try optional.decode(&decoder))
                    value.panes = try decoder.decode()
                    value.hasFired = try decoder.decode()
                    return value
                }
            }
        ).array
        return StateCodec<Sessions>(
            of: { [waiting.schema, sessions.schema] },
            encode: { value, encoder in
                try encoder.encode(value.timer)
                try waiting.encode(value.waiting, into: &encoder)
                try sessions.encode(value.sessions, into: &encoder)
            },
            decode: { written in
                let waiting = waiting.reading(written, 0)
                let sessions = sessions.reading(written, 1)
                return { decoder in
                    var value = Sessions()
                    value.timer = try decoder.decode()
                    value.waiting = try waiting.decode(&decoder)
                    value.sessions = try sessions.decode(&decoder)
                    return value
                }
            })
    }
}
