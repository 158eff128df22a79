internal import CBenchmark
internal import Workloads

/// Sessions per key: the open one in the key's slot, a lazy timer for each, and a short list of events whose session
/// isn't known yet.
///
/// An event at least a gap behind the end of the open session starts a new one only if nothing can bridge the two any
/// more, that is when the watermark has closed the old session. Until then, at most the bound on disorder, it waits.
struct SessionLoop<Workload: SessionWorkload>: ~Copyable {
    private static var gap: Int64 { 10_000 }
    /// Granularity of timers in ms, and how many of them the wheel holds: more than a gap and a batch.
    private static var tick: Int64 { 64 }
    private static var wheelSize: Int { 512 }

    private let table: SlotTable<Session>
    /// For each tick, the slots whose session can't be complete before it; a slot with an open session is in once.
    private var wheel = [[Int]](repeating: [], count: Self.wheelSize)
    /// The first tick that hasn't fired.
    private var nextTick = EventClock.origin / Self.tick
    private var watermark = Int64.min
    private var waiting: [(key: Int64, ts: Int64)] = []
    private var digest = Digest()

    static func run(_ parameters: RunParameters, _ meter: Meter) throws -> Digest {
        var loop = SessionLoop(table: try SlotTable<Session>(keys: Workload.keys(parameters)))
        return loop.run(parameters, meter)
    }

    private init(table: consuming SlotTable<Session>) { self.table = table }

    private mutating func run(_ parameters: RunParameters, _ meter: Meter) -> Digest {
        var source = BatchSource(Workload.generator(parameters), parameters, meter)
        while true {
            let count = source.next()
            if count == 0 { break }
            advance(to: source.progress &- 1)
            let records = source.records
            let ahead = BatchSource<Workload.Generator>.ahead
            for i in 0..<ahead { table.prefetch(Workload.key(records[i]) ?? 0) }
            for i in 0..<count {
                table.prefetch(Workload.key(records[i &+ ahead]) ?? 0)
                guard let key = Workload.key(records[i]) else { continue }
                let ts = Workload.time(records[i])
                let slot = table.find(key)
                if ts < slot.pointee.last &+ Self.gap {
                    if ts < slot.pointee.first { slot.pointee.first = ts }
                    if ts > slot.pointee.last { slot.pointee.last = ts }
                    slot.pointee.count &+= 1
                } else {
                    open(slot, key, ts)
                }
            }
        }
        finish()
        meter.finished()
        return digest
    }

    /// An event that doesn't belong to the session in its slot.
    @inline(never)
    private mutating func open(_ slot: UnsafeMutablePointer<Session>, _ key: Int64, _ ts: Int64) {
        let isOpen = slot.pointee.count != 0
        if isOpen {
            guard slot.pointee.last &+ Self.gap &- 1 <= watermark else {
                waiting.append((key, ts))
                return
            }
            emit(slot)
        }
        slot.pointee = Session(key: key, first: ts, last: ts, count: 1)
        if !isOpen { schedule(slot) }
    }

    private mutating func advance(to watermark: Int64) {
        self.watermark = watermark
        while (nextTick &+ 1) &* Self.tick &- 1 <= watermark {
            let at = Int(truncatingIfNeeded: nextTick) & (Self.wheelSize &- 1)
            var due: [Int] = []
            swap(&due, &wheel[at])
            nextTick &+= 1
            for index in due { bench_prefetch_write(table.slots + index) }
            for index in due {
                let slot = table.slots + index
                if slot.pointee.last &+ Self.gap &- 1 <= watermark {
                    emit(slot)
                    slot.pointee.count = 0
                } else {
                    schedule(slot)
                }
            }
            due.removeAll(keepingCapacity: true)
            if wheel[at].isEmpty { swap(&due, &wheel[at]) }
        }
        if waiting.isEmpty { return }
        var events: [(key: Int64, ts: Int64)] = []
        swap(&events, &waiting)
        for (key, ts) in events { add(key, ts) }
    }

    /// The way of a single event.
    private mutating func add(_ key: Int64, _ ts: Int64) {
        let slot = table.find(key)
        if ts < slot.pointee.last &+ Self.gap {
            slot.pointee.first = min(slot.pointee.first, ts)
            slot.pointee.last = max(slot.pointee.last, ts)
            slot.pointee.count &+= 1
        } else {
            open(slot, key, ts)
        }
    }

    private mutating func schedule(_ slot: UnsafeMutablePointer<Session>) {
        let tick = (slot.pointee.last &+ Self.gap &- 1) / Self.tick
        wheel[Int(truncatingIfNeeded: tick) & (Self.wheelSize &- 1)].append(slot - table.slots)
    }

    @inline(__always)
    private mutating func emit(_ slot: UnsafeMutablePointer<Session>) {
        Workload.add(slot.pointee, to: &digest)
    }

    /// The watermark at the end of the input closes everything.
    private mutating func finish() {
        watermark = .max
        for (key, ts) in waiting { add(key, ts) }
        waiting = []
        for i in 0..<table.capacity where table.slots[i].count != 0 { emit(table.slots + i) }
    }
}
