import CBenchmark
import Foundation
import Synchronization
import Weir
import RocksDBBackend

/// What snapshots of a large state cost: full, after changes, the pause of the worker, the way back.
///
/// One worker holds `--keys` values of 40 bytes (`--keys 16000000` is about 1 GiB of table). It is loaded, then updates
/// keys at random while a full snapshot is taken; then 1 % of the keys are updated and an incremental one is taken; then
/// the job is started again from it. One line of JSON; run it several times and take medians.
@main
struct SnapshotBench {
    struct Value: Sendable, BitwiseCopyable {
        var count = 0
        var a = 1
        var b = 2
        var c = 3
        var d = 4
    }

    struct Update: KeyedProcessor {
        typealias Key = Int
        typealias Input = Int
        typealias Output = Int
        let value: ValueState<Int, Value>
        var emits = false

        mutating func process(_ key: Int, _ context: borrowing ProcessContext<Self>) throws {
            value.update(default: Value()) { $0.count += 1 }
            if emits { try context.emit(key) }
        }
    }

    static func pipeline(_ dial: Dial) throws -> Pipeline {
        try Pipeline("snapshot-bench") { p in
            p.source("updates", UpdateSource(dial: dial)).keyBy { $0 }
                .process("values") { Update(value: try $0.value("value")) }
                .write("out", to: CollectSink<Int>())
        }
    }

    /// Updates and takes a snapshot each second until it is killed.
    static func hold(_ options: JobOptions, keys: Int) async throws {
        var options = options
        options.snapshots?.interval = .seconds(1)
        let dial = Dial(keys: keys)
        let job = try pipeline(dial).start(options)
        while dial.emitted.load(ordering: .relaxed) < keys { usleep(1_000) }
        _ = try await job.takeSnapshot()
        print("ready")
        fflush(nil)
        _ = try await job.wait()
    }

    /// Begins with the newest snapshot, and says how long after `killed`, a time of the monotonic clock, its first result
    /// came out.
    static func recover(_ options: JobOptions, keys: Int, killed: Int64) async throws {
        var options = options
        options.start = .latest
        let dial = Dial(keys: keys)
        let (began, first) = (bench_wall_ns(), FirstOutput())
        let job = try Pipeline("snapshot-bench") { p in
            p.source("updates", UpdateSource(dial: dial)).keyBy { $0 }
                .process("values") { Update(value: try $0.value("value"), emits: true) }
                .write("out", to: first)
        }.start(options)
        let loaded = bench_wall_ns()
        while first.time == 0 { usleep(50) }
        dial.isRunning.store(false, ordering: .relaxed)
        _ = try await job.wait()
        let output = first.time
        print(
            String(
                format: "{\"kill_to_start_s\": %.3f, \"start_to_loaded_s\": %.3f, \"kill_to_first_output_s\": %.3f}",
                Double(began - killed) / 1e9, Double(loaded - began) / 1e9, Double(output - killed) / 1e9))
    }

