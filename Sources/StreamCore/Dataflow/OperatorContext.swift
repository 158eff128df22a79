public import StateBackend

/// What the runtime tells an operator when its copy on a worker is made.
public struct OperatorContext {
    /// The step's name.
    public let step: String
    /// The index of the worker, 0 ..< `parallelism`.
    public let worker: Int
    /// The number of workers.
    public let parallelism: Int
    /// The number of records that a batch holds.
    public let batchSize: Int
    /// The job's key groups.
    public let keyGroups: KeyGroups
    /// The job's clock, and calls at its times.
    public let processingTime: ProcessingTime
    /// The step's state on this worker; ask it for every part that a snapshot is to hold.
    public let state: StepState
    /// The step's counters on this worker.
    public let counters: StepCounters
    let sideOutputs: [String: (port: Int, type: String)]
    // The step's own and not the whole build, through which a step that keeps its context would keep itself alive.
    let sides: SideOutlets
    @usableFromInline let instance: StepInstance

    /// Has `action` called once, before the first batch, when the step's state was loaded from a snapshot; it is given
    /// the step's watermark in the snapshot.
    ///
    /// For steps attached as bare inlets; operators have ``StreamOperator/restored(at:)``.
    public func onRestored(_ action: @escaping (Timestamp) throws -> Void) { instance.restored.append(action) }

    /// A collector for the side output that `tag` names, or nil when no step of the pipeline reads it.
    ///
    /// The operator flushes it at the end of `process` and `advance`.
    /// - Throws: ``JobError`` when the pipeline reads the side output with another type of records.
    public func collector<Element: Sendable>(for tag: SideOutput<Element>) throws -> Collector<Element>? {
        guard let side = sideOutputs[tag.name] else { return nil }
        guard side.type == String(reflecting: Element.self) else {
            throw JobError(
                code: .stepFailed, step: step,
                message: "side output '\(tag.name)' holds \(Element.self), but is read as \(side.type); use one tag "
                    + "for both")
        }
        return Collector(outlet: sides.outlet(port: side.port), batchSize: batchSize)
    }
}
