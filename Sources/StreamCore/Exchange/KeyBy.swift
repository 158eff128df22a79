public import StateBackend

extension DataStream {
    /// Groups the stream by key: records with the same key go to the same worker, in their order.
    ///
    /// The key and its hash are worked out once per record and travel with it. A key path literal (`\.user`) serves as
    /// the function.
    ///
    /// - Parameters:
    ///   - name: the step's name; nil for its kind and number.
    ///   - key: the key of a record. Must depend on the record alone.
    @inlinable @inline(__always)
    public func keyBy<Key: StreamKey, Failure: Error>(
        _ name: String?, _ key: @escaping @Sendable (Element) throws(Failure) -> Key
    ) -> KeyedStream<Key, Element> {
        keyed(self.name(name, "keyBy")) { build, node in
            let outlet: Outlet<KeyedBatch<Key, Element>> = build.outlet(node: node, port: 0)
            let counters = build.context(node: node).counters
            guard build.parallelism > 1 else {
                build.connect(
                    Inlet<Batch<Element>>(
                        consumes: false,
                        onBatch: { batch in
                            counters.addIn(batch.count)
                            let keyed = try KeyedBatch(batch, keyOf: key)
                            counters.addOut(batch.count)
                            try outlet.push(keyed)
                        },
                        onSignal: { signal in
                            if case .watermark(let watermark) = signal { counters.note(watermark: watermark) }
                            try outlet.signal(signal)
                        }), input: 0, ofNode: node)
                return
            }
            let partitioner = KeyPartitioner<Key, Element>(
                sender: build.exchange(node: node, outlet: outlet), parallelism: build.parallelism,
                batchSize: build.batchSize, keyGroups: build.context(node: node).keyGroups)
            build.onIdle { try partitioner.flush() }
            build.connect(
                Inlet<Batch<Element>>(
                    consumes: true,
                    onBatch: { batch in
                        counters.addIn(batch.count)
                        try partitioner.partition(batch, key)
                    },
                    onSignal: { signal in
                        _ = try partitioner.flush()
                        try partitioner.sender.broadcast(signal)
                    }), input: 0, ofNode: node)
        }
    }

    /// Groups the stream by key in a step with a default name; see ``keyBy(_:_:)``.
    @inlinable @inline(__always)
    public func keyBy<Key: StreamKey, Failure: Error>(
        _ key: @escaping @Sendable (Element) throws(Failure) -> Key
    ) -> KeyedStream<Key, Element> {
        keyBy(nil, key)
    }

    @usableFromInline
    func keyed<Key: StreamKey>(
        _ name: String, _ build: @escaping @Sendable (WorkerBuild, Int) throws -> Void
    ) -> KeyedStream<Key, Element> {
        let node = builder.add(name, .exchange, inputs: [port], build: build)
        return KeyedStream(
            builder: builder, port: DataflowGraph.Port(node: node, port: 0), hasEventTime: hasEventTime)
    }
}

/// Sorts the records of batches into a keyed batch per worker.
@usableFromInline
final class KeyPartitioner<Key: StreamKey, Element: Sendable> {
    @usableFromInline let sender: ExchangeSender<KeyedBatch<Key, Element>>
    @usableFromInline let parallelism: Int
    @usableFromInline let batchSize: Int
    @usableFromInline let workerOfGroup: [Int]
    @usableFromInline let keyGroups: KeyGroups
    @usableFromInline var parts: [KeyedBatch<Key, Element>]

    @inlinable
    init(
        sender: ExchangeSender<KeyedBatch<Key, Element>>, parallelism: Int, batchSize: Int, keyGroups: KeyGroups
    ) {
        self.sender = sender
        self.parallelism = parallelism
        self.batchSize = batchSize
        self.keyGroups = keyGroups
        workerOfGroup = (0..<keyGroups.count).map { keyGroups.worker(ofGroup: $0, parallelism: parallelism) }
        parts = (0..<parallelism).map { _ in KeyedBatch(capacity: batchSize) }
    }

    /// Moves the records of `batch` to their workers' parts, and sends those that are full.
    @inlinable @inline(__always)
    func partition<Failure: Error>(
        _ batch: Batch<Element>, _ keyOf: (Element) throws(Failure) -> Key
    ) throws {
        let elements = batch.elements
        let timestamps = batch.timestamps
        let count = batch.count
        batch.count = 0
        var moved = 0
        // A failing key function stops the job; the records not yet moved are still to be destroyed.
        defer { if moved < count { (elements + moved).deinitialize(count: count - moved) } }
        while moved < count {
            let key = try keyOf(elements[moved])
            let hash = key.stableHash
            let target = workerOfGroup[keyGroups.group(ofHash: hash)]
            let part = parts[target]
            part.append((elements + moved).move(), at: timestamps[moved], key: key, hash: hash)
            moved &+= 1
            if part.count == batchSize { try send(target) }
        }
    }

    /// Sends what is in the parts; whether there was anything.
    @inlinable
    func flush() throws -> Bool {
        var any = false
        for target in 0..<parallelism where parts[target].count > 0 {
            try send(target)
            any = true
        }
        return any
    }

    @inlinable
    func send(_ target: Int) throws {
        let part = parts[target]
        parts[target] = KeyedBatch(capacity: batchSize)
        try sender.send(part, to: target)
    }
}
