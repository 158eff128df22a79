internal import StateBackend

/// Why a look-up gave nothing.
public struct LookupTimeout: Error, Sendable, Equatable, CustomStringConvertible {
    /// How long was waited, over all attempts.
    public let timeout: Duration
    /// How often it was tried.
    public let attempts: Int

    /// A timeout.
    public init(timeout: Duration, attempts: Int) {
        self.timeout = timeout
        self.attempts = attempts
    }

    /// The time and the number of attempts.
    public var description: String {
        "no answer within \(timeout.milliseconds) ms, in \(attempts == 1 ? "one attempt" : "\(attempts) attempts")"
    }
}

/// A worker's part of a step that looks records up by asynchronous functions.
///
/// A stage of its own: what comes in is queued, up to `capacity` look-ups run as tasks on Swift's executor, and the
/// worker, which never waits for one, polls what they found. While more than `capacity` records wait, the inputs that
/// lead here are left alone, as before a full ring.
///
/// Invariants: (1) a record is in `slots` until it is finished, and counted in its segment's `open` as long; (2) results
/// leave from the first segment only, and a segment after another only when that is finished, so that nothing overtakes
/// a signal, and nothing anything where each record is a segment of its own; (3) `inFlight` counts the started records
/// whose results have not left, and is at most `capacity`.
final class LookupStage<Input: Sendable, Output: Sendable> {
    /// A record that is not finished.
    private struct Slot {
        let element: Input
        let timestamp: Timestamp
        let origin: BatchOrigin?
        /// The number of its segment.
        let segment: Int
        /// The number of the attempt; 0 before the first.
        var attempt = 0
        var task: Task<Void, Never>?
        /// When it is given up; `Timestamp.max` before it was started.
        var deadline = Timestamp.max
        /// When the next attempt begins; `Timestamp.max` while one runs.
        var retryTime = Timestamp.max
    }

    /// A record whose result waits to leave.
    private struct Done {
        let id: Int
        let element: Input
        let timestamp: Timestamp
        let origin: BatchOrigin?
        let output: Output
    }

    /// Records that may leave in any order, or a signal.
    private struct Segment {
        var open = 0
        var done: [Done] = []
        var signal: Signal?
    }

    private let options: LookupOptions<Input, Output>
    private let function: @Sendable (Input) async throws -> Output
    // Not the whole context: it knows the state, of which the stage is a part and which would keep it alive.
    private let counters: StepCounters
    private let processingTime: ProcessingTime
    private let executor: (any TaskExecutor)?
    private let completions: LookupCompletions<Output>
    private let outlet: Outlet<Batch<Output>>
    private let collector: Collector<Output>
    private let errors: ErrorHandler<Input>
    private let codec = StateCodec<Input>.automatic
    /// Reads records as an older program may have written them.
    private var loadCodec = StateCodec<Input>.automatic

    private var slots: [Int: Slot] = [:]
    private var nextID = 0
    /// The records that no look-up was started for.
    private var waiting = FIFOQueue<Int>()
    private var segments = FIFOQueue<Segment>()
    private var inFlight = 0
    /// The last watermark passed on.
    private var watermark = Timestamp.min
    private var hasEnded = false
    private var inputHasEnded = false
    /// Whether the input is idle, which those behind may not know yet.
    private var inputIsIdle = false
    private var passedBarrier = 0
    private let node: Int
    private let aligner: BarrierAligner
    /// Where the record loaded last was read.
    private var loaded: BatchOrigin?

    init(
        options: LookupOptions<Input, Output>, context: OperatorContext, outlet: Outlet<Batch<Output>>,
        wakeSignal: WakeSignal, executor: (any TaskExecutor)?, node: Int, aligner: BarrierAligner,
        _ function: @escaping @Sendable (Input) async throws -> Output
    ) throws {
        self.options = options
        self.function = function
        self.node = node
        self.aligner = aligner
        counters = context.counters
        processingTime = context.processingTime
        self.executor = executor
        self.outlet = outlet
        completions = LookupCompletions(wakeSignal: wakeSignal)
        collector = Collector(outlet: outlet, batchSize: context.batchSize, counters: context.counters)
        errors = try context.errors(options.onError, for: Input.self)
    }

    deinit { for slot in slots.values { slot.task?.cancel() } }

    /// Whether so many records wait that no more should come.
    var isBlocked: Bool { waiting.count > options.capacity }

