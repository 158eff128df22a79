public import StateBackend

extension Pipeline {
    /// The states that the pipeline's steps have, by step and name, as a job with these options would have them.
    ///
    /// Lists the sources' splits, but reads nothing and opens no sink.
    public func schemas(_ options: JobOptions = JobOptions()) throws -> [String: [String: StateSchema]] {
        var plain = options
        plain.backend = MemoryBackend()
        let shared = JobBuild(pipeline: name, options: plain, stepCount: graph.nodes.count)
        let environment = StateEnvironment(worker: 0, parallelism: plain.parallelism, keyGroups: plain.keyGroups)
        let worker = try Worker(graph, shared, environment, withSinks: false)
        var schemas: [String: [String: StateSchema]] = [:]
        for (node, instance) in zip(graph.nodes, worker.instances) { schemas[node.name] = instance.state.schemas }
        return schemas
    }

    /// Says for every state of a snapshot and of the pipeline whether the one can be read by the other, before anything is
    /// started or touched.
    ///
    /// ```swift
    /// let check = try pipeline.check(against: manifest)
    /// print(check.lines.joined(separator: "\n"))
    /// ```
    /// - Parameters:
    ///   - manifest: the snapshot's manifest; see ``SnapshotRepository/manifest(_:)``.
    ///   - options: the options that the job would have.
    /// - Throws: what listing the sources' splits throws.
    public func check(against manifest: SnapshotManifest, _ options: JobOptions = JobOptions()) throws -> SnapshotCheck
    {
        manifest.check(against: try schemas(options))
    }
}
