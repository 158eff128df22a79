import Testing

/// Each rule finds what it is there to find, and nothing else.
@Suite struct RuleTests {
    private func lines(_ rule: some SourceRule, _ text: String, at path: String = "Sources/StreamCore/X.swift") -> [Int]
    {
        rule.violations(in: SourceFile(path: path, text: text)).map(\.line)
    }

    @Test(arguments: [("a\nb\nc\n", false), ("a\nb\nc", false), ("a\nb\nc\nd\n", true), ("", false)])
    func lengthCountsLines(text: String, isTooLong: Bool) {
        #expect(lines(LengthRule(limit: 3), text) == (isTooLong ? [0] : []))
    }

    @Test(arguments: [
        ("import StateBackend", true),
        ("public import StateBackend", true),
        ("internal import Synchronization", true),
        ("// import Weir", true),
        ("let text = \"\"\"\nimport Weir\n\"\"\"", true),
        ("important(Weir)", true),
        ("import Weir", false),
        ("    public import Weir", false),
        ("@_exported public import Weir", false),
        ("@preconcurrency import Weir // why", false),
        ("import struct Weir.Pipeline", false),
        ("package import Weir.Sub", false),
        ("import Foundation", false),
    ])
    func importsFollowTheArrows(line: String, isAllowed: Bool) {
        #expect(lines(ImportRule(), line) == (isAllowed ? [] : [1]))
    }

    @Test(arguments: [
        ("Sources/StateBackend/Keys/X.swift", [1]),
        ("Sources/StreamCore/Runtime/X.swift", []),
        ("Sources/Unheard/X.swift", [0]),
        ("Benchmarks/Sources/Workloads/X.swift", [1]),
        ("Benchmarks/Sources/Unheard/X.swift", [0]),
        ("Tests/StateBackendTests/X.swift", []),
        ("Tests/ConsumerPackage/Sources/Consumer/main.swift", []),
        ("Benchmarks/Package.swift", []),
    ])
    func importsDependOnTheModule(path: String, violations: [Int]) {
        #expect(lines(ImportRule(), "import Logging", at: path) == violations)
    }

    @Test func importsHaveNoCycle() {
        var rest = Project.imports
        while let (module, _) = rest.first(where: { $0.value.allSatisfy { rest[$0] == nil } }) {
            rest[module] = nil
        }
        #expect(rest.keys.sorted() == [])
    }

    private static let banned = BannedCallRule(
        "test", tokens: ["print(", "as!", "Task.sleep", "random(in:"], unlessLineHas: "using:", in: ["Sources/"],
        instead: "nothing", allowed: ["Sources/Runner/": "a program", "Sources/Core/Console.swift": "its purpose"])

    @Test(arguments: [
        ("print(1)", true),
        ("x.map { print($0) }", true),
        ("Swift.print(1)", true),
        ("\"\\(a as! B)\"", true),
        ("let y = x as! B", true),
        ("try await Task.sleep(for: .seconds(1))", true),
        ("Int.random(in: 0..<3)", true),
        ("Int.random(in: 0..<3, using: &generator)", false),
        ("debugPrint(1); blueprint(1)", false),
        ("// print(1)", false),
        ("log(\"print(1)\")", false),
        ("Task.sleeping", false),
        ("x as B", false),
    ])
    func bannedCallsAreFoundInCode(line: String, isBanned: Bool) {
        #expect(lines(Self.banned, "let a = 1\n" + line) == (isBanned ? [2] : []))
    }

    @Test(arguments: [
        ("Sources/Core/X.swift", true),
        ("Sources/Core/Console.swift", false),
        ("Sources/Core/ConsoleX.swift", true),
        ("Sources/Runner/Deep/X.swift", false),
        ("Sources/RunnerX/X.swift", true),
        ("Tests/CoreTests/X.swift", false),
    ])
    func bannedCallsDependOnTheFile(path: String, isBanned: Bool) {
        #expect(lines(Self.banned, "print(1)", at: path) == (isBanned ? [1] : []))
    }

