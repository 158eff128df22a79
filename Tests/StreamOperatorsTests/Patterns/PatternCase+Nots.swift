import Weir

extension PatternCase {
    static let nots = [
        PatternCase("not next", .first("a").notThen("b").anyLater("c").later("d"), "a c1 b c2 d", "a c1 d, a c2 d"),
        PatternCase("not next, but there", .first("a").notThen("b").later("c").later("d"), "a b c1 c2 d", ""),
        PatternCase(
            "not next, last, but there", .first("a").anyLater("c").anyLater("d").notThen("b"), "a c1 c2 d b", ""),
        PatternCase("not next, last", .first("a").notThen("b"), "a1 b a2 x a3", "a2"),
        PatternCase(
            "not next before a loop's end", .first("a").later("b").oneOrMore().notThen("c").later("d"),
            "a b1 c b2 d", ""),
        PatternCase(
            "not next after any of a loop", .first("a").anyLater("b").oneOrMore().notThen("c").later("d"),
            "a b1 c b2 d", "a b2 d"),
        PatternCase(
            "two nots next", .first("a").notThen("b").notThen("c").later("d"), "a1 b d1 a2 c d2 a3 x d3", "a3 d3"),
        PatternCase("never", .first("a").never("b").anyLater("c").later("d"), "a c1 b c2 d", "a c1 d"),
        PatternCase(
            "never, with two beginnings", .first("a").never("b").later("c").later("d"), "a1 b c1 a2 c2 d",
            "a2 c2 d"),
        PatternCase("two nevers", .first("a").never("b").never("c").later("d"), "a1 b d1 a2 c d2 a3 x d3", "a3 d3"),
        PatternCase(
            "never before an optional stage", .first("a").never("b").anyLater("c").optional().later("d"),
            "a c1 b c2 d", "a c1 d"),
        PatternCase(
            "never before an optional end", .first("a").never("b").anyLater("c").optional(), "a c1 b c2",
            "a c1, a"),
        PatternCase(
            "never before optional times", .first("a").never("b").anyLater("c").times(2).optional().later("d"),
            "a c1 b c2 d", "a c1 c2 d"),
        PatternCase(
            "never before optional times that are skipped",
            .first("a").never("b").anyLater("c").times(2).optional().later("d"), "a d1 e b c1 c2 d2", "a d1"),
        PatternCase("never between times", .first("a").anyLater("b").times(2).never("c").later("d"), "a b1 c b2 d", ""),
        PatternCase(
            "never after times", .first("a").anyLater("b").times(2).never("c").later("d"), "a d1 e b1 b2 c d2", ""),
        PatternCase(
            "never after a loop, relaxed", .first("a").later("b").oneOrMore().never("c").later("d"),
            "a b1 b2 b3 c b4 b5 b6 d", ""),
        PatternCase(
            "never after a loop, any", .first("a").anyLater("b").oneOrMore().never("c").later("d"),
            "a b1 b2 b3 c b4 b5 b6 d",
            "a b4 b5 b6 d, a b4 b5 d, a b4 d, a b5 b6 d, a b5 d, a b6 d"),
        PatternCase(
            "never after combinations",
            .first("a").anyLater("b").oneOrMore().allowCombinations().never("c").later("d"), "a b1 b2 b3 c b4 b5 b6 d",
            "a b4 b5 b6 d, a b4 b5 d, a b4 b6 d, a b4 d, a b5 b6 d, a b5 d, a b6 d"),
        PatternCase(
            "never before a loop", .first("a").never("c").anyLater("b").oneOrMore().later("d"),
            "a b1 c b4 b5 b6 d", "a b1 b4 b5 b6 d, a b1 b4 b5 d, a b1 b4 d, a b1 d"),
        PatternCase(
            "never before combinations",
            .first("a").never("c").later("b").oneOrMore().allowCombinations().later("d"), "a b1 c b4 b5 b6 d",
            "a b1 b4 b5 b6 d, a b1 b4 b6 d, a b1 b4 b5 d, a b1 b4 d, a b1 b5 b6 d, a b1 b5 d, a b1 b6 d, a b1 d"),
        PatternCase(
            "never before none or more",
            .first("a").never("c").later("b").oneOrMore().optional().later("d"), "a b1 c b4 b5 b6 d",
            "a b1 b4 b5 b6 d, a b1 b4 b5 d, a b1 b4 d, a b1 d"),
        PatternCase(
            "never before a range, none in it", .first("a").never("c").later("b").times(1...3).later("d"),
            "a b1 x c x c b2 d", "a b1 d, a b1 b2 d"),
        PatternCase(
            "never after a range, passed over", .first("a").later("b").times(1...2).never("c").later("d"),
            "a b1 x c b2 d", ""),
        PatternCase("never, last", .first("a").never("b").within(3), "a1@1 b1@2 a2@4 c@5 b2@10 a3@11 b3@13", "a2"),
        PatternCase("never, last: at the deadline it may be", .first("a").never("b").within(3), "a@1 b@4", "a"),
        PatternCase("never, last: before the deadline not", .first("a").never("b").within(3), "a@1 b@3", ""),
        PatternCase(
            "never, last, after a loop", .first("a").oneOrMore().never("b").within(9), "a1 a2", "a1, a1 a2, a2"),
        PatternCase(
            "never, last, twice", .first("a").never("b").never("c").within(3), "a1@1 b@2 a2@11 c@12 a3@21 x@22",
            "a3"),
        PatternCase(
            "never, last, after not next", .first("a").notThen("b").never("c").within(9),
            "a1@1 b@2 a2@21 x@22 c@23 a3@41 x@42 b@43 a4@61", "a3, a4"),
        PatternCase(
            "never before times in a window", .first("a").never("b").later("c").times(0...2).within(3),
            "a1@1 b1@2 a2@10 c1@11 c2@12 a3@20 c3@21 c4@24",
            "a1, a2, a2 c1, a2 c1 c2, a3, a3 c3, timeout a3 c3"),
    ]

