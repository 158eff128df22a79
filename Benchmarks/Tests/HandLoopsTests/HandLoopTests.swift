import HandLoops
import Testing
import Workloads

/// Each loop against the definition, at sizes that make it expire, grow, defer and skip.
struct HandLoopTests {
    struct Size: Sendable {
        let events: Int64
        let rate: Int64
        let users: Int64
        let batch: Int
    }

    static let sizes = [
        Size(events: 1, rate: 1000, users: 1, batch: 1024),
        Size(events: 3000, rate: 10, users: 3, batch: 1),  // 300 s of event time
        Size(events: 20_000, rate: 10, users: 2, batch: 1024),  // over half an hour, long lists per key
        Size(events: 20_000, rate: 100, users: 40, batch: 7),
        Size(events: 20_000, rate: 130, users: 100_000, batch: 1024),
        Size(events: 50_000, rate: 1000, users: 1000, batch: 100),
        Size(events: 50_000, rate: 10_000, users: 3, batch: 4096),
        Size(events: 200_000, rate: 1000, users: 8, batch: 4096),  // slots overflow, tables are rebuilt
        Size(events: 100_000, rate: 2500, users: 10_000, batch: 1024),
        Size(events: 50_000, rate: 1_000_000, users: 20, batch: 1024),  // 50 ms, less than the jitter
    ]

    private func run(
        _ query: String, _ size: Size, _ change: (inout RunParameters) -> Void = { _ in }
    ) async throws -> Digest {
        var parameters = RunParameters(
            events: size.events, rate: size.rate, users: size.users, batch: size.batch)
        change(&parameters)
        let meter = Meter(events: size.events, sources: 1)
        let loop = try #require(HandLoopTable.queries[query])
        let digest = try await loop(parameters, meter)
        #expect(meter.measurement != nil)
        return digest
    }

    @Test(arguments: sizes)
    func uniformUsers(_ size: Size) async throws {
        let naive = NaiveResults(
            uniform: RunParameters(events: size.events, rate: size.rate, users: size.users))
        #expect(try await run("ysb", size) == naive.ysb)
        #expect(try await run("ysb_json", size) == naive.ysb)
        #expect(try await run("tumbling_sum_1m_keys", size) == naive.tumblingSum)
        #expect(try await run("keyed_state", size) == naive.keyedState)
        #expect(try await run("source_only", size) == Digest())
        if size.events <= 20_000 { #expect(try await run("sliding", size) == naive.sliding) }
    }

    @Test(arguments: sizes)
    func usersInSessions(_ size: Size) async throws {
        let naive = NaiveResults(
            sessions: RunParameters(events: size.events, rate: size.rate, users: size.users))
        #expect(try await run("session", size) == naive.session)
        #expect(try await run("funnel", size) == naive.funnel)
        #expect(try await run("uniques", size) == naive.uniques)
    }

    @Test(arguments: sizes)
    func windowsOfOtherLengths(_ size: Size) async throws {
        let naive = NaiveResults(
            uniform: RunParameters(events: size.events, rate: size.rate, users: size.users))
        for length in [250, 1000, 7777] as [Int64] {
            let expected = naive.ysb(windows: length)
            #expect(try await run("ysb", size) { $0.windowMilliseconds = length } == expected)
            #expect(try await run("ysb_json", size) { $0.windowMilliseconds = length } == expected)
        }
    }

    @Test(arguments: sizes)
    func skewedUsers(_ size: Size) async throws {
        let parameters = RunParameters(events: size.events, rate: size.rate, users: size.users)
        let naive = NaiveResults(zipf: parameters, exponent: 0.99)
        #expect(try await run("keyed_state", size) { $0.zipf = 0.99 } == naive.keyedState)
    }

    /// Results don't depend on the pace.
    @Test func heldToAPace() async throws {
        let size = Size(events: 2000, rate: 1000, users: 5, batch: 64)
        let naive = NaiveResults(uniform: RunParameters(events: 2000, rate: 1000, users: 5))
        #expect(try await run("ysb", size) { $0.throttle = 100_000 } == naive.ysb)
    }

    @Test(arguments: sizes)
    func auctionSite(_ size: Size) async throws {
        let naive = NaiveNexmark(RunParameters(events: size.events, rate: size.rate, users: 0))
        #expect(try await run("q0", size) == naive.q0)
        #expect(try await run("q1", size) == naive.q1)
        #expect(try await run("q2", size) == naive.q2)
        #expect(try await run("q3", size) == naive.q3)
        #expect(try await run("q5", size) == naive.q5)
        #expect(try await run("q7", size) == naive.q7)
        #expect(try await run("q8", size) == naive.q8)
        #expect(try await run("q11", size) == naive.q11)
        #expect(try await run("q15", size) == naive.q15)
        #expect(try await run("q17", size) == naive.q17)
        #expect(try await run("q19", size) == naive.q19)
    }

    @Test func everyQueryHasALoop() {
        #expect(Set(HandLoopTable.queries.keys) == Set(WorkloadQuery.all.map(\.name)))
    }
}