    /// One example per line of the project's table, in a file that no allowance names.
    @Test(arguments: [
        "Date()", "Date.now", "ContinuousClock().now", "SuspendingClock.now", "DispatchTime.now()",
        "clock_gettime(CLOCK_REALTIME, &t)", "gettimeofday(&t, nil)", "weir_wall_ms()", "weir_monotonic_ns()",
        "Task.sleep(for: d)", "Thread.sleep(forTimeInterval: 1)", "usleep(1)", "nanosleep(&t, nil)",
        "SystemRandomNumberGenerator()", "Int.random(in: 0..<9)", "Bool.random()", "a.randomElement()", "a.shuffled()",
        "a.shuffle()", "print(a)", "debugPrint(a)", "fatalError()", "try! f()", "a as! B", "JSONDecoder()",
        "JSONEncoder()", "JSONSerialization.jsonObject(with: d)",
    ])
    func theProjectBans(line: String) {
        #expect(Project.bannedCalls.contains { lines($0, line) == [1] })
    }

    @Test(arguments: [
        ("final class A: @unchecked Sendable {}", [1]),
        ("/// Invariant: one owner.\nfinal class A: @unchecked Sendable {}", []),
        ("/// Invariants (1) one owner.\n\n\nnonisolated(unsafe) var a = 1", []),
        ("let a = \"Invariant\"\nfinal class A: @unchecked Sendable {}", [2]),
        ("// Invariant\n1\n2\n3\nnonisolated(unsafe) var a = 1", [5]),
        ("// says @unchecked Sendable", []),
    ])
    func uncheckedNeedsAnInvariantNearby(text: String, violations: [Int]) {
        let rule = UncheckedRule(allowed: ["Sources/StreamCore/X.swift": "a test"], reach: 3)
        #expect(lines(rule, text) == violations)
    }

    @Test func uncheckedNeedsAListedFile() {
        let rule = UncheckedRule(allowed: ["Sources/StreamCore/Y.swift": "a test"])
        #expect(lines(rule, "// Invariant\nfinal class A: @unchecked Sendable {}") == [2])
    }

    @Test(arguments: OpenEndRule.words)
    func openEndsAreFoundInComments(word: String) {
        #expect(lines(OpenEndRule(), "let a = 1 // \(word): b") == [1])
        #expect(lines(OpenEndRule(), "/* a\n \(word)(name) */") == [2])
        #expect(lines(OpenEndRule(), "let \(word) = \"\(word)\" // \(word)S") == [])
    }

    @Test(arguments: [
        ("[a](guide.md)", true),
        ("[a](./guide.md#part), [b](../README.md \"title\")", true),
        ("[a](internals/)", true),
        ("[a](https://swift.org), [b](mailto:a@b.c), [c](#part)", true),
        ("`[a](missing.md)`", true),
        ("```\n[a](missing.md)\n```", true),
        ("[a](<with space.md>), [b](with%20space.md)", true),
        ("text (missing.md)", true),
        ("[a](missing.md)", false),
        ("[a](guide.md) and [b](missing.md#part)", false),
        ("```\ncode\n```\n[a](missing.md)", false),
        ("![a](missing.png)", false),
        ("[a]: missing.md", false),
        ("[a](../../outside.md)", false),
        ("[a](/Docs/guide.md)", false),
        ("[`code`](missing.md)", false),
    ])
    func linksResolve(text: String, isFine: Bool) {
        let files: Set<String> = ["README.md", "Docs/guide.md", "Docs/with space.md", "Docs/internals"]
        let violations = LinkRule(exists: files.contains).violations(path: "Docs/index.md", text: text)
        #expect(violations.isEmpty == isFine, "\(violations)")
    }

    @Test func aViolationSaysWhere() {
        #expect("\(Violation(path: "A.swift", line: 3, message: "b"))" == "A.swift:3: b")
        #expect("\(Violation(path: "A.swift", line: 0, message: "b"))" == "A.swift: b")
    }
}
