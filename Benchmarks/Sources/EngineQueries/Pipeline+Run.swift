internal import RocksDBBackend
internal import Weir
internal import Workloads

extension Pipeline {
    /// Runs the pipeline as a run of the harness asks for.
    func run(_ parameters: RunParameters) async throws {
        var options = JobOptions(parallelism: parameters.parallelism, batchSize: parameters.batch)
        options.memoryBudget = parameters.memoryBudget
        if parameters.backend == .rocksdb {
            options.backend = RocksDBBackend()
            options.memoryBudget = parameters.memoryBudget ?? 1 << 30
        }
        guard parameters.checkpointMilliseconds > 0 else {
            try await run(options)
            return
        }
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        options.snapshots = SnapshotOptions(
            directory: directory.path, interval: .milliseconds(parameters.checkpointMilliseconds))
        try await run(options)
    }
}
