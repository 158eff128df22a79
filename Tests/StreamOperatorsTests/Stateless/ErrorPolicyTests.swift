import StreamTesting
import Synchronization
import Testing
import Weir

/// A step's function that throws for some records: each policy, each step, each way to run.
@Suite struct ErrorPolicyTests {
    /// What comes out of a step, and what it rejected.
    enum Outcome: Sendable, Hashable {
        case good(String)
        case bad(DeadLetterSummary)
    }

    /// A dead letter without its offset.
    struct DeadLetterSummary: Sendable, Hashable {
        var step: String
        var source: String
        var reason: String
        var text: String
    }

    struct Unlucky: Error {}

    static func check(_ text: String) throws(Unlucky) -> String {
        if isBad(text) { throw Unlucky() }
        return text
    }

    static func isBad(_ text: String) -> Bool { (Int(text) ?? 0) % 7 == 3 }

    private struct Checking: KeyedProcessor {
        typealias Key = String
        typealias Output = String
        mutating func process(_ element: String, _ context: borrowing ProcessContext<Checking>) throws {
            try context.emit(try ErrorPolicyTests.check(element))
        }
    }

    typealias Attach = @Sendable (DataStream<String>, ErrorPolicy) -> (DataStream<String>, DataStream<DeadLetter>)

    /// The steps, each as the stream's only reader and as one of several.
    static let steps: [(name: String, attach: Attach)] = [
        (
            "map",
            { stream, policy in
                let out = stream.map("step", onError: policy) { text throws(Unlucky) in try check(text) }
                return (out, out.deadLetters)
            }
        ),
        (
            "filter",
            { stream, policy in
                let out = stream.filter("step", onError: policy) { text throws(Unlucky) in try !check(text).isEmpty }
                return (out, out.deadLetters)
            }
        ),
        (
            "flatMap",
            { stream, policy in
                let out = stream.flatMap("step", onError: policy) { text throws(Unlucky) in [try check(text)] }
                return (out, out.deadLetters)
            }
        ),
        (
            "inspect",
            { stream, policy in
                let out = stream.inspect("step", onError: policy) { text, _ throws(Unlucky) in _ = try check(text) }
                return (out, out.deadLetters)
            }
        ),
        (
            "assignTimestamps",
            { stream, policy in
                let out = stream.assignTimestamps("step", outOfOrderness: .seconds(1), onError: policy) {
                    Int64(try check($0)) ?? -1
                }
                return (out, out.deadLetters)
            }
        ),
        (
            "keyBy",
            { stream, policy in
                let keyed = stream.keyBy("step", onError: policy) { try check($0) }
                return (keyed.reduce("reduce") { $1 }, keyed.deadLetters)
            }
        ),
        (
            "process",
            { stream, policy in
                let out = stream.keyBy { $0 }.process("step", onError: policy) { _ in Checking() }
                return (out, out.deadLetters)
            }
        ),
        (
            "reduce",
            { stream, policy in
                let out = stream.flatMap { [$0, $0] }.keyBy { $0 }.reduce("step", onError: policy) { try check($1) }
                // Each twice: the first is not combined with anything.
                return (out.filter { !isBad($0) }, out.deadLetters)
            }
        ),
        (
            "join",
            { stream, policy in
                // Each record with itself, so that either arrives.
                let keyed = stream.keyBy { $0 }
                let out = keyed.join("step", keyed, keepFor: nil, onError: policy) { text, _ in try check(text) }
                return (out, out.deadLetters)
            }
        ),
        (
            "broadcast join",
            { stream, policy in
                let out = stream.join(
                    "step", broadcast: stream.filter { _ in false }, by: { $0 }, on: { $0 }, onError: policy
                ) { text, _ in try check(text) }
                return (out, out.deadLetters)
            }
        ),
        (
            "keyed broadcast join",
            { stream, policy in
                let out = stream.keyBy { $0 }.join(
                    "step", broadcast: stream.filter { _ in false }, by: { $0 }, on: { $0 }, onError: policy
                ) { text, _ in try check(text) }
                return (out, out.deadLetters)
            }
        ),
        (
            "after others",
            { stream, policy in
                let out = stream.map { $0 }.filter { _ in true }.flatMap { [$0] }.inspect { _, _ in }.rebalance()
                    .keyBy { $0 }.reduce("all") { $1 }.keyBy { Int($0) }.process("same") { _ in Passing() }
                    .map("step", onError: policy) { try check($0) }
                return (out, out.deadLetters)
            }
        ),
    ]

