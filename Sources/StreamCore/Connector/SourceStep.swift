extension PipelineBuilder {
    /// Begins a stream with a source.
    ///
    /// - Parameters:
    ///   - name: the step's name, unique in the pipeline; it identifies the source's positions.
    ///   - source: the source.
    ///   - time: the event time of a record, in milliseconds since 1970-01-01 UTC.
    ///   - watermarks: how event time is told.
    @inlinable @inline(__always)
    public func source<Input: Source>(
        _ name: String, _ source: Input, time: @escaping @Sendable (Input.Element) -> Timestamp,
        watermarks: WatermarkStrategy<Input.Element>
    ) -> DataStream<Input.Element> {
        self.source(name, source, assign: { timestampAssigner(time) }, watermarks: watermarks)
    }

    @inlinable @inline(__always)
    func source<Input: Source>(
        _ name: String, _ source: Input,
        assign: @escaping @Sendable () -> (Batch<Input.Element>, Timestamp) -> Timestamp,
        watermarks: WatermarkStrategy<Input.Element>
    ) -> DataStream<Input.Element> {
        if let problem = watermarks.problem { reject(name, problem) }
        return addSource(name, hasEventTime: watermarks.hasWatermarks) { build, node in
            let splits: [(index: Int, split: Input.Split)] = try build.splits(node: node) {
                source.discovery == nil ? try source.splits(parallelism: build.splitParallelism) : []
            }
            let runner = try SourceRunner<Input>(
                source: source, splits: splits, assign: assign(), watermarks: watermarks,
                context: build.context(node: node), outlet: build.outlet(node: node, port: 0),
                alignment: watermarks.alignment.map { build.alignment($0.group) }, node: node,
                aligner: build.aligner)
            try runner.register(node: node, build)
            build.context(node: node).onRestored { [unowned runner] _ in runner.rejoinAlignment() }
            build.add(
                task: InputTask(poll: {
                    do { return try runner.poll() } catch {
                        throw JobError.wrap(error, .sourceFailed, step: name)
                    }
                }), node: node)
        }
    }

    /// Begins a stream with a source whose records tell their event time themselves: the fastest form.
    ///
    /// - Parameters:
    ///   - name: the step's name, unique in the pipeline; it identifies the source's positions.
    ///   - source: the source.
    ///   - watermarks: how event time is told.
    @inlinable @inline(__always)
    public func source<Input: Source>(
        _ name: String, _ source: Input, watermarks: WatermarkStrategy<Input.Element>
    ) -> DataStream<Input.Element> where Input.Element: EventTimed {
        self.source(name, source, assign: { timestampAssigner { $0.eventTime } }, watermarks: watermarks)
    }

    /// Begins a stream without event time with a source.
    @inlinable @inline(__always)
    public func source<Input: Source>(_ name: String, _ source: Input) -> DataStream<Input.Element> {
        self.source(name, source, time: { _ in 0 }, watermarks: .none)
    }

    @usableFromInline
    func addSource<Element: Sendable>(
        _ name: String, hasEventTime: Bool, _ build: @escaping @Sendable (WorkerBuild, Int) throws -> Void
    ) -> DataStream<Element> {
        let node = add(name, .source, inputs: [], build: build)
        return DataStream(
            builder: self, port: DataflowGraph.Port(node: node, port: 0), hasEventTime: hasEventTime)
    }
}

extension WorkerBuild {
    /// This worker's share of a source's splits, which the first worker lists.
    @usableFromInline
    func splits<Split: Sendable>(
        node: Int, _ list: () throws -> [Split]
    ) throws -> [(index: Int, split: Split)] {
        let all: [Split]
        if let listed = shared.splits[node] as? [Split] {
            all = listed
        } else {
            all = try list()
            shared.splits[node] = all
        }
        return all.enumerated().filter { $0.offset % shared.options.parallelism == worker }.map {
            ($0.offset, $0.element)
        }
    }

    /// The group of splits of this name that wait for each other.
    @usableFromInline
    func alignment(_ group: String) -> AlignmentGroup {
        if let known = shared.alignments[group] { return known }
        let made = AlignmentGroup()
        shared.alignments[group] = made
        return made
    }
}

/// The loop that reads the records' times, formed where the function for one is known.
@inlinable @inline(__always)
func timestampAssigner<Element: Sendable>(
    _ time: @escaping @Sendable (Element) -> Timestamp
) -> (Batch<Element>, Timestamp) -> Timestamp {
    { batch, newest in
        var newest = newest
        let elements = batch.elements
        let timestamps = batch.timestamps
        for i in 0..<batch.count {
            let timestamp = time((elements + i).pointee)
            timestamps[i] = timestamp
            newest = Swift.max(newest, timestamp)
        }
        return newest
    }
}
