internal import Synchronization
internal import Weir

/// All that a simulated job can reach: counts the effects, lets some go wrong, and goes down when the plan says so.
final class SimulatedWorld: Sendable {
    /// The process has been killed: nothing has an effect any more.
    struct Down: Error, CustomStringConvertible {
        var description: String { "the simulated process is down" }
    }

    /// A fault that the plan has asked for.
    struct Injected: Error, CustomStringConvertible {
        let effect: SimulationPlan.Effect
        var description: String { "\(effect.rawValue) failed, as planned" }
    }

    private struct State: Sendable {
        var attempt: SimulationPlan.Attempt?
        var counts: [SimulationPlan.Effect: Int] = [:]
        var effects = 0
        var isDown = false
        var hasFaulted = false
        var random = SplitMix64(seed: 0)
        var trace: [String] = []
        /// What the trace's last line says, if it is an effect, and the number of the first of them.
        var last: (what: String, first: Int)?
        var total = SimulationReport()
        /// Whether somebody looks at the world from outside, without effect.
        var isObserved = false
        /// What is to happen later, and when.
        var later: [(time: Timestamp, body: @Sendable () -> Void)] = []
    }

    /// The lines of the trace that are kept.
    private static let traceLength = 200

    let clock = VirtualClock()
    private let state = Mutex(State())

    /// A new life begins; nil for one to which nothing happens.
    func begin(_ attempt: SimulationPlan.Attempt?, number: Int) {
        state.withLock { state in
            state.attempt = attempt
            state.counts = [:]
            state.effects = 0
            state.isDown = false
            state.hasFaulted = false
            state.later = []
            state.random = SplitMix64(seed: (attempt?.seed ?? 1) ^ 0xD1B5)
            state.total.attempts += 1
            Self.note("attempt \(number)", &state)
        }
    }

    var isDown: Bool { state.withLock { $0.isDown } }

    /// Whether something has gone wrong on purpose since the attempt began.
    var hasFaulted: Bool { state.withLock { $0.hasFaulted } }

    var trace: [String] { state.withLock { $0.trace } }

    var report: SimulationReport { state.withLock { $0.total } }

    func count(_ body: (inout SimulationReport) -> Void) { state.withLock { body(&$0.total) } }

    /// A number below `bound`, drawn from the attempt's seed.
    func draw(below bound: Int) -> Int { state.withLock { Int($0.random.next(below: UInt64(max(bound, 1)))) } }

    /// How a split gives less than it has.
    func stall(of split: Int) -> SimulationPlan.Stall? {
        state.withLock { state in
            guard let stall = state.attempt?.stall, stall.split == split else { return nil }
            return stall
        }
    }

    /// Does something that is no effect of the job's: nothing counts and nothing goes wrong meanwhile.
    func observe<Result>(_ body: () throws -> Result) rethrows -> Result {
        state.withLock { $0.isObserved = true }
        defer { state.withLock { $0.isObserved = false } }
        return try body()
    }

    /// Calls a function when the clock has moved on by some milliseconds; a process that goes down forgets it.
    func later(_ milliseconds: Int64, _ body: @escaping @Sendable () -> Void) {
        let time = clock.now.advanced(byMilliseconds: milliseconds)
        state.withLock { $0.later.append((time, body)) }
    }

    /// Calls what was to happen up to now.
    func callDue() {
        let now = clock.now
        let due = state.withLock { state in
            let due = state.later.filter { $0.time <= now }
            if !due.isEmpty { state.later.removeAll { $0.time <= now } }
            return due
        }
        for (_, body) in due { body() }
    }

    func note(_ line: String) { state.withLock { Self.note(line, &$0) } }

    private static func note(_ line: String, _ state: inout State) {
        if state.trace.count >= 2 * traceLength { state.trace.removeFirst(traceLength) }
        state.trace.append(line)
        state.last = nil
    }

    /// Notes an effect that is as it should be; several of the same in a row have one line.
    private static func note(effect what: String, _ state: inout State) {
        if let last = state.last, last.what == what, !state.trace.isEmpty {
            state.trace[state.trace.count - 1] = "\(last.first)-\(state.effects): \(what)"
        } else {
            note("\(state.effects): \(what)", &state)
            state.last = (what, state.effects)
        }
    }

    /// What becomes of an effect.
    enum Course: Equatable {
        case asItShould
        case wrong(SimulationPlan.Fault)
        /// It happens, and then the world is down.
        case last
    }

    /// An effect is to happen.
    ///
    /// - Throws: ``Down`` when the world is down, or goes down before it.
    func begin(_ effect: SimulationPlan.Effect, _ what: @autoclosure () -> String) throws -> Course {
        try state.withLock { state in
            if state.isObserved { return .asItShould }
            if state.isDown { throw Down() }
            state.effects += 1
            state.total.effects += 1
            state.counts[effect, default: 0] += 1
            let what = "\(effect.rawValue) \(what())"
            let line = "\(state.effects): \(what)"
            if case .crash(state.effects, let after)? = state.attempt?.ending {
                state.isDown = true
                state.total.crashes += 1
                Self.note("\(line)  <- crash \(after ? "after" : "before") it", &state)
                if after { return .last }
                throw Down()
            }
            let number = state.counts[effect] ?? 0
            if let injection = state.attempt?.injections.first(where: {
                $0.effect == effect && $0.number <= number && number < $0.number + $0.times
            }) {
                state.hasFaulted = true
                state.total.faults["\(effect.rawValue) \(injection.fault.rawValue)", default: 0] += 1
                Self.note("\(line)  <- \(injection.fault.rawValue)", &state)
                return .wrong(injection.fault)
            }
            Self.note(effect: what, &state)
            return .asItShould
        }
    }

    /// An effect that fails, or is done and fails, or is done.
    func perform<Result>(
        _ effect: SimulationPlan.Effect, _ what: @autoclosure () -> String, _ body: () throws -> Result
    ) throws -> Result {
        switch try begin(effect, what()) {
        case .asItShould: return try body()
        case .last:
            _ = try body()
            throw Down()
        case .wrong(.failsAfterwards):
            _ = try body()
            throw Injected(effect: effect)
        case .wrong: throw Injected(effect: effect)
        }
    }
}
