import Testing
import Weir

/// One case: a pattern, input, and the matches that must come out.
struct PatternCase: Sendable, CustomTestStringConvertible {
    let title: String
    let pattern: Pattern<Mark>
    let input: String
    /// Separated by commas.
    let output: String

    init(_ title: String, _ pattern: Pattern<Mark>, _ input: String, _ output: String) {
        self.title = title
        self.pattern = pattern
        self.input = input
        self.output = output
    }

    var testDescription: String { title }

    var expected: [String] {
        output.split(separator: ",").map { $0.trimmingPrefix(" ") }.map(String.init)
    }
}

/// Stages named after their letters.
extension Pattern<Mark> {
    static func first(_ letters: String) -> Pattern { begin(letters, where: of(letters)) }
    func then(_ letters: String) -> Pattern { next(letters, where: of(letters)) }
    func later(_ letters: String) -> Pattern { followedBy(letters, where: of(letters)) }
    func anyLater(_ letters: String) -> Pattern { followedByAny(letters, where: of(letters)) }
    func notThen(_ letters: String) -> Pattern { notNext(letters, where: of(letters)) }
    func never(_ letters: String) -> Pattern { notFollowedBy(letters, where: of(letters)) }
    func within(_ milliseconds: Int) -> Pattern { within(.milliseconds(milliseconds)) }
}

extension PatternCase {
    /// Where a stage's first event may be, and where its others.
    static let contiguity = [
        PatternCase("next: the very next", .first("a").then("b"), "a b1 b2", "a b1"),
        PatternCase("next: nothing in between", .first("a").then("b"), "a c b1 b2", ""),
        PatternCase("next: each begins anew", .first("a").then("b"), "a1 a2 b a3 b2", "a2 b, a3 b2"),
        PatternCase("followedBy: passes over what doesn't match", .first("a").later("b"), "a c b1 b2", "a b1"),
        PatternCase("followedBy: every beginning", .first("a").later("b"), "a1 a2 b1 b2", "a1 b1, a2 b1"),
        PatternCase("followedByAny: every later one", .first("a").anyLater("b"), "a c b1 b2", "a b1, a b2"),
        PatternCase("three stages", .first("a").later("b").then("c"), "a x b1 c1 b2 c2", "a b1 c1"),
        PatternCase("a dead end ends", .first("a").later("b").then("c"), "a b1 x b2 c2", ""),
        PatternCase("any after relaxed", .first("a").later("b").anyLater("c"), "a b1 b2 c1 c2", "a b1 c1, a b1 c2"),
        PatternCase("relaxed after any", .first("a").anyLater("b").later("c"), "a b1 b2 c1 c2", "a b1 c1, a b2 c1"),
        PatternCase("one event for one stage", .first("ab").later("b"), "b1 b2 b3", "b1 b2, b2 b3"),
        PatternCase("a single stage", .first("a"), "a1 b a2", "a1, a2"),
        PatternCase("a key path as condition", .begin("a", where: \.isA).later("b"), "b1 a b2", "a b2"),
        PatternCase("nothing matches", .first("a").later("b"), "x y z", ""),
    ]

    static let loops = [
        PatternCase(
            "consecutive: others end it", .first("c").later("a").oneOrMore().consecutive().later("b"),
            "c d a1 a2 a3 d a4 b", "c a1 b, c a1 a2 b, c a1 a2 a3 b"),
        PatternCase(
            "relaxed: others are passed over", .first("c").later("a").oneOrMore().later("b"),
            "c d a1 a2 a3 d a4 b", "c a1 b, c a1 a2 b, c a1 a2 a3 b, c a1 a2 a3 a4 b"),
        PatternCase(
            "combinations", .first("c").later("a").oneOrMore().allowCombinations().later("b"), "c d a1 a2 a3 d a4 b",
            "c a1 b, c a1 a2 b, c a1 a3 b, c a1 a4 b, c a1 a2 a3 b, c a1 a2 a4 b, c a1 a3 a4 b, c a1 a2 a3 a4 b"),
        PatternCase(
            "any, consecutive", .first("a").anyLater("b").oneOrMore().consecutive().later("c"), "a b1 d1 b2 d2 b3 c",
            "a b1 c, a b2 c, a b3 c"),
        PatternCase(
            "any, relaxed", .first("a").anyLater("b").oneOrMore().later("c"), "a b1 d1 b2 d2 b3 c",
            "a b1 c, a b1 b2 c, a b1 b2 b3 c, a b2 c, a b2 b3 c, a b3 c"),
        PatternCase(
            "any, combinations", .first("a").anyLater("b").oneOrMore().allowCombinations().later("c"),
            "a b1 d1 b2 d2 b3 c", "a b1 c, a b1 b2 c, a b1 b2 b3 c, a b1 b3 c, a b2 c, a b2 b3 c, a b3 c"),
        PatternCase("a loop begins", .first("a").oneOrMore().later("b"), "a1 a2 b", "a1 b, a1 a2 b, a2 b"),
        PatternCase("a loop ends", .first("a").later("b").oneOrMore(), "a b1 x b2", "a b1, a b1 b2"),
        PatternCase("a loop alone", .first("a").oneOrMore(), "a1 a2", "a1, a1 a2, a2"),
        PatternCase("times", .first("a").times(3), "a1 a2 a3 a4", "a1 a2 a3, a2 a3 a4"),
        PatternCase("times passes over", .first("a").times(2).later("b"), "a1 x a2 b", "a1 a2 b"),
        PatternCase(
            "times, consecutive", .first("c").later("a").times(2).consecutive().later("b"), "c a1 x a2 a3 b", ""),
        PatternCase(
            "times, combinations", .first("c").later("a").times(2).allowCombinations(), "c a1 a2 a3",
            "c a1 a2, c a1 a3"),
        PatternCase(
            "a range", .first("c").later("a").times(2...3).later("b"), "c a1 a2 a3 a4 b", "c a1 a2 b, c a1 a2 a3 b"),
        PatternCase("a range at the end", .first("c").later("a").times(1...2), "c a1 a2 a3", "c a1, c a1 a2"),
        PatternCase(
            "none to two", .first("c").later("a").times(0...2).later("b"), "c a1 a2 b", "c b, c a1 b, c a1 a2 b"),
        PatternCase("at least two", .first("a").times(2...).later("b"), "a1 a2 a3 b", "a1 a2 b, a1 a2 a3 b, a2 a3 b"),
        PatternCase(
            "none or more", .first("c").later("a").times(0...).later("b"), "c a1 a2 b", "c b, c a1 b, c a1 a2 b"),
        PatternCase("optional, there", .first("a").later("b").optional().later("c"), "a b c", "a c, a b c"),
        PatternCase("optional, not there", .first("a").then("b").optional().then("c"), "a c", "a c"),
        PatternCase("optional at the end", .first("a").later("b").optional(), "a x b", "a, a b"),
        PatternCase("optional at the beginning", .first("a").optional().later("b"), "a b1 b2", "a b1, b1, b2"),
        PatternCase(
            "optional times", .first("a").later("b").times(2).optional().later("c"), "a b1 b2 c", "a c, a b1 b2 c"),
        PatternCase("all optional", .first("a").optional().later("b").optional(), "x a b", "a, a b, b"),
    ]