    /// Takes in a batch.
    func enqueue(_ batch: Batch<Input>) {
        counters.addIn(batch.count)
        for i in 0..<batch.count { enqueue(batch.elements[i], at: batch.timestamps[i], from: batch.origin) }
        startWaiting()
    }

    private func enqueue(_ element: Input, at timestamp: Timestamp, from origin: BatchOrigin?) {
        if options.isOrdered || segments.isEmpty || segments.last?.signal != nil { segments.append(Segment()) }
        segments.update(segments.lastNumber) { $0.open += 1 }
        slots[nextID] = Slot(element: element, timestamp: timestamp, origin: origin, segment: segments.lastNumber)
        waiting.append(nextID)
        nextID += 1
    }

    /// Takes in a signal, which leaves after all that came before it.
    ///
    /// A barrier overtakes: the records whose results haven't left are part of the snapshot.
    func enqueue(_ signal: Signal) throws {
        if case .barrier(let barrier) = signal { return try pass(barrier: barrier) }
        switch signal {
        case .end: inputHasEnded = true
        case .idle: inputIsIdle = true
        case .active: inputIsIdle = false
        case .watermark, .barrier: break
        }
        append(signal)
    }

    private func append(_ signal: Signal) {
        if case .watermark(let watermark) = signal {
            counters.note(watermark: watermark)
            if case .watermark? = segments.last?.signal {
                segments.update(segments.lastNumber) { $0.signal = signal }
                return
            }
        }
        segments.append(Segment(signal: signal))
    }

    /// Passes on a barrier that was begun after the input had ended.
    func begin(barrier: Int) throws { if inputHasEnded && !hasEnded { try pass(barrier: barrier) } }

    private func pass(barrier: Int) throws {
        guard barrier > passedBarrier else { return }
        passedBarrier = barrier
        try collector.flush()
        try aligner.reach(barrier, node: node)
        try outlet.signal(.barrier(barrier))
    }

    private func startWaiting() {
        while inFlight < options.capacity, let id = waiting.popFirst() {
            inFlight += 1
            let deadline = processingTime.now.advanced(byMilliseconds: options.timeout.milliseconds)
            slots[id]?.deadline = deadline
            processingTime.wake(at: deadline)
            startAttempt(id)
        }
    }

    private func startAttempt(_ id: Int) {
        guard var slot = slots[id] else { return }
        slot.attempt += 1
        slot.retryTime = .max
        let (element, function, completions) = (slot.element, function, completions)
        slot.task = Task.detached(executorPreference: executor) {
            let result: Result<Output, any Error>
            do { result = .success(try await function(element)) } catch { result = .failure(error) }
            completions.put(LookupCompletions.Completion(id: id, result: result))
        }
        slots[id] = slot
    }

    /// Passes on what has been found, and starts the next look-ups.
    func poll() throws -> PollResult {
        guard !hasEnded else { return .finished }
        var result = PollResult.idle
        for completion in completions.take() {
            result = .progress
            try complete(completion)
        }
        if try passOn() { result = .progress }
        try collector.flush()
        if hasEnded { return .finished }
        if !waiting.isEmpty && inFlight < options.capacity {
            startWaiting()
            result = .progress
        }
        return result
    }

    private func complete(_ completion: LookupCompletions<Output>.Completion) throws {
        // Of a look-up that was given up, the answer comes too late.
        guard let slot = slots[completion.id] else { return }
        switch completion.result {
        case .success(let output): finish(completion.id, output)
        case .failure(let error):
            guard slot.attempt >= options.retry.attempts else {
                let delay = options.retry.delay(after: slot.attempt)
                let time = processingTime.now.advanced(byMilliseconds: delay)
                slots[completion.id]?.task = nil
                slots[completion.id]?.retryTime = time
                processingTime.wake(at: time)
                return
            }
            finish(completion.id, nil)
            try errors.dispose(slot.element, at: slot.timestamp, error, from: slot.origin)
        }
    }

    /// A look-up is over, with a result or without.
    private func finish(_ id: Int, _ output: Output?) {
        guard let slot = slots.removeValue(forKey: id) else { return }
        if output == nil { inFlight -= 1 }
        segments.update(slot.segment) { segment in
            segment.open -= 1
            guard let output else { return }
            segment.done.append(
                Done(
                    id: id, element: slot.element, timestamp: slot.timestamp, origin: slot.origin, output: output))
        }
    }