    private struct Passing: KeyedProcessor {
        typealias Key = Int?
        typealias Output = String
        mutating func process(_ element: String, _ context: borrowing ProcessContext<Passing>) throws {
            try context.emit(element)
        }
    }

    @Test(arguments: steps.indices, [ErrorPolicy.drop, .deadLetter])
    func badRecordsAreTakenOut(step: Int, policy: ErrorPolicy) async throws {
        let texts = (0..<200).map { "\($0)" }
        let (name, attach) = Self.steps[step]
        let copies = name == "reduce" ? 2 : 1
        for readers in [1, 3] {
            let runs: [JobMatrix.Run<Outcome>] = try await JobMatrix(batchSizes: [1, 7, 64]).run { p, sink in
                let stream = p.source(
                    "texts", CollectionSource(splits: [Array(texts[..<90]), Array(texts[90...])]),
                    time: { Int64($0) ?? 0 }, watermarks: .boundedOutOfOrderness(.seconds(1)))
                if readers > 1 { stream.filter("first") { $0.isEmpty }.write("nothing", to: CollectSink()) }
                let (out, letters) = attach(stream, policy)
                // Records keep their timestamps when those before them are gone.
                out.inspect("times") { text, time in if Int64(text) != time { throw TestFault() } }
                    .map("good") { .good($0) }.write("good sink", to: sink)
                letters.map("bad") {
                    .bad(
                        DeadLetterSummary(
                            step: $0.step, source: $0.source, reason: $0.reason,
                            text: String(decoding: $0.bytes, as: UTF8.self)))
                }
                .write("bad sink", to: sink)
                if readers > 1 { stream.map("last") { $0 + "!" }.write("rest", to: CollectSink()) }
            }
            var expected: [Outcome: Int] = [:]
            var rejected = 0
            for (index, text) in texts.enumerated() {
                if Self.isBad(text) {
                    rejected += 1
                    guard policy == .deadLetter else { continue }
                    let source = index < 90 ? "0" : "1"
                    expected[
                        .bad(DeadLetterSummary(step: "step", source: source, reason: "Unlucky()", text: text))] = 1
                } else {
                    expected[.good(text)] = copies
                }
            }
            for run in runs {
                let got = Dictionary(run.elements.map { ($0, 1) }, uniquingKeysWith: +)
                #expect(got == expected, "\(name), \(readers) readers, \(run.variant)")
                #expect(run.status["step"]?.rejected == rejected, "\(name), \(readers) readers, \(run.variant)")
            }
        }
    }

    /// Dead letters of a late step tell the position at which the record's batch was read.
    @Test(arguments: [1, 2]) func originsComeThrough(parallelism: Int) async throws {
        let texts = (0..<200).map { "\($0)" }
        for step in Self.steps {
            let sink = CollectSink<DeadLetter>()
            let pipeline = try Pipeline("origins") { p in
                let stream = p.source(
                    "texts", CollectionSource(splits: [Array(texts[..<90]), Array(texts[90...])]),
                    time: { Int64($0) ?? 0 }, watermarks: .boundedOutOfOrderness(.seconds(1)))
                let (out, letters) = step.attach(stream, .deadLetter)
                out.write("good", to: CollectSink())
                letters.write("bad", to: sink)
            }
            try await pipeline.run(JobMatrix.Variant(parallelism: parallelism, batchSize: 8, seed: 3).options)
            #expect(sink.elements.count == texts.filter(Self.isBad).count)
            for letter in sink.elements {
                let number = Int64(String(decoding: letter.bytes, as: UTF8.self)) ?? -1
                let index = number < 90 ? number : number - 90
                #expect(letter.source == (number < 90 ? "0" : "1"), "\(step.name), \(letter)")
                #expect(letter.offset == index / 8 * 8, "\(step.name), \(letter)")
            }
        }
    }

