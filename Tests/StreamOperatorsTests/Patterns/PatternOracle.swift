import Weir

/// Patterns drawn at random, as the library's and as a definition of which sequences of events match.
struct PatternOracle: CustomStringConvertible {
    struct Stage: CustomStringConvertible {
        enum Gap { case strict, relaxed, any }
        var name: String
        var letters: String
        /// From the stage before to the first event.
        var gap: Gap
        /// From each event of the stage to its next.
        var inner: Gap
        /// 1...1 for a stage that was not told how often.
        var lower = 1
        /// nil for none.
        var upper: Int?
        var isRepeated = false
        var isOptional = false

        var description: String {
            "\(gap) \(name)[\(letters)]{\(lower),\(upper.map(String.init) ?? "") \(inner)}\(isOptional ? "?" : "")"
        }
    }

    struct Not: CustomStringConvertible {
        var letters: String
        var isNext: Bool
        var description: String { "\(isNext ? "notNext" : "never")[\(letters)]" }
    }

    var stages: [Stage] = []
    /// By the index of the stage before which they are; the number of stages for the end.
    var nots: [Int: Not] = [:]
    var window: Int64?

    var description: String {
        let parts = stages.indices.map { "\(nots[$0].map { "\($0) " } ?? "")\(stages[$0])" }
        return (parts + [nots[stages.count]?.description ?? "", window.map { "within \($0)" } ?? ""])
            .joined(separator: " ")
    }

    init(_ random: inout SplitMix64) {
        func draw(_ limit: Int) -> Int { Int(random.next(below: UInt64(limit))) }
        // Stages may take each other's letters; those of nots are their own.
        let letters = ["a", "b", "c", "ab", "bc", "abc"]
        let count = draw(4) + 1
        for index in 0..<count {
            let gaps: [Stage.Gap] = [.strict, .relaxed, .any]
            var stage = Stage(
                name: "s\(index)", letters: letters[draw(letters.count)], gap: gaps[draw(3)], inner: gaps[draw(3)])
            stage.upper = 1
            if draw(2) == 0 {
                stage.isRepeated = true
                stage.lower = draw(2) + 1
                stage.upper = draw(3) == 0 ? nil : stage.lower + draw(2)
            }
            stage.isOptional = draw(3) == 0
            stages.append(stage)
        }
        if draw(2) == 0 { window = Int64(draw(8) + 1) }
        for index in 1...count where draw(5) < 2 {
            let not = Not(letters: draw(2) == 0 ? "n" : "nm", isNext: draw(2) == 0)
            if stages[index - 1].isOptional { continue }
            if not.isNext && index < count && stages[index...].allSatisfy(\.isOptional) { continue }
            if !not.isNext && index == count && window == nil { continue }
            nots[index] = not
        }
    }

    var pattern: Pattern<Mark> {
        var pattern: Pattern<Mark>?
        for (index, stage) in stages.enumerated() {
            if let not = nots[index] { pattern = pattern.map { add(not, "n\(index)", to: $0) } }
            let condition = of(stage.letters)
            var next =
                switch (pattern, stage.gap) {
                case (nil, _): Pattern<Mark>.begin(stage.name, where: condition)
                case (let before?, .strict): before.next(stage.name, where: condition)
                case (let before?, .relaxed): before.followedBy(stage.name, where: condition)
                case (let before?, .any): before.followedByAny(stage.name, where: condition)
                }
            if stage.isRepeated {
                next = stage.upper.map { next.times(stage.lower...$0) } ?? next.times(stage.lower...)
                if stage.inner == .strict { next = next.consecutive() }
                if stage.inner == .any { next = next.allowCombinations() }
            }
            pattern = stage.isOptional ? next.optional() : next
        }
        if let not = nots[stages.count] { pattern = pattern.map { add(not, "last", to: $0) } }
        guard let pattern else { preconditionFailure("a pattern has stages") }
        return window.map { pattern.within(.milliseconds($0)) } ?? pattern
    }

    private func add(_ not: Not, _ name: String, to pattern: Pattern<Mark>) -> Pattern<Mark> {
        not.isNext
            ? pattern.notNext(name, where: of(not.letters)) : pattern.notFollowedBy(name, where: of(not.letters))
    }

    /// Every match, as `s0=a1 s1=b2,b3`, sorted.
    func matches(_ marks: [Mark]) -> [String] {
        var found: [String] = []
        var taken: [(stage: Int, mark: Int)] = []
        func fits(_ mark: Int, _ letters: String) -> Bool { letters.contains(marks[mark].letter) }
        func inTime(_ mark: Int) -> Bool {
            guard let window, let first = taken.first else { return true }
            return marks[mark].time - marks[first.mark].time < window
        }
        /// Whether a not-stage allows the events after `last`, up to but without `end`.
        func allows(_ not: Not, after last: Int, before end: Int) -> Bool {
            if not.isNext { return last + 1 >= marks.count || !fits(last + 1, not.letters) }
            return (last + 1..<max(end, last + 1)).allSatisfy { !fits($0, not.letters) }
        }
        func mayTake(_ mark: Int, _ index: Int, _ count: Int) -> Bool {
            guard let last = taken.last else { return true }
            let stage = stages[index]
            let between = last.mark + 1..<mark
            switch count == 0 ? stage.gap : stage.inner {
            case .strict: if !between.isEmpty { return false }
            case .relaxed: if between.contains(where: { fits($0, stage.letters) }) { return false }
            case .any: break
            }
            if count == 0 {
                return (last.stage + 1...index).allSatisfy { place in
                    nots[place].map { allows($0, after: last.mark, before: mark) } ?? true
                }
            }
            // A not-stage holds between the events of the repeated stage before it, too: a notNext from the event on
            // after which the stage could be left.
            guard let not = nots[index + 1], !not.isNext || count >= stage.lower else { return true }
            return allows(not, after: last.mark, before: mark)
        }
        func complete() {
            guard let last = taken.last else { return }
            if let not = nots[stages.count] {
                let rest = (last.mark + 1..<marks.count).filter(inTime)
                if not.isNext && rest.isEmpty { return }
                if !allows(not, after: last.mark, before: last.mark + 1 + rest.count) { return }
            }
            let groups = Dictionary(grouping: taken, by: \.stage).sorted { $0.key < $1.key }
            found.append(
                groups.map { "\(stages[$0.key].name)=\($0.value.map { marks[$0.mark].name }.joined(separator: ","))" }
                    .joined(separator: " "))
        }
        func search(_ index: Int, _ count: Int) {
            if index == stages.count { return complete() }
            let stage = stages[index]
            if count < stage.upper ?? .max {
                for mark in (taken.last.map { $0.mark + 1 } ?? 0)..<marks.count
                where fits(mark, stage.letters) && inTime(mark) && mayTake(mark, index, count) {
                    taken.append((index, mark))
                    search(index, count + 1)
                    taken.removeLast()
                }
            }
            if count >= stage.lower || count == 0 && stage.isOptional { search(index + 1, 0) }
        }
        search(0, 0)
        return found.sorted()
    }
}
