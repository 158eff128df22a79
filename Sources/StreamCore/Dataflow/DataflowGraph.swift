/// The dataflow as values: the steps, how they are connected, and how each one's copy on a worker is made.
struct DataflowGraph: Sendable {
    /// One step.
    struct Node: Sendable {
        enum Kind: Sendable {
            case source, operation, exchange, sink, transactionalSink

            var isSink: Bool { self == .sink || self == .transactionalSink }
        }

        var name: String
        var kind: Kind
        /// The ports that this step reads.
        var inputs: [Port]
        /// The ports of side outputs that some step reads, by name, with the records' type.
        var sideOutputs: [String: (port: Int, type: String)] = [:]
        var portCount = 1
        /// Makes the step's copy on a worker and connects it to the outlets of its inputs.
        var build: @Sendable (WorkerBuild, _ node: Int) throws -> Void
    }

    /// An output of a step; port 0 is the main one.
    struct Port: Hashable, Sendable {
        var node: Int
        var port: Int
    }

    var nodes: [Node] = []

    /// The exchanges that a batch leaving `start` can reach, also across other exchanges (self-delivery does).
    func exchangesReachable(from start: Int) -> [Int] {
        var reached = Set([start])
        for (id, node) in nodes.enumerated() where id > start {
            if node.inputs.contains(where: { reached.contains($0.node) }) { reached.insert(id) }
        }
        reached.remove(start)
        return reached.filter { nodes[$0].kind == .exchange }.sorted()
    }
}
