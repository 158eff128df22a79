import Testing
import Workloads

struct ExpectedResultsTests {
    private let small = "# comment\nquery\trows\tdigest\nysb\t1082\t509fda6572c0c2d1\n"
    private let full = "query\tN\tR\tU\trows\tdigest\nysb\t200000000\t1000000\t1000000\t2100\t5f79552d9433b264\n"

    @Test func digestByProfile() throws {
        let results = try ExpectedResults(small: small, full: full)
        let ysb = try #require(WorkloadQuery.named("ysb"))
        #expect(results.digest(of: ysb, on: ysb.small) == Digest(rows: 1082, sum: 0x509F_DA65_72C0_C2D1))
        #expect(results.digest(of: ysb, on: ysb.full) == Digest(rows: 2100, sum: 0x5F79_552D_9433_B264))
        var other = ysb.full
        other.events -= 1
        #expect(results.digest(of: ysb, on: other) == nil)
        let session = try #require(WorkloadQuery.named("session"))
        #expect(results.digest(of: session, on: session.full) == nil)
    }

    @Test(arguments: ["ysb\t1082", "ysb\tmany\t00", "ysb\t1\txyz"])
    func malformed(line: String) {
        #expect(throws: ExpectedResults.MalformedLine.self) { try ExpectedResults(small: line, full: "") }
        #expect(throws: ExpectedResults.MalformedLine.self) { try ExpectedResults(small: "", full: line) }
    }
}
