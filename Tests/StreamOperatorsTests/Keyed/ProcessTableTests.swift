import StreamTesting
import Testing
import Weir

@Suite struct ProcessTableTests {
    private static let harness = OperatorHarness<Commands, String> {
        $0.keyBy { $0.key }.process("puppet") { try Puppet($0) }
    }

    @Test(arguments: [
        ("a:x@10 w9 w10 w11", "w9 a-x@10 w10 w11 end"),
        ("a:x@10,y@12 b:x@11 w20", "a-x@10 a-y@12 b-x@11 w20 end"),
        ("a:x@10 a:x@10 w10", "a-x@10 w10 end"),
        ("a:x@10 a:x@20 w19 w20", "w19 a-x@20 w20 end"),
        ("a:x@20 a:x@10 w10 w20", "a-x@10 w10 w20 end"),
        ("a:x@10 a:x@20 a:x@10 w30", "a-x@10 w30 end"),
        ("a:x@10 a:-x w10", "w10 end"),
        ("a:-x a:x@10,-y w10", "a-x@10 w10 end"),
        ("a:x@10,-x,x@12 w11 w12", "w11 a-x@12 w12 end"),
        ("a:x@10 b:-x w10", "a-x@10 w10 end"),
        ("w9 a:x@5 w9 w10", "w9 a-x@5 w10 end"),
        ("w9 a:x@9", "w9 a-x@9 end"),
        ("a:z@30,x@10,y@20 w100", "a-x@10 a-y@20 a-z@30 w100 end"),
        ("a:p@7,q@7,r@7 w7", "a-p@7 a-q@7 a-r@7 w7 end"),
        ("a:r@7,q@7,p@7 w7", "a-r@7 a-q@7 a-p@7 w7 end"),
        ("a:p@7,q@7 a:p@8 a:p@7 w7", "a-q@7 a-p@7 w7 end"),
        ("a:p@7,q@7 a:-p a:p@7 w7", "a-q@7 a-p@7 w7 end"),
        ("a:p@7,q@7 a:p@7 w7", "a-p@7 a-q@7 w7 end"),
        ("a:ping@10 w25", "a-ping@10 a-pong@20 w25 a-ping@30 a-pong@40 end"),
        ("a:behind@200", "a-behind@200 a-x@100 end"),
        ("a:chain1@10,x@15,y@25 w100", "a-chain1@10 a-x@15 a-chain2@20 a-y@25 a-chain3@30 w100 end"),
        ("a:chain1@10 w10 w19 w20", "a-chain1@10 w10 w19 a-chain2@20 w20 a-chain3@30 end"),
        ("a:again@10 w25 w30", "a-again@10 a-again@20=1 w25 a-again@30=2 w30 a-again@40=3 end"),
        ("a:past@200 w200", "a-past@200 w200 a-past@100=1 end"),
        ("a:killer@10,victim@20 w100", "a-killer@10 w100 end"),
        ("a:killer@10,victim@10 w100", "a-killer@10 w100 end"),
        ("a:+3,x@10 b:+4,x@10 c:x@10 w10", "a-x@10=3 b-x@10=4 c-x@10 w10 end"),
        ("a:x@-5 w-6 w-5", "w-6 a-x@-5 w-5 end"),
        ("a:x@10 b:y@20", "a-x@10 b-y@20 end"),
        ("a:x@9223372036854775807,y@-9223372036854775808", "a-y@-9223372036854775808 a-x@9223372036854775807 end"),
        ("w5", "w5 end"),
    ])
    func timersGoOff(input: String, output: String) async throws {
        for batchSize in [1, 2, 1_024] {
            let result = try await Self.harness.run(puppetScript(input), batchSize: batchSize)
            let expected = output.split(separator: " ").map(String.init)
            #expect(words(result.events) == expected, "batches of \(batchSize)")
        }
        // Without what comes between two inputs and doesn't have to.
        let records = output.split(separator: " ").filter { $0.contains("-") && !$0.hasPrefix("w") }.map(String.init)
        for restarts in [[1], [2], [2, 1, 4]] {
            let played = try playPuppet(input, restarts: restarts).split(separator: " ").map(String.init)
            #expect(played.filter { $0.contains("-") && !$0.hasPrefix("w") } == records, "restarts \(restarts)")
        }
    }

    @Test func timersOfAllKeysGoOffInTheOrderOfTime() async throws {
        let result = try await Self.harness.run(puppetScript("c:x@3 a:x@30 b:x@10 a:y@1 d:x@20 w50"))
        #expect(result.records == ["a-y@1", "c-x@3", "b-x@10", "d-x@20", "a-x@30"])
        let times = result.events.compactMap { if case .record(_, let time) = $0 { time } else { nil } }
        #expect(times == [1, 3, 10, 20, 30])
    }

    @Test func sideOutputsCarryTheirOwnType() async throws {
        let runs: [JobMatrix.Run<String>] = try await JobMatrix().run { p, sink in
            let puppet = p.script("script", [puppetScript("a:>one,side@10 b:>two w10 a:>three,x@20")])
                .keyBy { $0.key }.process("puppet") { try Puppet($0) }
            puppet.write("out", to: sink)
            puppet.sideOutput(Puppet.side).map { "side \($0)" }.write("side", to: sink)
        }
        for run in runs {
            #expect(
                run.elements.sorted() == [
                    "a-side@10", "a-x@20", "side a one", "side a three", "side a timer", "side b two",
                ],
                "\(run.variant)")
        }
    }

    @Test func aSideOutputThatNobodyReadsIsDropped() async throws {
        let result = try await Self.harness.run(puppetScript("a:>one,x@10"))
        #expect(result.records == ["a-x@10"])
    }

    @Test func aSideOutputOfAnotherTypeIsRefused() async throws {
        let harness = OperatorHarness<Commands, Int> {
            $0.keyBy { $0.key }.process("puppet") { try Puppet($0) }.sideOutput(SideOutput<Int>("side"))
        }
        let error = await #expect(throws: JobError.self) { try await harness.run(puppetScript("a:>one")) }
        #expect(error?.step == "puppet")
        #expect(error?.message.contains("side output 'side' holds String, but is read as Swift.Int") == true)
    }

    @Test(arguments: ["a:x@1 a:!", "a:fail@10 w10", "a:fail@10"])
    func errorsNameTheStep(input: String) async throws {
        let error = await #expect(throws: JobError.self) { try await Self.harness.run(puppetScript(input)) }
        #expect(error?.code == .stepFailed)
        #expect(error?.step == "puppet")
        #expect(error?.cause is TestFault)
    }

    @Test func theContextTellsTimeAndWatermark() async throws {
        struct Teller: KeyedProcessor {
            typealias Key = Int
            typealias Output = String

            mutating func process(_ input: Int, _ context: borrowing ProcessContext<Teller>) throws {
                context.setTimer(true, at: context.timestamp + 5)
                try context.emit(
                    "\(context.key) \(context.timestamp) \(context.watermark == .min ? -1 : context.watermark)")
            }
            mutating func onTimer(_ id: Bool, at time: Timestamp, _ context: borrowing ProcessContext<Teller>) throws {
                try context.emit("timer \(context.timestamp) \(context.watermark == .max ? -2 : context.watermark)")
            }
        }
        let harness = OperatorHarness<Int, String> { $0.keyBy { $0 }.process("teller") { _ in Teller() } }
        let result = try await harness.run([.watermark(0), .record(7, at: 3), .watermark(20), .record(8, at: 30)])
        #expect(result.records == ["7 3 0", "timer 8 20", "8 30 20", "timer 35 -2"])
    }
}
