extension Pattern {
    /// What is wrong with the pattern, each with a remedy; empty when it can be used.
    public var problems: [String] {
        misuses + nameProblems + numberProblems + notProblems + windowProblems
    }

    private var nameProblems: [String] {
        var problems: [String] = []
        var seen: Set<String> = []
        for stage in stages where !seen.insert(stage.name).inserted {
            problems.append("two stages are named '\(stage.name)'; rename one")
        }
        if seen.contains("") { problems.append("a stage has an empty name; name it") }
        if let name = skip.stage, !stages.contains(where: { $0.name == name && !$0.contiguity.isNegated }) {
            problems.append("the pattern has no stage '\(name)' to skip to; name one that takes events")
        }
        return problems
    }

    private var numberProblems: [String] {
        stages.compactMap { stage in
            guard let lower = stage.lower else { return nil }
            if lower < 1 || (stage.upper ?? 1) < 1 {
                return "stage '\(stage.name)' is to take \(stage.upper ?? lower) events; it must be at least 1"
            }
            if Swift.max(lower, stage.upper ?? 1) > Self.mostTimes {
                return "stage '\(stage.name)' is to take \(Swift.max(lower, stage.upper ?? 1)) events; it must be at "
                    + "most \(Self.mostTimes)"
            }
            return nil
        }
    }

    /// Each further time is a state of the compiled pattern.
    private static var mostTimes: Int { 10_000 }

    private var notProblems: [String] {
        var problems: [String] = []
        for (index, stage) in stages.enumerated() where stage.contiguity.isNegated {
            if stages[index - 1].isOptional {
                problems.append(
                    "'\(stage.name)' is a not-stage after the optional stage '\(stages[index - 1].name)'; use two "
                        + "patterns, one with that stage and one without")
            }
            let rest = stages[(index + 1)...]
            if stage.contiguity == .notFollowedBy && rest.first?.contiguity == .notNext {
                problems.append("notFollowedBy '\(stage.name)' comes before a notNext; put the notNext first")
            }
            if stage.contiguity == .notNext && !rest.isEmpty && rest.allSatisfy(\.isOptional) {
                problems.append("only optional stages come after notNext '\(stage.name)'; make one of them required")
            }
        }
        return problems
    }

    private var windowProblems: [String] {
        if let window {
            return window < 1 ? ["within is \(window) ms; it must be at least 1 ms"] : []
        }
        guard let last = stages.last, last.contiguity == .notFollowedBy else { return [] }
        return ["notFollowedBy '\(last.name)' comes last, so the pattern needs a deadline; add within(…)"]
    }
}
