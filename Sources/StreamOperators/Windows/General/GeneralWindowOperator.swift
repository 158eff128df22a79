public import StateBackend
public import StreamCore

/// Windows of any shape with any trigger and function: a small list of open windows per key.
///
/// What happens to a record, a time or a merge is as in Flink's WindowOperator: the shape says which windows a record
/// belongs to, the trigger when each is emitted and whether its records are forgotten then. A window is dropped when the
/// watermark has passed its end by the allowed lateness. Each key has one entry per notion of time in a queue, for the
/// earliest moment at which one of its windows has something to do.
@usableFromInline
struct GeneralWindowOperator<Key: StreamKey, Windows: Windowing, Function: WindowFunction, Firing: Trigger>:
    StreamOperator
where Function.Key == Key, Function.Input == Windows.Element, Firing.Element == Windows.Element {
    @usableFromInline typealias Input = KeyedBatch<Key, Windows.Element>
    @usableFromInline typealias Output = Function.Output
    @usableFromInline typealias Open = OpenWindows<Function.Accumulator, Firing>
    @usableFromInline typealias Element = Windows.Element

    @usableFromInline let windowing: Windows
    @usableFromInline var function: Function
    @usableFromInline let trigger: Firing
    @usableFromInline let isDiscarding: Bool
    @usableFromInline var lateness: LatenessPolicy<Element>
    @usableFromInline let table: StateTable<Key, Open>
    @usableFromInline let clock: ProcessingTime
    @usableFromInline var eventQueue = TimerQueue<Key>()
    @usableFromInline var processingQueue = TimerQueue<Key>()
    @usableFromInline var watermark = Timestamp.min
    @usableFromInline var assigned: [TimeWindow] = []

    @inlinable
    init(
        _ windowing: Windows, _ function: Function, _ trigger: Firing, _ settings: WindowSettings<Element>,
        _ context: OperatorContext
    ) throws {
        self.windowing = windowing
        self.function = function
        self.trigger = trigger
        isDiscarding = settings.accumulation == .discarding
        lateness = try LatenessPolicy(allowed: settings.allowedLateness, late: settings.late, context: context)
        clock = context.processingTime
        table = try context.state.table(
            "windows", codec: Open.codec(Open.Window.codec(function.accumulatorCodec, trigger.stateCodec)))
    }

    @inlinable
    mutating func process(_ input: KeyedBatch<Key, Element>, _ output: Collector<Output>) throws {
        for i in 0..<input.count {
            try add(
                input.records.elements[i], at: input.records.timestamps[i], input.keys[i], input.hashes[i], output)
        }
        try flush()
    }

    /// Passes on late records and side outputs.
    @inlinable
    mutating func flush() throws {
        try lateness.flush()
        try function.flush()
    }

    /// Takes in one record.
    @inlinable
    mutating func add(
        _ element: Element, at timestamp: Timestamp, _ key: Key, _ hash: UInt64, _ output: Collector<Output>
    ) throws {
        if try !takes(element, at: timestamp, key, hash, output) { try lateness.dispose(element, at: timestamp) }
    }

    /// Takes in one record, unless it is late; whether it was taken.
    @inlinable
    mutating func takes(
        _ element: Element, at timestamp: Timestamp, _ key: Key, _ hash: UInt64, _ output: Collector<Output>
    ) throws -> Bool {
        assigned.removeAll(keepingCapacity: true)
        let time = timestamp.forWindows
        try windowing.assign(element, at: time) { assigned.append($0) }
        // A record in a gap between windows is in none, but not late.
        guard !assigned.isEmpty else { return true }
        if windowing.merges {
            var isTaken = false
            for window in assigned where try merge(element, time, window, key, hash, output) { isTaken = true }
            return isTaken
        }
        guard assigned.contains(where: { !lateness.isClosed(end: $0.end, at: watermark) }) else { return false }
        let open = table.upsert(key, hash: hash, Open())
        for window in assigned where !lateness.isClosed(end: window.end, at: watermark) {
            let index = open.pointee.index(of: window, trigger)
            try add(element, time, to: &open.pointee.windows[index], key, output)
        }
        queue(&open.pointee, key)
        return true
    }

    /// Takes in a record of a shape whose windows merge.
    @inlinable
    mutating func merge(
        _ element: Element, _ time: Timestamp, _ window: TimeWindow, _ key: Key, _ hash: UInt64,
        _ output: Collector<Output>
    ) throws -> Bool {
        let held = table.find(key, hash: hash)
        let touched = held.map { open in
            open.pointee.windows.indices.filter { index in
                let other = open.pointee.windows[index].window
                return other.start < window.end && window.start < other.end
            }
        }
        guard let open = held, let touched, let first = touched.first else {
            if lateness.isClosed(end: window.end, at: watermark) { return false }
            let open = table.upsert(key, hash: hash, Open())
            let index = open.pointee.index(of: window, trigger)
            try add(element, time, to: &open.pointee.windows[index], key, output)
            queue(&open.pointee, key)
            return true
        }
        var whole = open.pointee.windows[first]
        var context = TriggerContext(watermark: watermark, clock: clock)
        var hull = whole.window
        for index in touched {
            hull.start = min(hull.start, open.pointee.windows[index].window.start)
            hull.end = max(hull.end, open.pointee.windows[index].window.end)
        }
        hull = TimeWindow(start: min(hull.start, window.start), end: max(hull.end, window.end))
        if hull != whole.window || touched.count > 1 {
            // The trigger asks anew for its times, for the window as it is now.
            trigger.onMerge(trigger.makeState(), into: hull, &whole.trigger, &context)
            whole.wasOnTime = whole.wasOnTime && hull.end == whole.window.end
            whole.lastEarly = nil
            for index in touched.dropFirst() {
                let other = open.pointee.windows[index]
                if let more = other.accumulator {
                    if var sum = whole.accumulator {
                        function.merge(more, into: &sum)
                        whole.accumulator = sum
                    } else {
                        whole.accumulator = more
                    }
                }
                whole.panes = max(whole.panes, other.panes)
                whole.isDirty = whole.isDirty || other.isDirty
                trigger.onMerge(other.trigger, into: hull, &whole.trigger, &context)
            }
            whole.window = hull
            whole.eventTimes = context.eventTimes
            whole.processingTimes = context.processingTimes
        }
        for index in touched.reversed() { open.pointee.windows.remove(at: index) }
        try add(element, time, to: &whole, key, output)
        var place = open.pointee.windows.count
        while place > 0 && open.pointee.windows[place - 1].window.start > hull.start { place -= 1 }
        open.pointee.windows.insert(whole, at: place)
        queue(&open.pointee, key)
        return true
    }

    /// Adds a record to a window and asks the trigger.
    @inlinable
    mutating func add(
        _ element: Element, _ time: Timestamp, to open: inout Open.Window, _ key: Key, _ output: Collector<Output>
    ) throws {
        if open.accumulator == nil {
            open.accumulator = function.start(element, at: time)
        } else if var sum = open.accumulator.take() {
            function.add(element, at: time, to: &sum)
            open.accumulator = sum
        }
        open.isDirty = true
        let kind: PaneKind = open.window.maxTimestamp <= watermark ? .late : .early
        try ask(&open, key, kind, output) { trigger, window, state, context in
            trigger.onElement(element, at: time, in: window, &state, &context)
        }
    }

    /// Calls the trigger and does what it wants.
    @inlinable
    mutating func ask(
        _ open: inout Open.Window, _ key: Key, _ kind: PaneKind, _ output: Collector<Output>,
        _ call: (Firing, TimeWindow, inout Firing.State, inout TriggerContext) -> TriggerResult
    ) throws {
        var context = TriggerContext(watermark: watermark, clock: clock)
        swap(&context.eventTimes, &open.eventTimes)
        swap(&context.processingTimes, &open.processingTimes)
        var state = open.trigger
        let result = call(trigger, open.window, &state, &context)
        open.trigger = state
        swap(&context.eventTimes, &open.eventTimes)
        swap(&context.processingTimes, &open.processingTimes)
        switch result {
        case .goOn: return
        case .fire: try fire(&open, key, kind, output)
        case .purge: purge(&open)
        case .fireAndPurge:
            try fire(&open, key, kind, output)
            purge(&open)
        }
    }

    @inlinable
    func purge(_ open: inout Open.Window) {
        open.accumulator = nil
        open.lastEarly = nil
        open.isDirty = false
    }

    /// Emits a window's pane, unless it would say nothing new.
    @inlinable
    mutating func fire(
        _ open: inout Open.Window, _ key: Key, _ kind: PaneKind, _ output: Collector<Output>
    ) throws {
        guard var contents = open.accumulator else { return }
        if kind != .onTime {
            guard open.isDirty else { return }
            if kind == .early, trigger.suppressesRepeats, let last = open.lastEarly,
                function.isSame(last, contents, in: open.window)
            {
                open.isDirty = false
                return
            }
        }
        let pane = PaneInfo(
            key: key, window: open.window, kind: kind, revision: open.panes, watermark: watermark)
        if kind == .early && trigger.suppressesRepeats && !isDiscarding { open.lastEarly = contents }
        open.accumulator = nil
        try function.emit(&contents, pane, output)
        open.accumulator = isDiscarding ? nil : contents
        open.panes += 1
        open.isDirty = false
    }

    /// When a window has something to do next by the watermark: a time of its trigger, or its end.
    @inlinable
    func nextEventTime(_ open: Open.Window) -> Timestamp {
        min(open.eventTimes.first ?? .max, lateness.closing(end: open.window.end))
    }

    /// Puts a key into the queues for its earliest times.
    @inlinable
    mutating func queue(_ open: inout Open, _ key: Key) {
        var eventTime = Timestamp.max
        var processingTime = Timestamp.max
        for window in open.windows {
            eventTime = min(eventTime, nextEventTime(window))
            processingTime = min(processingTime, window.processingTimes.first ?? .max)
        }
        if !open.isQueued || eventTime < open.nextEventTime {
            open.nextEventTime = eventTime
            open.isQueued = true
            eventQueue.add(key, at: eventTime)
        }
        if processingTime < open.nextProcessingTime {
            open.nextProcessingTime = processingTime
            processingQueue.add(key, at: processingTime)
            clock.wake(at: processingTime)
        }
    }

    @inlinable
    mutating func advance(to watermark: Timestamp, _ output: Collector<Output>) throws {
        let watermark = watermark.asWindowsWatermark
        self.watermark = watermark
        var postponed: [Key] = []
        while let timer = eventQueue.popFirst(through: watermark) {
            let key = timer.payload
            let hash = key.stableHash
            guard let open = table.find(key, hash: hash), open.pointee.isQueued,
                open.pointee.nextEventTime == timer.time
            else { continue }
            open.pointee.isQueued = false
            try advance(&open.pointee, key, output)
            if open.pointee.windows.isEmpty {
                table.remove(key, hash: hash)
            } else if open.pointee.windows.contains(where: { !$0.postponed.isEmpty }) {
                postponed.append(key)
            } else {
                queue(&open.pointee, key)
            }
        }
        for key in postponed {
            guard let open = table.find(key, hash: key.stableHash) else { continue }
            for index in open.pointee.windows.indices { open.pointee.windows[index].takePostponed() }
            queue(&open.pointee, key)
        }
        try flush()
    }

    /// Does what is due for a key by the watermark, in the order of the times, of equal ones in that of the windows.
    @inlinable
    mutating func advance(_ open: inout Open, _ key: Key, _ output: Collector<Output>) throws {
        while true {
            var next = Timestamp.max
            var found: Int?
            for (index, window) in open.windows.enumerated() {
                let time = nextEventTime(window)
                if time <= watermark && (found == nil || time < next) {
                    next = time
                    found = index
                }
            }
            guard let index = found else { return }
            var window = open.windows[index]
            if let time = window.eventTimes.first, time == next {
                window.eventTimes.removeFirst()
                let before = window.eventTimes
                let isEnd = time >= window.window.maxTimestamp
                let kind: PaneKind = isEnd ? (window.wasOnTime ? .late : .onTime) : .early
                if isEnd { window.wasOnTime = true }
                try ask(&window, key, kind, output) { trigger, window, state, context in
                    trigger.onEventTime(time, in: window, &state, &context)
                }
                window.postpone(after: time, but: before, isOver: watermark == .max)
                open.windows[index] = window
                continue
            }
            if watermark == .max { try fireByClock(&window, key, output) }
            open.windows.remove(at: index)
        }
    }

    /// The input has ended: what waits for the clock fires now.
    @inlinable
    mutating func fireByClock(_ window: inout Open.Window, _ key: Key, _ output: Collector<Output>) throws {
        let times = window.processingTimes
        window.processingTimes = []
        for time in times {
            try ask(&window, key, window.wasOnTime ? .late : .onTime, output) { trigger, window, state, context in
                trigger.onProcessingTime(time, in: window, &state, &context)
            }
        }
    }

    @inlinable
    mutating func advance(toProcessingTime now: Timestamp, _ output: Collector<Output>) throws {
        var called: [Key] = []
        while let timer = processingQueue.popFirst(through: now) {
            let key = timer.payload
            guard let open = table.find(key, hash: key.stableHash), open.pointee.nextProcessingTime == timer.time else {
                continue
            }
            open.pointee.nextProcessingTime = .max
            for index in open.pointee.windows.indices {
                var window = open.pointee.windows[index]
                for time in window.processingTimes.filter({ $0 <= now }) {
                    // It may have been taken back, or asked for again, by a call before it.
                    guard let place = window.processingTimes.firstIndex(of: time) else { continue }
                    window.processingTimes.remove(at: place)
                    let kind: PaneKind = window.window.maxTimestamp <= watermark ? .late : .early
                    try ask(&window, key, kind, output) { trigger, window, state, context in
                        trigger.onProcessingTime(time, in: window, &state, &context)
                    }
                }
                open.pointee.windows[index] = window
            }
            called.append(key)
        }
        for key in called {
            guard let open = table.find(key, hash: key.stableHash) else { continue }
            queue(&open.pointee, key)
        }
        if let next = processingQueue.nextTime { clock.wake(at: next) }
        try flush()
    }

    @inlinable
    mutating func restored(at watermark: Timestamp) throws {
        self.watermark = watermark.asWindowsWatermark
        table.forEachUnchanged { key, open in
            if open.isQueued { eventQueue.add(key, at: open.nextEventTime) }
            guard open.nextProcessingTime < .max else { return }
            processingQueue.add(key, at: open.nextProcessingTime)
            clock.wake(at: open.nextProcessingTime)
        }
    }
}
