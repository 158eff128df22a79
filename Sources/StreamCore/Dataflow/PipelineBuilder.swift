/// Collects a pipeline's steps while its description runs.
///
/// Streams add steps to it; what is wrong is collected as well and reported together by ``Pipeline``.
public final class PipelineBuilder {
    var graph = DataflowGraph()
    private var problems: [PipelineError.Problem] = []

    init() {}

    /// Reports that `step` can't be as described, with the remedy in `message`.
    public func reject(_ step: String, _ message: String) {
        problems.append(PipelineError.Problem(step: step, message: message))
    }

    /// A name for an unnamed stateless step: its kind and the number of the step.
    @usableFromInline
    func defaultName(_ kind: String) -> String { "\(kind)-\(graph.nodes.count)" }

    /// Adds a step and returns its index.
    func add(
        _ name: String, _ kind: DataflowGraph.Node.Kind, inputs: [DataflowGraph.Port],
        build: @escaping @Sendable (WorkerBuild, Int) throws -> Void
    ) -> Int {
        if name.isEmpty {
            reject(name, "the name is empty; give the step a name that is unique in the pipeline")
        } else if graph.nodes.contains(where: { $0.name == name }) {
            reject(name, "another step has this name; names identify state and metrics, so rename one")
        }
        graph.nodes.append(DataflowGraph.Node(name: name, kind: kind, inputs: inputs, build: build))
        return graph.nodes.count - 1
    }

    /// The port of a side output, made when it is asked for first.
    func sideOutput(_ name: String, type: String, ofNode node: Int) -> DataflowGraph.Port {
        if let side = graph.nodes[node].sideOutputs[name] {
            if side.type != type {
                reject(
                    graph.nodes[node].name,
                    "side output '\(name)' is read as \(side.type) and as \(type); use one tag for both")
            }
            return DataflowGraph.Port(node: node, port: side.port)
        }
        let port = graph.nodes[node].portCount
        graph.nodes[node].portCount += 1
        graph.nodes[node].sideOutputs[name] = (port, type)
        return DataflowGraph.Port(node: node, port: port)
    }

    func finish() -> [PipelineError.Problem] {
        if !graph.nodes.contains(where: { $0.kind == .source }) {
            reject("(pipeline)", "there is no source; begin with p.source(…)")
        }
        return problems
    }
}
