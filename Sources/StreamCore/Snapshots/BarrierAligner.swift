internal import StateBackend

/// Takes barriers through one worker's copy of the dataflow: holds back the inputs that are ahead until the others have
/// reached the barrier, and has each step's state captured at that moment.
///
/// The alignment of Carbone et al., "Lightweight Asynchronous Snapshots for Distributed Dataflows" (2015), as in Flink. What
/// is held back is a task (a source, the receiving end of an exchange): between tasks batches are pushed straight through, so
/// holding back the task holds back all that would come by way of it. It can't deadlock: who is held back has delivered
/// the barrier itself, and waits only for those that haven't.
@usableFromInline
final class BarrierAligner {
    /// One step's inputs.
    private struct Step {
        /// The inputs' last barriers; the last one is infinite when the input has ended.
        var arrived: [Int]
        /// The inputs that are held back.
        var isHeld: [Bool]
        /// For each input the tasks by way of which it gets its batches.
        var feeders: [[Int]]
        /// The barrier that was passed on last.
        var passed = 0
        var pass: ((Int) throws -> Void)?
    }

    private let graph: DataflowGraph
    // Not checked, since each batch looks: see `Worker`.
    @exclusivity(unchecked) private var steps: [Step]
    /// How many inputs hold back each task, by the node of the task.
    @exclusivity(unchecked) private var holds: [Int: Int] = [:]
    /// Makes the sources send a barrier.
    var injections: [(Int) throws -> Void] = []
    /// Called when a step has reached a barrier at all its inputs, before the barrier is passed on; may be called again
    /// for the same barrier.
    var onBarrier: (_ node: Int, _ barrier: Int) throws -> Void = { _, _ in }

    /// Whether inputs that are ahead wait; else their records may come into the state before its barrier does.
    let aligns: Bool

    /// How long a barrier waits at an exchange before it overtakes what is in it, in milliseconds; nil for ever.
    let overtakeAfter: Int64?

    init(graph: DataflowGraph, aligns: Bool, overtakeAfter: Int64?) {
        self.aligns = aligns
        self.overtakeAfter = overtakeAfter
        self.graph = graph
        steps = graph.nodes.map {
            Step(
                arrived: Array(repeating: 0, count: $0.inputs.count),
                isHeld: Array(repeating: false, count: $0.inputs.count),
                feeders: Array(repeating: [], count: $0.inputs.count))
        }
    }

    /// Learns which nodes have tasks of their own.
    ///
    /// - Parameter known: what another worker's aligner, for which it is the same, has found out.
    /// - Returns: for every node and input the tasks by way of which it gets its batches.
    func connect(tasks: Set<Int>, known: [[[Int]]]?) -> [[[Int]]] {
        let feeders = known ?? findFeeders(tasks)
        for node in steps.indices { steps[node].feeders = feeders[node] }
        return feeders
    }

    private func findFeeders(_ tasks: Set<Int>) -> [[[Int]]] {
        // Inputs come before what they feed.
        var ofOutput: [Set<Int>] = []
        for (id, node) in graph.nodes.enumerated() {
            if tasks.contains(id) && !deliversDirectly.contains(id) {
                ofOutput.append([id])
                continue
            }
            // What a worker sends itself comes straight through the exchange, whether its task is held back or not.
            ofOutput.append(
                node.inputs.reduce(into: tasks.contains(id) ? [id] : []) { $0.formUnion(ofOutput[$1.node]) })
        }
        return graph.nodes.map { node in node.inputs.map { ofOutput[$0.node].sorted() } }
    }

    /// Whether the task of `node` has to wait.
    func isHeldBack(_ node: Int) -> Bool { !holds.isEmpty && holds[node] ?? 0 > 0 }

    /// Whether a step waits for a barrier at some of its inputs: nothing may be sent then that no batch has brought about.
    var isAligning: Bool { !holds.isEmpty }

