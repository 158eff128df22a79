@testable import StateBackend
@testable import StreamCore
@testable import StreamOperators
import StreamTesting

/// An interval join's operators on some workers, without a job around them.
final class JoinWorkers {
    typealias Join = IntervalJoinOperator<String, Event, Event, String>

    private let kind: JoinKind
    private let bounds: JoinBounds
    private var joins: [Join] = []
    private(set) var states: [StepState] = []
    private var collectors: [Collector<String>] = []
    private let keyGroups = KeyGroups()
    private var watermark = Timestamp.min
    /// What came out.
    private(set) var results: [String] = []

    init(_ kind: JoinKind, _ bounds: JoinBounds, parallelism: Int = 1, hasStore: Bool = false) throws {
        self.kind = kind
        self.bounds = bounds
        try start(parallelism, hasStore)
    }

    /// A context outside of a job.
    static func makeContext(_ environment: StateEnvironment = StateEnvironment()) -> OperatorContext {
        var graph = DataflowGraph()
        graph.nodes.append(DataflowGraph.Node(name: "join", kind: .operation, inputs: [], build: { _, _ in }))
        let build = WorkerBuild(
            graph: graph,
            shared: JobBuild(pipeline: "test", options: JobOptions(parallelism: environment.parallelism), stepCount: 1),
            environment: environment)
        return build.context(node: 0)
    }

    private func start(_ parallelism: Int, _ hasStore: Bool) throws {
        joins = []
        states = []
        collectors = []
        for worker in 0..<parallelism {
            let place = StorePlace(
                job: "test", worker: worker, keyGroups: keyGroups,
                groups: keyGroups.range(ofWorker: worker, parallelism: parallelism), memoryBudget: 0)
            let environment = StateEnvironment(
                worker: worker, parallelism: parallelism, keyGroups: keyGroups,
                store: hasStore ? try ReferenceBackend().open(place) : nil,
                allowance: TableAllowance(total: hasStore ? 0 : .max, smallestTable: 16))
            let context = Self.makeContext(environment)
            let leftAlone: @Sendable (Event) throws -> String = { JoinScript.pair($0, nil) }
            let rightAlone: @Sendable (Event) throws -> String = { JoinScript.pair(nil, $0) }
            joins.append(
                try Join(
                    bounds: bounds, lateLeft: try LatenessPolicy(allowed: 0, late: .drop, context: context),
                    lateRight: try LatenessPolicy(allowed: 0, late: .drop, context: context),
                    results: JoinResults(
                        pair: { JoinScript.pair($0, $1) }, leftAlone: kind == .left || kind == .full ? leftAlone : nil,
                        rightAlone: kind == .right || kind == .full ? rightAlone : nil),
                    context: context))
            states.append(context.state)
            let outlet = Outlet<Batch<String>>()
            outlet.connect(
                Inlet(
                    consumes: true,
                    onBatch: { [unowned self] batch in for i in 0..<batch.count { results.append(batch.elements[i]) } },
                    onSignal: { _ in }))
            collectors.append(Collector(outlet: outlet, batchSize: 16))
        }
    }

    private func worker(of event: Event) -> Int {
        keyGroups.worker(ofGroup: keyGroups.group(ofHash: event.key.stableHash), parallelism: joins.count)
    }

    func process(left: [Event] = [], right: [Event] = []) throws {
        for worker in joins.indices {
            for (events, isLeft) in [(left, true), (right, false)] {
                let own = events.filter { self.worker(of: $0) == worker }
                guard !own.isEmpty else { continue }
                let records = Batch<Event>(capacity: own.count)
                for event in own { records.append(event, at: event.time) }
                let batch = KeyedBatch(records, keyOf: { $0.key })
                if isLeft {
                    try joins[worker].processLeft(batch, collectors[worker])
                } else {
                    try joins[worker].processRight(batch, collectors[worker])
                }
                try states[worker].environment.failure.check()
            }
        }
    }

    func advance(to watermark: Timestamp) throws {
        self.watermark = watermark
        for worker in joins.indices {
            try joins[worker].advance(to: watermark, collectors[worker])
            try collectors[worker].flush()
            try states[worker].environment.failure.check()
        }
    }

    /// Starts anew with what was saved.
    func restart(parallelism: Int, hasStore: Bool) throws {
        let previous = joins.count
        var saved: [String: SavedPart] = [:]
        for worker in joins.indices {
            try collectors[worker].flush()
            try states[worker].save(into: &saved)
        }
        try start(parallelism, hasStore)
        for worker in joins.indices {
            try states[worker].load(saved, previousParallelism: previous)
            try joins[worker].restored(at: watermark)
        }
    }

    /// The number of keys and of timers of all workers.
    var leftovers: (keys: Int, timers: Int) {
        joins.reduce((0, 0)) {
            ($0.0 + $1.table.count, $0.1 + $1.leftTimers.count + $1.rightTimers.count + $1.keyTimers.count)
        }
    }
}
