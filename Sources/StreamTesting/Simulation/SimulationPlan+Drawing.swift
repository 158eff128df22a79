internal import Weir

extension SimulationPlan.Attempt {
    init(eventCount: Int, isLast: Bool, options: SimulationOptions, random: inout SplitMix64) {
        func draw(_ range: ClosedRange<Int>) -> Int {
            range.lowerBound + Int(random.next(below: UInt64(range.count)))
        }
        seed = random.next()
        parallelism = draw(options.parallelism)
        batchSize = draw(1...9)
        ringCapacity = 1 << draw(0...3)
        // The first backend is the cheapest.
        backend = draw(0...3) == 0 ? draw(0...(options.backends.count - 1)) : 0
        stepsPerSnapshot = draw(0...7) == 0 ? 0 : draw(3...30)
        overtakeAfter = [nil, 0, 300][draw(0...2)]
        ending = .none
        injections = []
        jumps = draw(0...3) == 0
        if draw(0...3) == 0 {
            let isSlow = draw(0...1) == 0
            stall = SimulationPlan.Stall(
                split: draw(0...2), reads: isSlow ? draw(1...4) : draw(20...150), isSlow: isSlow)
        }
        guard !isLast else { return }
        if draw(0...2) == 0 { restarts = draw(1...3) }
        if draw(0...7) == 0 { snapshotTimeout = draw(50...1_500) }
        // Half of them early, where every effect is another.
        let moment = draw(0...1) == 0 ? draw(1...60) : draw(1...(60 + 4 * eventCount))
        switch draw(0...9) {
        case 0: ending = .stop(step: moment, savepoint: .own)
        case 1: ending = .stop(step: moment, savepoint: .none)
        case 2: ending = .stop(step: moment, savepoint: .elsewhere)
        case 3: break
        default: ending = .crash(effect: moment, after: draw(0...1) == 0)
        }
        for _ in 0..<draw(0...3) {
            let effects = SimulationPlan.Effect.allCases.filter { $0 != .store || backend > 0 }
            let effect = effects[draw(0...(effects.count - 1))]
            let faults = effect.faults(options.guarantee)
            injections.append(
                SimulationPlan.Injection(
                    effect: effect, number: draw(1...(draw(0...1) == 0 ? 4 : 40)),
                    fault: faults[draw(0...(faults.count - 1))], times: draw(0...3) == 0 ? draw(2...7) : 1))
        }
    }
}

extension SimulationPlan.Effect {
    /// How such an effect may go wrong.
    func faults(_ guarantee: SnapshotOptions.Guarantee) -> [SimulationPlan.Fault] {
        switch self {
        case .open: guarantee == .atLeastOnce ? [.fails, .repeats] : [.fails]
        case .read: guarantee == .atLeastOnce ? [.fails, .stale, .repeats] : [.fails, .stale]
        case .put, .putIfAbsent, .delete: [.fails, .failsAfterwards]
        case .complete: [.fails, .failsAfterwards, .tears]
        case .write: [.fails, .tears]
        case .get, .prepare, .recover, .store: [.fails]
        case .list: [.fails, .stale]
        case .commit: [.fails, .failsAfterwards, .repeats]
        }
    }
}