    /// Sets what passes a barrier on to the step's operator.
    func onPass(node: Int, _ pass: @escaping (Int) throws -> Void) { steps[node].pass = pass }

    /// A barrier has come to an input of a step.
    func arrive(_ barrier: Int, node: Int, input: Int) throws {
        guard barrier > steps[node].arrived[input] else { return }
        steps[node].arrived[input] = barrier
        try settle(node)
    }

    /// An input of a step has ended: it needs no barrier any more.
    func end(node: Int, input: Int) throws {
        steps[node].arrived[input] = .max
        try settle(node)
    }

    /// Holds back the inputs that are ahead, lets the others go, and passes on the barrier that all have come to.
    ///
    /// An input may be ahead by more than one barrier: those of a snapshot that has failed are still on their way when the
    /// next one's come, which sources send also while they are held back.
    private func settle(_ node: Int) throws {
        guard let lowest = steps[node].arrived.min() else { return }
        if aligns {
            for input in steps[node].arrived.indices {
                let isAhead = steps[node].arrived[input] > lowest && steps[node].arrived[input] < .max
                guard isAhead != steps[node].isHeld[input] else { continue }
                steps[node].isHeld[input] = isAhead
                if isAhead { hold(node, input) } else { release(node, input) }
            }
        }
        if lowest > steps[node].passed && lowest < .max { try pass(lowest, node) }
    }

    private func hold(_ node: Int, _ input: Int) {
        for task in steps[node].feeders[input] { holds[task, default: 0] += 1 }
    }

    private func release(_ node: Int, _ input: Int) {
        for task in steps[node].feeders[input] {
            let left = (holds[task] ?? 1) - 1
            holds[task] = left > 0 ? left : nil
        }
    }

    private func pass(_ barrier: Int, _ node: Int) throws {
        steps[node].passed = barrier
        if !capturesItself.contains(node) { try onBarrier(node, barrier) }
        try steps[node].pass?(barrier)
    }

    /// Stages that hold records between their input and their output, and say themselves when they are at a barrier.
    private var capturesItself: Set<Int> = []

    /// Exchanges: stages whose own worker's records don't wait in them.
    private var deliversDirectly: Set<Int> = []

    /// The stage of `node` is an exchange.
    func deliversDirectly(_ node: Int) { deliversDirectly.insert(node) }

    /// A stage of its own will call ``reach(_:node:)`` and ``noteEnd(node:)``.
    func capturesItself(_ node: Int) { capturesItself.insert(node) }

    /// A stage or source is at a barrier; it passes it on afterwards.
    func reach(_ barrier: Int, node: Int) throws { try onBarrier(node, barrier) }

    /// Begins a barrier: every source sends it.
    ///
    /// Steps that have ended are captured at once.
    func begin(_ barrier: Int) throws {
        current = barrier
        for node in steps.indices where ended.contains(node) { try onBarrier(node, barrier) }
        for inject in injections { try inject(barrier) }
    }

    /// The barrier that was begun last.
    private var current = 0
    private var ended: Set<Int> = []

    /// A step has passed on its end.
    ///
    /// No barrier will reach it any more: what it holds is what it holds at every later one.
    @usableFromInline
    func noteEnd(node: Int) throws {
        guard ended.insert(node).inserted, current > 0 else { return }
        try onBarrier(node, current)
    }

    /// A step's input has been told its end, which the step has passed on if it was the last one.
    func noteEnd(ofInputsOf node: Int) throws {
        guard !capturesItself.contains(node), !steps[node].arrived.contains(where: { $0 < .max }) else { return }
        try noteEnd(node: node)
    }

    /// Holds back the tasks by way of which a step's first input gets its batches, or lets them go on.
    func hold(node: Int) { hold(node, 0) }

    /// As ``hold(node:)``, undone.
    func release(node: Int) { release(node, 0) }

    /// Lets go of the operators.
    func release() {
        injections = []
        onBarrier = { _, _ in }
        for node in steps.indices { steps[node].pass = nil }
    }
}