    static let windows = [
        PatternCase("just inside", .first("a").later("b").within(10), "a@1 b@10", "a b"),
        PatternCase("at the bound is outside", .first("a").later("b").within(10), "a@1 b@11", "timeout a"),
        PatternCase(
            "the deadline counts from the first event", .first("a").later("b").later("c").within(10),
            "a@1 b@9 c@11", "timeout a b"),
        PatternCase("each has its own", .first("a").later("b").within(10), "a1@1 a2@5 b@11", "timeout a1, a2 b"),
        PatternCase("the shortest counts", .first("a").within(5).later("b").within(9), "a@1 b@6", "timeout a"),
        PatternCase(
            "a loop times out", .first("a").oneOrMore().later("b").within(5), "a1@1 a2@2 b1@20",
            "timeout a1 a2, timeout a1, timeout a2"),
        PatternCase("negative times", .first("a").later("b").within(10), "a@-20 b@-11 a2@-5 b2@5", "a b, timeout a2"),
        PatternCase("not next times out", .first("a").notThen("b").within(10), "a@1 x@11", "timeout a"),
    ]

    static let iterative = [
        PatternCase(
            "the events of a stage",
            .first("a").later("b").oneOrMore().followedBy("c") {
                $0.letter == "c" && $0.number == $1["b"].count
            }, "a b1 b2 c2", "a b1 b2 c2"),
        PatternCase(
            "rising numbers", .first("a").followedBy("b") { $0.number > ($1.last?.number ?? 0) }.times(2),
            "a1 x0 a3 a2 a5 a6", "a1 a3 a5, a3 a5 a6, a2 a5 a6"),
        PatternCase(
            "of itself", .begin("a") { $0.letter == "a" && $1["a"].count < 2 }.oneOrMore(), "a1 a2 a3",
            "a1, a1 a2, a2, a2 a3, a3"),
        PatternCase(
            "no event before the first", .begin("a") { $0.letter == "a" && $1.last == nil && $1.start == nil },
            "a1 a2", "a1, a2"),
        PatternCase(
            "time since the start",
            .first("a").followedBy("b") {
                $0.letter == "b" && $0.time - ($1.start ?? 0) > 3 && $1.elements.count == 1
            }, "a@1 b1@3 b2@5", "a b2"),
        PatternCase(
            "not, given the match",
            .first("a").notFollowedBy("n") { $0.number == $1["a"].first?.number }
                .later("b"), "a1 x1 b1 a2 x1 b2", "a2 b2"),
    ]