    /// Passes on results and signals as far as their order allows; whether there were any.
    private func passOn() throws -> Bool {
        var any = false
        while let segment = segments.first {
            if let signal = segment.signal {
                segments.popFirst()
                try collector.flush()
                try pass(signal)
                any = true
                continue
            }
            if !segment.done.isEmpty {
                segments.update(segments.firstNumber) { $0.done = [] }
                inFlight -= segment.done.count
                for done in segment.done {
                    if done.origin !== collector.origin {
                        try collector.flush()
                        collector.origin = done.origin
                    }
                    try collector.emit(done.output, at: done.timestamp)
                }
                any = true
            }
            guard segment.open == 0 else { break }
            segments.popFirst()
        }
        return any
    }

    private func pass(_ signal: Signal) throws {
        switch signal {
        case .watermark(let new):
            guard new > watermark else { return }
            watermark = new
        case .end: hasEnded = true
        case .idle, .active, .barrier: break
        }
        try outlet.signal(signal)
        if hasEnded { try aligner.noteEnd(node: node) }
    }

    /// Gives up the look-ups whose time is over, and begins the attempts whose time has come.
    func wake(at now: Timestamp) throws {
        var next = Timestamp.max
        for id in slots.keys.sorted() {
            guard let slot = slots[id] else { continue }
            if slot.deadline <= now {
                slot.task?.cancel()
                try giveUp(id, slot)
            } else {
                if slot.retryTime <= now { startAttempt(id) }
                next = min(next, slot.deadline, slots[id]?.retryTime ?? .max)
            }
        }
        if next < .max { processingTime.wake(at: next) }
    }

    private func giveUp(_ id: Int, _ slot: Slot) throws {
        let error = LookupTimeout(timeout: options.timeout, attempts: slot.attempt)
        guard let onTimeout = options.onTimeout else {
            finish(id, nil)
            return try errors.dispose(slot.element, at: slot.timestamp, error, from: slot.origin)
        }
        do {
            finish(id, try onTimeout(slot.element))
        } catch {
            finish(id, nil)
            try errors.dispose(slot.element, at: slot.timestamp, error, from: slot.origin)
        }
    }

    /// After the records in flight were loaded: the signals that came after them.
    func restored(at watermark: Timestamp) {
        if watermark > .min { append(.watermark(watermark)) }
        if inputIsIdle { append(.idle) }
    }

    /// Whether the input is idle, as a part of the state.
    ///
    /// Where the parallelism has changed, the input says it anew.
    func idleness(parallelism: Int) -> WorkerValuePart {
        WorkerValuePart(
            write: { [unowned self] in
                try $0.encode(parallelism)
                try $0.encode(inputIsIdle)
            },
            read: { [unowned self] in
                let isSame = try $0.decode(Int.self) == parallelism
                let wasIdle: Bool = try $0.decode()
                inputIsIdle = isSame && wasIdle
            })
    }
}

/// The records whose results have not left: after a restore they are looked up again.
extension LookupStage: StatePart {
    var distribution: StateDistribution { .list }

    var schema: StateSchema {
        StateSchema(kind: "rows", key: nil, value: codec.schema, distribution: distribution)
    }

    func prepareToLoad(_ written: StateSchema) {
        loadCodec = written.value.map { codec.reading($0) } ?? codec
    }

    func save(into rows: inout StateRows) throws {
        var records = slots.map {
            (id: $0.key, element: $0.value.element, timestamp: $0.value.timestamp, origin: $0.value.origin)
        }
        segments.forEach { records += $0.done.map { ($0.id, $0.element, $0.timestamp, $0.origin) } }
        for record in records.sorted(by: { $0.id < $1.id }) {
            try rows.append(hash: 0) { _ in
            } value: {
                try $0.encode(record.timestamp)
                try $0.encode(record.origin?.source)
                try $0.encode(record.origin?.offset ?? -1)
                try codec.encode(record.element, into: &$0)
            }
        }
    }

    func load(_ entry: inout StateDecoder) throws {
        let timestamp: Timestamp = try entry.decode()
        let source: String? = try entry.decode()
        let offset: Int64 = try entry.decode()
        // Records of one batch share their place, so that their results stay together.
        if source != loaded?.source || offset != loaded?.offset ?? -1 {
            loaded = source.map { BatchOrigin(source: $0, offset: offset) }
        }
        enqueue(try loadCodec.decode(&entry), at: timestamp, from: loaded)
    }
}
