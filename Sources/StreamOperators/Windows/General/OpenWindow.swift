public import StateBackend
public import StreamCore

/// A window of a key that the general operator holds.
@frozen
@usableFromInline
struct OpenWindow<Accumulator: Sendable, Firing: Trigger> {
    @usableFromInline var window: TimeWindow
    /// What is kept of the records; nil when they were purged or went out with a discarding pane.
    @usableFromInline var accumulator: Accumulator?
    @usableFromInline var trigger: Firing.State
    /// The times that the trigger asked for, ascending.
    @usableFromInline var eventTimes: [Timestamp] = []
    @usableFromInline var processingTimes: [Timestamp] = []
    /// Event times that the trigger asked for when it was called for no earlier one; empty between two advances.
    @usableFromInline var postponed: [Timestamp] = []
    /// What the last early pane was made of, where repeats are left out.
    @usableFromInline var lastEarly: Accumulator?
    /// The number of panes emitted.
    @usableFromInline var panes: Int32 = 0
    /// Whether records came since the last pane.
    @usableFromInline var isDirty = false
    /// Whether the watermark has passed the end and the pane of that moment is out.
    @usableFromInline var wasOnTime = false

    @inlinable
    init(window: TimeWindow, trigger: Firing.State) {
        self.window = window
        self.trigger = trigger
    }

    /// Sets aside the times that the trigger, called for `time`, asked for too late, until the watermark next rises: else
    /// an advance would never end.
    ///
    /// At the end of the input what a trigger asks for has no place any more, but for the window's end.
    @inlinable
    mutating func postpone(after time: Timestamp, but before: [Timestamp], isOver: Bool) {
        let end = window.maxTimestamp
        let late = eventTimes.filter { !before.contains($0) && ($0 <= time || (isOver && $0 < end)) }
        guard !late.isEmpty else { return }
        eventTimes.removeAll(where: late.contains)
        if !isOver { postponed += late }
    }

    /// Takes back what was set aside.
    @inlinable
    mutating func takePostponed() {
        guard !postponed.isEmpty else { return }
        eventTimes = Set(eventTimes + postponed).sorted()
        postponed = []
    }

    /// How windows are saved.
    @inlinable
    static func codec(
        _ accumulators: StateCodec<Accumulator>, _ triggers: StateCodec<Firing.State>
    ) -> StateCodec<Self> {
        let optional = accumulators.optional
        return StateCodec<Self>(
            of: { [accumulators.schema, triggers.schema] },
            encode: { value, encoder in
                try encoder.encode(value.window.start)
                try encoder.encode(value.window.end)
                try optional.encode(value.accumulator, into: &encoder)
                try triggers.encode(value.trigger, into: &encoder)
                try encoder.encode(value.eventTimes)
                try encoder.encode(value.processingTimes)
                try optional.encode(value.lastEarly, into: &encoder)
                try encoder.encode(value.panes)
                try encoder.encode(value.isDirty)
                try encoder.encode(value.wasOnTime)
            },
            decode: { written in
                let accumulators = accumulators.reading(written, 0)
                let triggers = triggers.reading(written, 1)
                let optional = accumulators.optional
                return { decoder in
                    let window = TimeWindow(start: try decoder.decode(), end: try decoder.decode())
                    let accumulator = try optional.decode(&decoder)
                    var value = OpenWindow(window: window, trigger: try triggers.decode(&decoder))
                    value.accumulator = accumulator
                    value.eventTimes = try decoder.decode()
                    value.processingTimes = try decoder.decode()
                    value.lastEarly = try optional.decode(&decoder)
                    value.panes = try decoder.decode()
                    value.isDirty = try decoder.decode()
                    value.wasOnTime = try decoder.decode()
                    return value
                }
            })
    }
}

/// The windows of one key that the general operator holds.
@frozen
@usableFromInline
struct OpenWindows<Accumulator: Sendable, Firing: Trigger> {
    @usableFromInline typealias Window = OpenWindow<Accumulator, Firing>

    /// Ascending by start, then end.
    @usableFromInline var windows: [Window] = []
    /// When the key is looked at next; entries of the queues with other times are out of date.
    @usableFromInline var nextEventTime = Timestamp.max
    @usableFromInline var nextProcessingTime = Timestamp.max
    /// Whether an entry of the queue stands for `nextEventTime`, which may be `Timestamp.max` itself.
    @usableFromInline var isQueued = false

    @inlinable
    init() {}

    /// How they are saved; with what the queues are told, since a table over a store may let go of them at any time.
    @inlinable
    static func codec(_ windows: StateCodec<Window>) -> StateCodec<Self> {
        let windows = windows.array
        return StateCodec<Self>(
            of: { [windows.schema] },
            encode: { value, encoder in
                try windows.encode(value.windows, into: &encoder)
                try encoder.encode(value.nextEventTime)
                try encoder.encode(value.nextProcessingTime)
                try encoder.encode(value.isQueued)
                for window in value.windows { try encoder.encode(window.postponed) }
            },
            decode: { written in
                let windows = windows.reading(written, 0)
                return { decoder in
                    var value = OpenWindows()
                    value.windows = try windows.decode(&decoder)
                    value.nextEventTime = try decoder.decode()
                    value.nextProcessingTime = try decoder.decode()
                    value.isQueued = try decoder.decode()
                    for index in value.windows.indices { value.windows[index].postponed = try decoder.decode() }
                    return value
                }
            })
    }

    /// The index of a window, which is added if it isn't there.
    @inlinable
    mutating func index(of window: TimeWindow, _ trigger: Firing) -> Int {
        var index = windows.count
        while index > 0 {
            let other = windows[index - 1].window
            if other == window { return index - 1 }
            if other.start < window.start || (other.start == window.start && other.end < window.end) { break }
            index -= 1
        }
        windows.insert(Window(window: window, trigger: trigger.makeState()), at: index)
        return index
    }
}