    /// With these the order is fixed.
    static let skips = [
        PatternCase("no skip", .first("a").times(3), "a1 a2 a3 a4 a5 a6", "a1 a2 a3, a2 a3 a4, a3 a4 a5, a4 a5 a6"),
        PatternCase(
            "past the last", .first("a").times(3).afterMatch(.skipPastLastEvent), "a1 a2 a3 a4 a5 a6",
            "a1 a2 a3, a4 a5 a6"),
        PatternCase(
            "to the next, any", .first("a").anyLater("b").afterMatch(.skipToNext), "a1 b1 a2 b2", "a1 b1, a2 b2"),
        PatternCase(
            "no skip, a loop at the end", .first("a").then("b").oneOrMore(), "a b1 b2 b3",
            "a b1, a b1 b2, a b1 b2 b3"),
        PatternCase(
            "to the next, a loop at the end", .first("a").then("b").oneOrMore().afterMatch(.skipToNext),
            "a b1 b2 b3", "a b1"),
        PatternCase(
            "to the first",
            .first("ab").times(2).next("end", where: of("ab")).times(2)
                .afterMatch(.skipToFirst("end")), "a1 b2 a3 b4 a5 b6", "a1 b2 a3 b4, a3 b4 a5 b6"),
        PatternCase(
            "to the last",
            .first("ab").times(2).next("end", where: of("ab")).times(2)
                .afterMatch(.skipToLast("end")), "a1 b2 a3 b4 a5 b6 a7", "a1 b2 a3 b4, b4 a5 b6 a7"),
        PatternCase(
            "past the last, many",
            .first("a").anyLater("b").anyLater("c").later("d")
                .afterMatch(.skipPastLastEvent), "a1 a2 b1 b2 c1 c2 d1 d2", "a1 b1 c1 d1"),
        PatternCase(
            "past the last, after a dead end", .first("a").then("b").afterMatch(.skipPastLastEvent), "a1 c a2 b2",
            "a2 b2"),
        PatternCase(
            "to the first, before it nothing",
            .first("x").oneOrMore().optional().then("b").then("c")
                .afterMatch(.skipToFirst("b")), "b1 c1 b2 c2", "b1 c1, b2 c2"),
        PatternCase(
            "to the first, of a loop",
            .first("a").then("b").oneOrMore().consecutive()
                .afterMatch(.skipToFirst("b")), "a1 b1 a2 b2 b3 a3 b4", "a1 b1, a2 b2, a3 b4"),
        PatternCase(
            "to the last, of a loop",
            .first("a").then("b").oneOrMore().consecutive()
                .afterMatch(.skipToLast("b")), "a1 b1 a2 b2 b3 a3 b4", "a1 b1, a2 b2, a3 b4"),
        PatternCase(
            "to a stage without events",
            .first("a").then("b").oneOrMore().optional().consecutive().then("c")
                .afterMatch(.skipToFirst("b")), "a c", "a c"),
        PatternCase("greedy, past the last", greedyLoop.afterMatch(.skipPastLastEvent), "a1 a2 a3 b", "a1 a2 a3 b"),
        PatternCase("greedy, to the last", greedyLoop.afterMatch(.skipToLast("a")), "a1 a2 a3 b", "a1 a2 a3 b, a3 b"),
        PatternCase(
            "greedy, to the first", greedyLoop.afterMatch(.skipToFirst("a")), "a1 a2 a3 b",
            "a1 a2 a3 b, a2 a3 b, a3 b"),
        PatternCase(
            "greedy, to the next", greedyLoop.afterMatch(.skipToNext), "a1 a2 a3 b", "a1 a2 a3 b, a2 a3 b, a3 b"),
        PatternCase("greedy, no skip", greedyLoop, "a1 a2 a3 b", "a1 a2 a3 b, a2 a3 b, a3 b"),
        PatternCase(
            "to the first, discarding",
            .first("ac").followedBy("bc", where: of("bc")).later("c").oneOrMore()
                .greedy().later("d").afterMatch(.skipToFirst("c")), "a b c1 c2 c3 d", "a b c1 c2 c3 d, c1 c2 c3 d"),
        PatternCase(
            "an earlier beginning goes first",
            .first("a").later("c").followedBy("b") {
                $0.letter == "b" && $0.number == $1["a"].first?.number
            }.afterMatch(.skipToFirst("c")), "a2 c1 a1 c2 b1 b2", "a2 c1 b2, a1 c2 b1"),
        PatternCase(
            "held back until the deadline",
            .first("a").followedBy("b") {
                $0.letter == "b" && $0.number == $1["a"].first?.number
            }.within(9).afterMatch(.skipPastLastEvent), "a1@1 a2@2 b2@3 x@20", "timeout a1, a2 b2"),
        PatternCase(
            "held back until the end",
            .first("a").followedBy("b") {
                $0.letter == "b" && $0.number == $1["a"].first?.number
            }.afterMatch(.skipPastLastEvent), "a1 a2 b2 x", "a2 b2"),
        PatternCase(
            "at the deadline",
            .first("a").oneOrMore().allowCombinations().later("c").never("b").within(5)
                .afterMatch(.skipPastLastEvent), "a1@1 a2@2 a3@3 c1@4 c2@10", "a1 a2 a3 c1"),
    ]

    private static var greedyLoop: Pattern<Mark> { .first("a").oneOrMore().consecutive().greedy().then("b") }
}
