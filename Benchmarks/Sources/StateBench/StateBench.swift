import CBenchmark
import Glibc
import HandLoops
import RocksDBBackend
import StateBackend

/// Prints what a keyed read-modify-write costs: by hand, in memory, over RocksDB, and in RocksDB alone.
///
/// Arguments: `keys=`, `ops=`, `runs=`, `cases=load,hand,table,within,tenth,raw`, `order=uniform,zipf`. The state's size is
/// that of the memory backend's table with all keys; a tenth of it is the budget of the last two cases, the whole twice
/// over that of the one before.
@main
enum StateBench {
    private static let batch = 1_024

    static func main() throws {
        var arguments = [
            "keys": "10000000", "ops": "4000000", "runs": "3", "cases": "hand,table,within,tenth,raw",
            "order": "uniform,zipf",
        ]
        for argument in CommandLine.arguments.dropFirst() {
            let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
            if parts.count == 2 { arguments[parts[0]] = parts[1] }
        }
        let keys = arguments["keys"].flatMap(Int64.init) ?? 10_000_000
        let operations = arguments["ops"].flatMap(Int.init) ?? 4_000_000
        let runs = arguments["runs"].flatMap(Int.init) ?? 3
        for order in (arguments["order"] ?? "").split(separator: ",") {
            for name in (arguments["cases"] ?? "").split(separator: ",") {
                var costs: [Cost] = []
                for run in 0..<runs {
                    let sequence = KeySequence(count: keys, isZipf: order == "zipf", seed: UInt64(run))
                    costs.append(try cost(of: String(name), keys, sequence, operations))
                }
                let cpu = costs.map(\.cpu).sorted()[runs / 2]
                let wall = costs.map(\.wall).sorted()[runs / 2]
                let longest = costs.map(\.longest).max() ?? 0
                print(
                    "{\"case\": \"\(name)\", \"order\": \"\(order)\", \"keys\": \(keys), \"ops\": \(operations), "
                        + "\"cpu_ns\": \(tenths(cpu)), \"wall_ns\": \(tenths(wall)), "
                        + "\"memory_mb\": \(tenths(Double(costs[0].memory) / 1_048_576))"
                        + (longest > 0 ? ", \"longest_batch_us\": \(tenths(longest / 1_000))}" : "}"))
                fflush(nil)
            }
        }
    }

    /// Nanoseconds per operation; bytes that tables, caches and memtables took.
    private struct Cost {
        var cpu = 0.0
        var wall = 0.0
        var memory = 0
        /// Of `load`: the CPU time of the longest batch.
        var longest = 0.0
    }

    private static func cost(
        of name: String, _ keys: Int64, _ sequence: KeySequence, _ operations: Int
    ) throws -> Cost {
        // A table with all keys: capacity times entry and tag.
        var capacity = 16
        while capacity / 4 * 3 < Int(keys) { capacity *= 2 }
        let whole = capacity * 25
        switch name {
        case "hand":
            let table = try CounterTable(keys: keys)
            try load(keys) { _ = table.add($0) }
            return try measure(sequence, operations) { _ = table.add($0) }
        case "table":
            let table = StateTable<Int64, Pair>()
            try load(keys) { add($0, to: table) }
            var result = try measure(sequence, operations) { add($0, to: table) }
            result.memory = table.byteCount
            return result
        case "load":
            // Every key once, into an empty table, which grows.
            let table = StateTable<Int64, Pair>()
            var result = Cost()
            let (cpu, wall) = (threadCPU(), bench_wall_ns())
            try load(keys) {
                let before = threadCPU()
                add($0, to: table)
                let taken = threadCPU() - before
                result.longest = max(result.longest, Double(taken))
            }
            result.cpu = Double(threadCPU() - cpu) / Double(keys)
            result.wall = Double(bench_wall_ns() - wall) / Double(keys)
            result.memory = table.byteCount
            return result
        case "within":
            return try stored(keys, sequence, operations, allowance: 2 * whole, whole: whole, store: 64 << 20)
        case "tenth":
            let allowance = whole / 10 * 5 / 8
            return try stored(
                keys, sequence, operations, allowance: allowance, whole: whole, store: whole / 10 - allowance)
        default:
            let path = temporary("raw")
            let database = try RawRocksDB(path: path, memory: whole / 10)
            try database.load(keys)
            var result = try measure(sequence, operations) { for key in $0 { _ = try database.add(key) } }
            result.memory = whole / 10
            return result
        }
    }

