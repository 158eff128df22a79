public import StateBackend

extension DataStream {
    /// Groups the stream by key: records with the same key go to the same worker, in their order.
    ///
    /// The key and its hash are worked out once per record and travel with it. A key path literal (`\.user`) serves as
    /// the function.
    ///
    /// - Parameters:
    ///   - name: the step's name; nil for its kind and number.
    ///   - onError: what becomes of a record for which `key` throws. By default the job fails.
    ///   - key: the key of a record. Must depend on the record alone; the job fails when it is found to give two keys
    ///     for one record, which is tried with the first one of each batch.
    @inlinable @inline(__always)
    public func keyBy<Key: StreamKey, Failure: Error>(
        _ name: String?, onError: ErrorPolicy = .fail,
        _ key: @escaping @Sendable (Element) throws(Failure) -> Key
    ) -> KeyedStream<Key, Element> {
        // Formed here, where the caller's compiler sees the function: one that captures nothing is inlined.
        let findKeys = {
            @Sendable (batch: Batch<Element>, keyed: KeyedBatch<Key, Element>) throws(Failure) in
            try keyed.take(batch, keyOf: key)
        }
        let partition = {
            @Sendable
            (
                batch: Batch<Element>, partitioner: KeyPartitioner<Key, Element>, errors: ErrorHandler<Element>
            ) throws in try partitioner.partition(batch, key, errors)
        }
        return keyed(self.name(name, "keyBy")) { build, node in
            let outlet: Outlet<KeyedBatch<Key, Element>> = build.outlet(node: node, port: 0)
            let context = build.context(node: node)
            let counters = context.counters
            let errors = try context.errors(onError, for: Element.self)
            guard build.parallelism > 1 else {
                let handOut = try build.handOut(
                    node: node, outlet: outlet, .keyedBatches(keys: Key.self, of: Element.self))
                let none = Batch<Element>(capacity: 1)
                var spare = KeyedBatch<Key, Element>(none, room: context.batchSize)
                build.connect(
                    Inlet<Batch<Element>>(
                        consumes: false,
                        onBatch: { batch in
                            try handOut()
                            counters.addIn(batch.count)
                            try checkKey(of: batch, context, key)
                            // Used again, unless somebody downstream has kept it.
                            if !isKnownUniquelyReferenced(&spare) || spare.capacity < batch.count {
                                spare = KeyedBatch(none, room: batch.capacity)
                            }
                            do throws(Failure) { try findKeys(batch, spare) } catch {
                                spare = try KeyedBatch(batch, keyOf: key, errors)
                            }
                            counters.addOut(spare.count)
                            try outlet.push(spare)
                            if isKnownUniquelyReferenced(&spare) { spare.letGo(none) }
                        },
                        onSignal: { signal in
                            // A barrier finds what is under way where it is: in the part's rows.
                            if case .barrier = signal {} else { try handOut() }
                            if case .watermark(let watermark) = signal { counters.note(watermark: watermark) }
                            try outlet.signal(signal)
                        }), input: 0, ofNode: node)
                return
            }
            let partitioner = KeyPartitioner<Key, Element>(
                sender: try build.exchange(
                    node: node, outlet: outlet, inFlight: .keyedBatches(keys: Key.self, of: Element.self)),
                parallelism: build.parallelism,
                batchSize: build.batchSize, keyGroups: context.keyGroups)
            build.onIdle { try partitioner.flush() }
            build.connect(
                Inlet<Batch<Element>>(
                    consumes: true,
                    onBatch: { batch in
                        counters.addIn(batch.count)
                        try checkKey(of: batch, context, key)
                        try partition(batch, partitioner, errors)
                    },
                    onSignal: { try partitioner.receive($0) }), input: 0, ofNode: node)
        }
    }

    /// Groups the stream by key in a step with a default name; see ``keyBy(_:onError:_:)``.
    @inlinable @inline(__always)
    public func keyBy<Key: StreamKey, Failure: Error>(
        onError: ErrorPolicy = .fail, _ key: @escaping @Sendable (Element) throws(Failure) -> Key
    ) -> KeyedStream<Key, Element> {
        keyBy(nil, onError: onError, key)
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

extension KeyedBatch {
    /// A keyed batch of those of `records` for which `keyOf` doesn't throw.
    @inlinable
    convenience init<Failure: Error>(
        _ records: Batch<Element>, keyOf: (Element) throws(Failure) -> Key, _ errors: ErrorHandler<Element>
    ) throws {
        self.init(capacity: records.capacity)
        note(origin: records.origin)
        for i in 0..<records.count {
            let key: Key
            do throws(Failure) { key = try keyOf(records.elements[i]) } catch {
                try errors.dispose(records.elements[i], at: records.timestamps[i], error, from: records.origin)
                continue
            }
            append(records.elements[i], at: records.timestamps[i], key: key, hash: key.stableHash)
        }
    }
}

/// Fails the job when the key of the batch's first record is another one when asked for again: its state would be
/// spread over keys and workers.
@inlinable
func checkKey<Key: StreamKey, Element, Failure: Error>(
    of batch: Batch<Element>, _ context: OperatorContext, _ keyOf: (Element) throws(Failure) -> Key
) throws {
    guard batch.count > 0, let key = try? keyOf(batch.elements[0]), let again = try? keyOf(batch.elements[0])
    else { return }
    guard Key.same(key, again), key.stableHash == again.stableHash else {
        throw JobError(
            code: .stepFailed, step: context.step,
            message: "the key of one record is \(key), and \(again) when asked for again"
                + (Key.same(key, again) ? ", with another stableHash" : "")
                + "; derive the key, and its stableHash, from the record's content alone")
    }
}