    @Test func otherRecordsGetTheirEncoding() async throws {
        struct Plain: Sendable { var name = "n" }
        let sink = CollectSink<DeadLetter>()
        let pipeline = try Pipeline("encodings") { p in
            let numbers = p.source("numbers", CollectionSource([300]))
            for letters in [
                numbers.map("state", onError: .deadLetter) { _ -> Int in throw Unlucky() }.deadLetters,
                numbers.map("make") { _ in Plain() }
                    .map("text", onError: .deadLetter) { _ -> Int in throw Unlucky() }.deadLetters,
                numbers.map("bytes") { [UInt8($0 - 200)] }
                    .filter("original", onError: .deadLetter) { _ in throw Unlucky() }.deadLetters,
            ] { letters.write(letters.step + " sink", to: sink) }
        }
        try await pipeline.run(JobMatrix.Variant(parallelism: 1, batchSize: 8, seed: 3).options)
        let letters = sink.elements.sorted { $0.step < $1.step }
        #expect(letters.map(\.step) == ["original", "state", "text"])
        #expect(letters.map(\.encoding) == [.original, .state, .text])
        #expect(letters.first?.bytes == [100])
        #expect(letters.last.map { String(decoding: $0.bytes, as: UTF8.self) } == "Plain(name: \"n\")")
        var decoder = StateDecoder(letters.count > 1 ? letters[1].bytes : [])
        #expect(try StateCodec<Int>.automatic.decode(&decoder) == 300)
    }

    /// A failure further down is no fault of the record at hand.
    @Test func failuresDownstreamPassThroughPolicies() async throws {
        for step in Self.steps {
            let pipeline = try Pipeline("downstream") { p in
                let stream = p.source(
                    "texts", CollectionSource(["0", "1"]), time: { Int64($0) ?? 0 }, watermarks: .monotonous())
                step.attach(stream, .drop).0.map("fails") { _ -> Int in throw TestFault() }
                    .write("sink", to: CollectSink())
            }
            let error = await #expect(throws: JobError.self) {
                try await pipeline.run(JobMatrix.Variant(parallelism: 1, batchSize: 1, seed: 3).options)
            }
            #expect(error?.step == "fails", "\(step.name)")
        }
    }

    /// What a processor emitted and changed before it threw stays; its timers have the policy too.
    @Test func effectsBeforeAnErrorStay() throws {
        for policy in [ErrorPolicy.drop, .deadLetter] {
            let input = TestInput<Commands>("commands")
            let log = OutputLog<String>()
            let letters = OutputLog<DeadLetter>()
            let test = try TestPipeline { p in
                let out = p.input(input).keyBy { $0.key }.process("puppet", onError: policy) { try Puppet($0) }
                out.logged("log", in: log)
                out.deadLetters.logged("letters", in: letters)
            }
            input.play(puppetScript("a:+3,x@10,!,+4 a:+5 a:fail@9,~fail@9 w10"))
            try test.settle()
            #expect(log.take() == ["a-fail@9=8", "a-x@10=8"])
            try test.advanceProcessingTime(to: 9)
            #expect(log.take() == ["a-fail~9=8"])
            #expect(test.status["puppet"]?.rejected == 3)
            let texts = letters.take().map { String(decoding: $0.bytes, as: UTF8.self) }.dropFirst()
            #expect(
                Array(texts) == (policy == .drop ? [] : ["timer fail of key a at 9", "timer fail of key a at 9"]))
        }
    }

    struct Shifting: StreamKey {
        var text: String
        var salt: Int
        static func == (a: Self, b: Self) -> Bool { a.text == b.text }
        func hash(into hasher: inout Hasher) { hasher.combine(text) }
        var stableHash: UInt64 { StableHash.combine(text.stableHash, salt.stableHash) }
    }

    @Test(arguments: [1, 2]) func keysThatChangeAreFound(parallelism: Int) async throws {
        let calls = Mutex(0)
        @Sendable func count() -> Int {
            calls.withLock {
                $0 += 1
                return $0
            }
        }
        let source = CollectionSource(["a", "b"])
        let keys = try Pipeline("keys") { p in
            p.source("texts", source).keyBy("by call") { _ in count() }.reduce("reduce") { $1 }
                .write("sink", to: CollectSink())
        }
        let hashes = try Pipeline("hashes") { p in
            p.source("texts", source).keyBy("by call") { Shifting(text: $0, salt: count()) }.reduce("reduce") { $1 }
                .write("sink", to: CollectSink())
        }
        for (pipeline, words) in [(keys, "is 1, and 2 when asked"), (hashes, "with another stableHash")] {
            let error = await #expect(throws: JobError.self) {
                try await pipeline.run(JobMatrix.Variant(parallelism: parallelism, batchSize: 8, seed: 3).options)
            }
            #expect(error?.step == "by call")
            #expect(error?.message.contains(words) == true, "\(error as Any)")
        }
    }
}