    private static func stored(
        _ keys: Int64, _ sequence: KeySequence, _ operations: Int, allowance: Int, whole: Int, store bytes: Int
    ) throws -> Cost {
        let place = StorePlace(
            job: "bench", worker: 0, keyGroups: KeyGroups(), groups: 0..<128, memoryBudget: bytes)
        guard let store = try RocksDBBackend(directory: temporary("state")).open(place) else { return Cost() }
        defer { store.close() }
        let environment = StateEnvironment(store: store, allowance: TableAllowance(total: allowance))
        let state = StepState(step: "bench", in: environment)
        let table: StateTable<Int64, Pair> = try state.table("pairs")
        try load(keys) { add($0, to: table) }
        // All in the store, and settled, as after a snapshot.
        for (_, _, capture) in try state.capture({ _ in .changes }) {
            var rows = StateRows()
            while try capture.next(1 << 20, into: &rows) {}
        }
        try store.checkpoint().release()
        var warm = sequence
        // Until the table holds what is hot, and what the load left to RocksDB's threads is done.
        for _ in 0..<100 {
            let process = bench_cpu_ns()
            let thread = threadCPU()
            try run(&warm, 2_000_000) { add($0, to: table) }
            let own = threadCPU() - thread
            if allowance < whole || (bench_cpu_ns() - process - own) * 20 < own { break }
        }
        var result = try measure(warm, operations) { add($0, to: table) }
        try environment.failure.check()
        result.memory = table.byteCount + store.memoryUsage
        return result
    }

    private struct Pair: BitwiseCopyable, Sendable, Codable {
        var count: Int64
        var sum: Int64
    }

    @inline(__always)
    private static func add(_ keys: UnsafeBufferPointer<Int64>, to table: StateTable<Int64, Pair>) {
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: keys.count) { hashes in
            guard let start = keys.baseAddress, let hashStart = hashes.baseAddress else { return }
            for i in keys.indices { hashes.initializeElement(at: i, to: keys[i].stableHash) }
            table.prepare(start, hashes: UnsafePointer(hashStart), count: keys.count)
            for i in keys.indices {
                let value = table.upsert(keys[i], hash: hashes[i], Pair(count: 0, sum: 0))
                value.pointee.count &+= 1
                value.pointee.sum &+= keys[i]
            }
        }
    }

    private static func load(_ keys: Int64, _ body: (UnsafeBufferPointer<Int64>) throws -> Void) throws {
        var chunk: [Int64] = []
        for start in stride(from: 0, to: keys, by: batch) {
            chunk = Array(start..<min(start + Int64(batch), keys))
            try chunk.withUnsafeBufferPointer(body)
        }
    }

    private static func run(
        _ sequence: inout KeySequence, _ operations: Int, _ body: (UnsafeBufferPointer<Int64>) throws -> Void
    ) throws {
        var chunk = [Int64](repeating: 0, count: batch)
        for _ in 0..<(operations / batch) {
            for i in chunk.indices { chunk[i] = sequence.next() }
            try chunk.withUnsafeBufferPointer(body)
        }
    }

    /// Cost per operation without that of drawing keys.
    private static func measure(
        _ sequence: KeySequence, _ operations: Int, _ body: (UnsafeBufferPointer<Int64>) throws -> Void
    ) throws -> Cost {
        var first = sequence
        var second = sequence
        let emptyCPU = bench_cpu_ns()
        let emptyWall = bench_wall_ns()
        try run(&first, operations) { _ in }
        let beganCPU = bench_cpu_ns()
        let beganWall = bench_wall_ns()
        try run(&second, operations, body)
        let endedCPU = bench_cpu_ns()
        let endedWall = bench_wall_ns()
        // What drawing the keys took is taken off.
        let cpu = (endedCPU - beganCPU) - (beganCPU - emptyCPU)
        let wall = (endedWall - beganWall) - (beganWall - emptyWall)
        return Cost(cpu: Double(cpu) / Double(operations), wall: Double(wall) / Double(operations))
    }

    private static func threadCPU() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    private static func temporary(_ name: String) -> String { "/tmp/weir-state-bench-\(name)-\(getpid())" }

    private static func tenths(_ value: Double) -> Double { (value * 10).rounded() / 10 }
}