    static let greedy = [
        PatternCase(
            "none or more", .first("c").later("a").oneOrMore().optional().greedy().later("d"), "c a1 a2 a3 d",
            "c a1 a2 a3 d"),
        PatternCase(
            "others in between", .first("c").later("a").oneOrMore().optional().greedy().later("d"),
            "c x a1 x a2 x a3 d", "c a1 a2 a3 d"),
        PatternCase(
            "others after", .first("c").later("a").oneOrMore().optional().greedy().later("d"), "c a1 a2 x d",
            "c a1 a2 d"),
        PatternCase("none there", .first("c").later("a").oneOrMore().optional().greedy().later("d"), "c x d", "c d"),
        PatternCase(
            "before an optional stage",
            .first("c").later("a").oneOrMore().optional().greedy().later("d").optional().later("e"), "c a1 a2 x e",
            "c a1 a2 e"),
        PatternCase(
            "before an optional stage that is there",
            .first("c").later("a").oneOrMore().optional().greedy().later("d").optional().later("e"), "c a1 a2 d e",
            "c a1 a2 e, c a1 a2 d e"),
        PatternCase(
            "one or more", .first("c").later("a").oneOrMore().greedy().later("d"), "c x a1 x a2 x a3 d",
            "c a1 a2 a3 d"),
        PatternCase("one or more, none there", .first("c").later("a").oneOrMore().greedy().later("d"), "c x d", ""),
        PatternCase("a range", .first("c").later("a").times(1...3).greedy().later("d"), "c a1 x a2 d", "c a1 a2 d"),
        PatternCase(
            "what both could take", .first("c").later("a").oneOrMore().greedy().later("ad"), "c a1 a2 d",
            "c a1 a2 d"),
        PatternCase(
            "not greedy, what both could take", .first("c").later("a").oneOrMore().later("ad"), "c a1 a2 d",
            "c a1 a2, c a1 a2 d"),
        PatternCase(
            "at the end it changes nothing", .first("c").later("a").oneOrMore().greedy(), "c a1 a2", "c a1, c a1 a2"),
        PatternCase(
            "before a not at the end", .first("c").later("a").oneOrMore().greedy().never("n").within(100),
            "c a1 x a2 x", "timeout c a1 a2, c a1 a2"),
        PatternCase(
            "until", .first("c").later("a").oneOrMore().greedy().until { $0.number > 3 }.later("d"),
            "c a1 a2 a3 a4 d", "c a1 a2 a3 d"),
        PatternCase(
            "until, at once", .first("c").later("a").oneOrMore().greedy().until { $0.number > 3 }.later("d"),
            "c a4 a1 a2 d", ""),
        PatternCase(
            "until, at once, none there",
            .first("c").later("a").oneOrMore().optional().greedy().until { $0.number > 3 }.later("d"), "c a4 a1 a2 d",
            "c d"),
    ]

    static let until = [
        PatternCase(
            "relaxed", .first("c").later("a").oneOrMore().until { $0.number == 9 }.followedBy("end") { $0.number == 9 },
            "c a1 a2 a9 a3", "c a1 a2 a9, c a1 a9"),
        PatternCase(
            "combinations",
            .first("c").later("a").oneOrMore().allowCombinations().until { $0.number == 9 }
                .followedBy("end") { $0.number == 9 },
            "c a1 a2 a3 a9 a4", "c a1 a2 a3 a9, c a1 a2 a9, c a1 a3 a9, c a1 a9"),
        PatternCase(
            "none or more",
            .first("c").later("a").oneOrMore().optional().until { $0.number == 9 }
                .followedBy("end") { $0.number == 9 },
            "c a1 a2 a9 a3", "c a1 a2 a9, c a1 a9, c a9"),
        PatternCase(
            "any: it holds from the stage's first event on",
            .first("c").anyLater("a").oneOrMore().until { $0.number == 9 }, "c a1 a2 a9 a3",
            "c a1, c a1 a2, c a2, c a3"),
        PatternCase(
            "given the match", .first("c").later("a").oneOrMore().until { $1["a"].count == 2 }, "c a1 a2 a3 a4",
            "c a1, c a1 a2"),
    ]
}
