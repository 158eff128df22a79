import CAllocationCount

/// Runs the guarded hops, for those who count what they cost.
///
///     GuardBench list                          a line per hop: name, name of its base or -, trivial or not
///     GuardBench run NAME BATCHES BATCH-SIZE   the hop once, for a counter of instructions around the process
///     GuardBench allocations                   a line per hop: name, allocations per batch, allocations per record
@main
enum GuardBench {
    private static let hops = PipelineGuards.hops + CodecGuards.hops

    /// A command line that says nothing known.
    struct UsageError: Error {}

    static func main() throws {
        let words = Array(CommandLine.arguments.dropFirst())
        switch words.first {
        case "list":
            for hop in hops { print("\(hop.name)\t\(hop.base ?? "-")\t\(hop.isTrivial ? "trivial" : "not")") }
        case "allocations":
            for hop in hops { try printAllocations(hop) }
        case "run" where words.count == 4:
            guard let hop = hops.first(where: { $0.name == words[1] }), let batches = Int(words[2]),
                let batchSize = Int(words[3])
            else { throw UsageError() }
            try hop.run(GuardSize(batches: batches, batchSize: batchSize))
        default: throw UsageError()
        }
    }

    /// What a further batch allocates, and what a further record in each batch does, in the steady state: the difference
    /// between runs of two lengths, so that the start doesn't count.
    private static func printAllocations(_ hop: GuardedHop) throws {
        let small = try allocationsPerBatch(hop, batchSize: 512)
        let large = try allocationsPerBatch(hop, batchSize: 1024)
        print("\(hop.name)\t\(large)\t\((large - small) / 512)")
    }

    private static func allocationsPerBatch(_ hop: GuardedHop, batchSize: Int) throws -> Double {
        let batches = 128
        _ = try allocations(hop, GuardSize(batches: batches, batchSize: batchSize))
        let one = try allocations(hop, GuardSize(batches: batches, batchSize: batchSize))
        let two = try allocations(hop, GuardSize(batches: 2 * batches, batchSize: batchSize))
        return Double(two - one) / Double(batches)
    }

    private static func allocations(_ hop: GuardedHop, _ size: GuardSize) throws -> Int64 {
        let before = allocation_count()
        try hop.run(size)
        return allocation_count() - before
    }
}
