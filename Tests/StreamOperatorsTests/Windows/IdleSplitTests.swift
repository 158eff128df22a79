import StreamTesting
import Testing
import Weir

/// Windows over two splits of which one goes idle and comes back.
@Suite struct IdleSplitTests {
    @Test(arguments: [1, 2, 3], [false, true]) func windowsWaitForSplitsThatAreNotIdle(
        parallelism: Int, restarts: Bool
    ) throws {
        let input = TestInput<Event>("events", splits: 2)
        let late = SideOutput<Event>("late")
        let log = OutputLog<String>()
        let test = try TestPipeline(parallelism: parallelism) { p in
            let panes = p.input(input).keyBy { $0.key }
                .window(.tumbling(.milliseconds(10)), late: .sideOutput(late)).aggregate("windows", CollectIDs())
            panes.map { text($0) }.union("all", panes.sideOutput(late).map { "late \($0.id)" })
                .global("one").logged("log", in: log)
        }
        func step(_ split: Int, _ steps: String, _ firstID: Int = 0, gives expected: [String]) throws {
            input.play(script(steps, firstID: firstID), split: split)
            try test.settle()
            #expect(log.take() == expected, "split \(split): \(steps)")
            if restarts { try test.restart() }
        }
        try step(0, "a@5 w9", gives: [])
        // Split 1 has not said anything: it holds the watermark back.
        try step(1, "a@3 w2", 1, gives: [])
        try step(1, "idle", gives: ["a[0,10)=0+1"])
        try step(0, "a@15 w19", 2, gives: ["a[10,20)=2"])
        // It is back with records that are late by now, and others that are not.
        try step(1, "a@7 a@25", 3, gives: ["late 3"])
        // Until it has caught up it holds nothing back.
        try step(1, "w12", gives: [])
        try step(0, "a@29 w29", 5, gives: ["a[20,30)=4+5"])
        try step(1, "w35", gives: [])
        // From now on it counts again.
        try step(0, "a@31 w60", 6, gives: [])
        try step(1, "w39", gives: ["a[30,40)=6"])
        // When the last one goes idle the watermark is the highest of them.
        try step(0, "a@55", 7, gives: [])
        try step(0, "idle", gives: [])
        try step(1, "idle", gives: ["a[50,60)=7"])
    }
}
