/// Where each step's watermark stands and which input, and behind it which split of which source, holds it back.
public struct WatermarkExplanation: Sendable, CustomStringConvertible {
    /// One step's watermark.
    public struct Step: Sendable, Equatable, CustomStringConvertible {
        /// The step's name.
        public let name: String
        /// Its watermark: the lowest over the workers; `Timestamp.min` before there is one.
        public let watermark: Timestamp
        /// The input that holds it back: the name of a step that it reads; the step's own name for a source.
        public let input: String
        /// The source at the end of the way up through those inputs.
        public let source: String
        /// The source's split that holds the watermark back; nil when the source has none, or all have ended.
        public let split: String?
        /// The worker that reads the split.
        public let worker: Int
        /// The processing time at which the split's watermark last rose, or the job began.
        public let since: Timestamp
        /// Whether every split there is idle, so that nothing holds the watermark back but the want of input.
        public let isIdle: Bool

        /// A line of text.
        public var description: String {
            let time = watermark == .min ? "none yet" : watermark == .max ? "at the end" : "\(watermark)"
            let place = split.map { "split '\($0)' of source '\(source)'" } ?? "source '\(source)'"
            let state = isIdle ? ", idle" : ""
            return "step '\(name)': watermark \(time), by input '\(input)', \(place) on worker \(worker)\(state), "
                + "since \(since)"
        }
    }

    /// The steps, in the order of description.
    public let steps: [Step]

    /// The step of the given name, or nil.
    public subscript(_ name: String) -> Step? { steps.first { $0.name == name } }

    /// The steps, a line each.
    public var description: String { steps.map(\.description).joined(separator: "\n") }
}

/// What a worker knows of its steps' watermarks.
struct WorkerTimes: Sendable {
    let inputs: [[InputTime]?]

    init(_ worker: Worker) { inputs = worker.instances.map { $0.inputTimes?() } }
}

extension WatermarkExplanation {
    /// Follows, from each step up, the input that is behind.
    init(graph: DataflowGraph, times: [WorkerTimes?]) {
        let walk = Walk(graph: graph, times: times)
        steps = graph.nodes.indices.map { node in
            let ways = times.indices.map { walk.follow(node, worker: $0) }
            // A worker whose input has ended, or is idle, doesn't hold the others back.
            let way = ways.min { $0.isBehind($1) } ?? walk.follow(node, worker: 0)
            return Step(
                name: graph.nodes[node].name, watermark: way.watermark,
                input: way.input.map { graph.nodes[$0].name }
                    ?? graph.nodes[node].name, source: graph.nodes[way.source].name, split: way.split,
                worker: way.worker, since: way.since, isIdle: way.isIdle)
        }
    }

    private struct Way {
        var watermark: Timestamp
        /// The node of the input that is behind; nil at a source.
        var input: Int?
        var source: Int
        var split: String?
        var worker: Int
        var since: Timestamp
        var isIdle: Bool

        func isBehind(_ other: Way) -> Bool {
            if (watermark == .max) != (other.watermark == .max) { return watermark < .max }
            if isIdle != other.isIdle { return !isIdle }
            return watermark < other.watermark
        }
    }

    private final class Walk {
        let graph: DataflowGraph
        let times: [WorkerTimes?]
        /// The ways found so far, by node and worker: each is part of those of all steps below it.
        private var found: [[Way?]]

        init(graph: DataflowGraph, times: [WorkerTimes?]) {
            self.graph = graph
            self.times = times
            found = Array(repeating: Array(repeating: nil, count: times.count), count: graph.nodes.count)
        }

        /// The way up from `node` as it is on `worker`.
        func follow(_ node: Int, worker: Int) -> Way {
            if let way = found[node][worker] { return way }
            let way = find(node, worker: worker)
            found[node][worker] = way
            return way
        }

        private func find(_ node: Int, worker: Int) -> Way {
            let inputs = graph.nodes[node].inputs
            guard !inputs.isEmpty else { return source(node, worker) }
            let known = times[worker]?.inputs[node]
            let isExchange = graph.nodes[node].kind == .exchange
            // Of an exchange the inputs are the workers; of a union or join they are steps; else there is one.
            let candidates = isExchange && known != nil ? Array(times.indices) : Array(inputs.indices)
            var best: Way?
            for candidate in candidates {
                let input = isExchange ? inputs[0].node : inputs[candidate].node
                var way = follow(input, worker: isExchange && known != nil ? candidate : worker)
                way.input = input
                if let known, candidate < known.count {
                    // What has arrived here may be behind what is known there.
                    way.watermark = known[candidate].hasEnded ? .max : known[candidate].watermark
                    way.isIdle = known[candidate].isIdle
                }
                if best.map({ way.isBehind($0) }) ?? true { best = way }
            }
            return best ?? source(node, worker)
        }

        private func source(_ node: Int, _ worker: Int) -> Way {
            let splits = times[worker]?.inputs[node] ?? []
            let behind = splits.filter(\.counts).min { $0.watermark < $1.watermark }
            // Those that are idle hold nothing back: the stream's watermark is the highest of theirs.
            let idle = splits.filter { !$0.hasEnded }.max { $0.watermark < $1.watermark }
            let chosen = behind ?? idle
            return Way(
                watermark: chosen?.watermark ?? .max, input: nil, source: node, split: chosen?.split, worker: worker,
                since: chosen?.since ?? .min, isIdle: behind == nil && chosen != nil)
        }
    }
}