    static func main() async throws {
        let arguments = CommandLine.arguments
        func option(_ name: String, _ fallback: String) -> String {
            arguments.firstIndex(of: name).map { arguments[$0 + 1] } ?? fallback
        }
        let keys = Int(option("--keys", "16000000")) ?? 16_000_000
        let backend = option("--backend", "memory")
        let directory = option("--directory", "/tmp/weir-snapshot-bench")
        let budget = Int(option("--memory-budget", "0")) ?? 0
        let role = option("--role", "measure")
        if role != "recover" { try? FileManager.default.removeItem(atPath: directory) }
        defer { if role != "hold" { try? FileManager.default.removeItem(atPath: directory) } }

        var options = JobOptions(parallelism: 1)
        options.backend = backend == "memory" ? MemoryBackend() : RocksDBBackend()
        if backend != "memory" { options.memoryBudget = budget > 0 ? budget : 4 << 30 }
        options.snapshots = SnapshotOptions(directory: directory, interval: nil)
        options.snapshots?.compression = option("--compression", "lz4") == "none" ? .none : .lz4
        options.metricsInterval = nil

        switch role {
        case "hold": return try await hold(options, keys: keys)
        case "recover": return try await recover(options, keys: keys, killed: Int64(option("--killed", "0")) ?? 0)
        default: break
        }

        var fields: [(String, String)] = [("backend", "\"\(backend)\""), ("keys", "\(keys)")]
        func add(_ name: String, _ value: Double) { fields.append((name, String(format: "%.3f", value))) }

        let dial = Dial(keys: keys)
        let job = try pipeline(dial).start(options)
        while dial.emitted.load(ordering: .relaxed) < keys { usleep(1_000) }
        add("longest_work_loading_ms", Double(dial.longestWork.load(ordering: .relaxed)) / 1e6)
        add("longest_gap_loading_ms", Double(dial.longestPause.load(ordering: .relaxed)) / 1e6)
        add("updates_per_s_before", dial.rate(overMilliseconds: 1_500))
        dial.forgetGaps()
        _ = dial.rate(overMilliseconds: 1_000)
        add("longest_gap_before_ms", Double(dial.longestPause.load(ordering: .relaxed)) / 1e6)
        add("longest_work_before_ms", Double(dial.longestWork.load(ordering: .relaxed)) / 1e6)

        dial.forgetGaps()
        let before = dial.emitted.load(ordering: .relaxed)
        var start = bench_wall_ns()
        var cpu = bench_cpu_ns()
        let full = try await job.takeSnapshot()
        add("full_s", Double(bench_wall_ns() - start) / 1e9)
        add("full_cpu_s", Double(bench_cpu_ns() - cpu) / 1e9)
        add(
            "updates_per_s_during",
            Double(dial.emitted.load(ordering: .relaxed) - before) * 1e9 / Double(bench_wall_ns() - start))
        add("longest_gap_during_ms", Double(dial.longestPause.load(ordering: .relaxed)) / 1e6)
        add("longest_work_during_ms", Double(dial.longestWork.load(ordering: .relaxed)) / 1e6)
        add("full_mb", Double(full.writtenBytes) / 1e6)

        // All changes so far into one, and then 1 % of the keys.
        dial.isPaused.store(true, ordering: .relaxed)
        usleep(50_000)
        _ = try await job.takeSnapshot()
        dial.span.store(max(keys / 100, 1), ordering: .relaxed)
        let target = dial.emitted.load(ordering: .relaxed) + keys / 20
        dial.isPaused.store(false, ordering: .relaxed)
        while dial.emitted.load(ordering: .relaxed) < target { usleep(500) }
        dial.isPaused.store(true, ordering: .relaxed)
        usleep(50_000)
        start = bench_wall_ns()
        cpu = bench_cpu_ns()
        let changes = try await job.takeSnapshot()
        add("incremental_s", Double(bench_wall_ns() - start) / 1e9)
        add("incremental_cpu_s", Double(bench_cpu_ns() - cpu) / 1e9)
        add("incremental_mb", Double(changes.writtenBytes) / 1e6)
        dial.isRunning.store(false, ordering: .relaxed)
        _ = try await job.wait()

        let again = Dial(keys: keys)
        again.span.store(keys, ordering: .relaxed)
        options.start = .latest
        start = bench_wall_ns()
        let restored = try pipeline(again).start(options)
        add("restore_s", Double(bench_wall_ns() - start) / 1e9)
        while again.emitted.load(ordering: .relaxed) == 0 { usleep(100) }
        add("restore_to_first_record_s", Double(again.first.load(ordering: .relaxed) - start) / 1e9)
        again.isRunning.store(false, ordering: .relaxed)
        _ = try await restored.wait()
        print("{" + fields.map { "\"\($0)\": \($1)" }.joined(separator: ", ") + "}")
    }
}
