public import StateBackend
public import StreamCore

extension KeyedStream {
    /// Looks for a pattern in the events of each key, in the order of their times.
    ///
    /// Events wait until the watermark reaches their time; those of equal time are taken as they arrived. A match comes
    /// with the time of the event that completes it, and one that is complete only at its deadline (the pattern ends
    /// with `notFollowedBy`) with that of the deadline. A record at or behind the watermark is late: what comes after it
    /// may have been decided already.
    /// - Parameters:
    ///   - name: the step's name, unique in the pipeline; it identifies the step's state.
    ///   - pattern: the pattern. A problem of it rejects the step.
    ///   - late: what becomes of late records. By default they are dropped and counted.
    ///   - timedOut: a side output of the step for partial matches that reach their deadline, with its time; by default
    ///     they are dropped.
    ///   - onError: what becomes of an event for which a condition throws. By default the job fails; else the key's
    ///     partial matches are as if it had not come.
    @inlinable
    public func match(
        _ name: String, _ pattern: Pattern<Element>, late: LateRecords<Element> = .drop,
        timedOut: SideOutput<PatternMatch<Element>>? = nil, onError: ErrorPolicy = .fail
    ) -> DataStream<PatternMatch<Element>> {
        for problem in pattern.problems { builder.reject(name, problem) }
        return transform(name, needsEventTime: true) { context in
            PatternMatchOperator<Key, Element>(
                pattern, lateness: try LatenessPolicy(allowed: 0, late: late, context: context),
                timedOut: try timedOut.flatMap { try context.collector(for: $0) },
                errors: try context.errors(onError, for: Element.self),
                table: try context.state.table("partial matches", codec: PatternState.codec(for: pattern)))
        }
    }
}

/// Events that wait for the watermark, and partial matches, per key.
///
/// Each key has one lazy timer, set for its first waiting event or deadline, whichever comes first.
@frozen
@usableFromInline
struct PatternMatchOperator<Key: StreamKey, Element: Sendable>: StreamOperator {
    @usableFromInline typealias Input = KeyedBatch<Key, Element>
    @usableFromInline typealias Output = PatternMatch<Element>

    @usableFromInline var matcher: PatternMatcher<Element>
    @usableFromInline var lateness: LatenessPolicy<Element>
    @usableFromInline let timedOut: Collector<PatternMatch<Element>>?
    @usableFromInline let errors: ErrorHandler<Element>
    @usableFromInline let table: StateTable<Key, PatternState<Element>>
    @usableFromInline var timers = TimerQueue<KeyAndHash<Key>>()
    @usableFromInline var watermark = Timestamp.min
    @usableFromInline var actions: [PatternAction<Element>] = []

    @inlinable
    init(
        _ pattern: Pattern<Element>, lateness: LatenessPolicy<Element>,
        timedOut: Collector<PatternMatch<Element>>?, errors: ErrorHandler<Element>,
        table: StateTable<Key, PatternState<Element>>
    ) {
        matcher = PatternMatcher(pattern)
        self.lateness = lateness
        self.timedOut = timedOut
        self.errors = errors
        self.table = table
    }

    @inlinable
    mutating func process(_ input: KeyedBatch<Key, Element>, _ output: Collector<Output>) throws {
        let records = input.records
        table.prepare(input.keys, hashes: input.hashes, count: input.count)
        for i in 0..<input.count {
            let timestamp = records.timestamps[i]
            if timestamp <= watermark && watermark != .min {
                try lateness.dispose(records.elements[i], at: timestamp)
                continue
            }
            let state = table.upsert(input.keys[i], hash: input.hashes[i], PatternState())
            state.pointee.wait(records.elements[i], at: timestamp)
            if timestamp < state.pointee.timer {
                setTimer(timestamp, KeyAndHash(key: input.keys[i], hash: input.hashes[i]), state)
            }
        }
        try lateness.flush()
    }

    @inlinable
    mutating func advance(to watermark: Timestamp, _ output: Collector<Output>) throws {
        self.watermark = watermark
        while let timer = timers.popFirst(through: watermark) {
            guard let state = table.find(timer.payload.key, hash: timer.payload.hash),
                state.pointee.timer == timer.time
            else { continue }
            try matcher.drain(through: watermark, &state.pointee, &actions, errors)
            try act(output)
            if state.pointee.isEmpty {
                table.remove(timer.payload.key, hash: timer.payload.hash)
            } else {
                setTimer(due(state.pointee), timer.payload, state)
            }
        }
        if watermark == .max { try end(output) }
        try timedOut?.flush()
    }

    /// Sets the keys' timers again.
    @inlinable
    mutating func restored(at watermark: Timestamp) throws {
        self.watermark = watermark
        table.forEachUnchanged { key, state in
            if state.timer < .max { timers.add(KeyAndHash(key: key, hash: key.stableHash), at: state.timer) }
        }
    }

    /// At the end of the input, decides for the keys that have neither event nor deadline before it.
    @inlinable
    mutating func end(_ output: Collector<Output>) throws {
        var matcher = matcher
        var actions: [PatternAction<Element>] = []
        try table.forEach { _, state in try matcher.drain(through: .max, &state, &actions, errors) }
        table.removeAll()
        self.actions = actions
        try act(output)
    }

    @inlinable
    mutating func act(_ output: Collector<Output>) throws {
        guard !actions.isEmpty else { return }
        for action in actions {
            switch action {
            case .match(let match, let time): try output.emit(match, at: time)
            case .timedOut(let match, let time): try timedOut?.emit(match, at: time)
            }
        }
        actions.removeAll(keepingCapacity: true)
    }

    /// When something is next to be done for a key: its first event, or the first deadline; `Timestamp.max` for neither.
    @inlinable
    func due(_ state: PatternState<Element>) -> Timestamp {
        Swift.min(state.waiting.first?.time ?? .max, matcher.nextDeadline(state) ?? .max)
    }

    /// Sets a key's timer; there is none for the end of the input, when all keys are looked at.
    @inlinable
    mutating func setTimer(
        _ time: Timestamp, _ payload: KeyAndHash<Key>, _ state: UnsafeMutablePointer<PatternState<Element>>
    ) {
        state.pointee.timer = time
        if time < .max { timers.add(payload, at: time) }
    }
}
