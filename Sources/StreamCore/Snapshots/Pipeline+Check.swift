public import StateBackend

extension Pipeline {
    /// The states that the pipeline's steps have, by step and name, as a job with these options would have them.
    ///
    /// Lists the sources' splits, but reads nothing and opens no sink.
    public func schemas(_ options: JobOptions = JobOptions()) throws -> [String: [String: StateSchema]] {
        var plain = options
        plain.backend = MemoryBackend()
        let shared = JobBuild(options: plain, stepCount: graph.nodes.count)
        let environment = StateEnvironment(worker: 0, parallelism: plain.parallelism, keyGroups: plain.keyGroups)
        let worker = try Worker(graph, shared, environment, withSinks: false)
        var schemas: [String: [String: StateSchema]] = [:]
        for (node, instance) in zip(graph.nodes, worker.instances) { schemas[node.name] = instance.state.schemas }
        return schemas
    }

    func validate(_ manifest: SnapshotManifest, _ options: JobOptions) throws {}
}
