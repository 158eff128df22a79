internal import Weir

extension SimulationPlan {
    /// The plans with one thing less.
    var smaller: [SimulationPlan] {
        var candidates: [SimulationPlan] = []
        func add(_ change: (inout SimulationPlan) -> Void) {
            var plan = self
            change(&plan)
            if plan != self { candidates.append(plan) }
        }
        for index in attempts.indices.dropLast() { add { $0.attempts.remove(at: index) } }
        for index in attempts.indices {
            for injection in attempts[index].injections.indices {
                add { $0.attempts[index].injections.remove(at: injection) }
                add { $0.attempts[index].injections[injection].times = 1 }
            }
            if index < attempts.count - 1 {
                add { $0.attempts[index].ending = .none }
                for ending in attempts[index].ending.earlier { add { $0.attempts[index].ending = ending } }
            }
            add { $0.attempts[index].stepsPerSnapshot = 0 }
            add { $0.attempts[index].overtakeAfter = nil }
            add { $0.attempts[index].snapshotTimeout = 0 }
            add { $0.attempts[index].restarts = 0 }
            add { $0.attempts[index].jumps = false }
            add { $0.attempts[index].stall = nil }
            add { $0.attempts[index].parallelism = 1 }
            add { $0.attempts[index].backend = 0 }
            add { $0.attempts[index].batchSize = 1 }
            add { $0.attempts[index].ringCapacity = 1 }
        }
        return candidates
    }
}

extension SimulationPlan.Ending {
    /// The same, much sooner or a little: fewer events lead up to it.
    fileprivate var earlier: [SimulationPlan.Ending] {
        func sooner(_ number: Int) -> [Int] { [number / 2, number - number / 4, number - 1].filter { $0 > 0 } }
        switch self {
        case .none: return []
        case .crash(let effect, let after): return sooner(effect).map { .crash(effect: $0, after: after) }
        case .stop(let step, let savepoint): return sooner(step).map { .stop(step: $0, savepoint: savepoint) }
        }
    }
}
