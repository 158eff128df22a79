public import StateBackend
public import StreamCore

/// Drives a processor: selects keys, keeps timers, collects outputs.
@usableFromInline
final class KeyedProcessRunner<Processor: KeyedProcessor> {
    /// A timer that is set.
    @usableFromInline
    struct SetTimer {
        @usableFromInline let id: Processor.TimerID
        @usableFromInline var time: Timestamp

        @inlinable
        init(id: Processor.TimerID, time: Timestamp) {
            self.id = id
            self.time = time
        }
    }

    @usableFromInline
    struct DueTimer {
        @usableFromInline let key: Processor.Key
        @usableFromInline let id: Processor.TimerID

        @inlinable
        init(key: Processor.Key, id: Processor.TimerID) {
            self.key = key
            self.id = id
        }
    }

    @usableFromInline @exclusivity(unchecked) var processor: Processor
    @usableFromInline let store: KeyedStateStore<Processor.Key>
    @usableFromInline let output: Collector<Processor.Output>
    @usableFromInline let context: OperatorContext
    @usableFromInline @exclusivity(unchecked) var watermark = Timestamp.min
    /// The timers of each key; an entry of the queue that differs is out of date.
    @usableFromInline let timers = StateTable<Processor.Key, [SetTimer]>()
    @usableFromInline @exclusivity(unchecked) var queue = TimerQueue<DueTimer>()
    /// The timer whose callback is running.
    @usableFromInline @exclusivity(unchecked) var firing: TimerQueue<DueTimer>.Entry?
    /// Timers that callbacks set for the past, due at the next advance.
    @usableFromInline var postponed: [(Timestamp, DueTimer)] = []
    @usableFromInline var sideOutputs: [String: (collector: AnyObject, flush: () throws -> Void)] = [:]

    @inlinable
    init(
        processor: Processor, store: KeyedStateStore<Processor.Key>, output: Collector<Processor.Output>,
        context: OperatorContext
    ) {
        self.processor = processor
        self.store = store
        self.output = output
        self.context = context
    }

    @inlinable
    func process(_ batch: KeyedBatch<Processor.Key, Processor.Input>) throws {
        let records = batch.records
        for i in 0..<batch.count {
            let key = batch.keys[i]
            store.select(key, hash: batch.hashes[i])
            try processor.process(
                records.elements[i], ProcessContext(runner: self, key: key, timestamp: records.timestamps[i]))
        }
    }

    /// Fires the timers that are due, in the order of their times.
    ///
    /// Those that callbacks set for a later time up to the watermark fire as well. One set for no later than the timer
    /// whose callback it is waits for the next advance, and at the end of the input a timer doesn't set itself again:
    /// else the advance would never end.
    @inlinable
    func advance(to watermark: Timestamp) throws {
        self.watermark = watermark
        while let entry = queue.popFirst(through: watermark) {
            let key = entry.payload.key
            let hash = key.stableHash
            guard take(entry.payload.id, at: entry.time, key, hash) else { continue }
            store.select(key, hash: hash)
            firing = entry
            try processor.onTimer(
                entry.payload.id, at: entry.time, ProcessContext(runner: self, key: key, timestamp: entry.time))
        }
        firing = nil
        for (time, timer) in postponed { queue.add(timer, at: time) }
        postponed.removeAll()
    }

    /// Removes a timer that is set for just this time; whether it was.
    @inlinable
    func take(_ id: Processor.TimerID, at time: Timestamp, _ key: Processor.Key, _ hash: UInt64) -> Bool {
        guard let set = timers.find(key, hash: hash),
            let index = set.pointee.firstIndex(where: { $0.id == id && $0.time == time })
        else { return false }
        set.pointee.remove(at: index)
        if set.pointee.isEmpty { timers.remove(key, hash: hash) }
        return true
    }

    @inlinable
    func setTimer(_ id: Processor.TimerID, at time: Timestamp, key: Processor.Key) {
        if let firing, watermark == .max, firing.payload.id == id { return }
        let set = timers.upsert(key, hash: store.selectedHash, [])
        if let index = set.pointee.firstIndex(where: { $0.id == id }) {
            if set.pointee[index].time == time { return }
            set.pointee[index].time = time
        } else {
            set.pointee.append(SetTimer(id: id, time: time))
        }
        if let firing, time <= firing.time {
            postponed.append((time, DueTimer(key: key, id: id)))
        } else {
            queue.add(DueTimer(key: key, id: id), at: time)
        }
    }

    @inlinable
    func cancelTimer(_ id: Processor.TimerID, key: Processor.Key) {
        let hash = store.selectedHash
        guard let set = timers.find(key, hash: hash) else { return }
        set.pointee.removeAll { $0.id == id }
        if set.pointee.isEmpty { timers.remove(key, hash: hash) }
    }

    /// The collector of a side output, made when it is used first; nil when nobody reads it.
    @inlinable
    func sideOutput<Side: Sendable>(_ tag: SideOutput<Side>) throws -> Collector<Side>? {
        // One of another type under the same name is refused by the context.
        if let known = sideOutputs[tag.name]?.collector as? Collector<Side> { return known }
        guard let collector = try context.collector(for: tag) else { return nil }
        sideOutputs[tag.name] = (collector, { try collector.flush() })
        return collector
    }

    @inlinable
    func flush() throws {
        try output.flush()
        for side in sideOutputs.values { try side.flush() }
    }
}
