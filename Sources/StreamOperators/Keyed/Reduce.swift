public import StateBackend
public import StreamCore

extension KeyedStream {
    /// Combines each record with the combination of those before it with the same key, and emits the new one.
    ///
    /// - Parameters:
    ///   - name: the step's name, unique in the pipeline; it identifies the step's state.
    ///   - onError: what becomes of a record for which `combine` throws. By default the job fails; else the combination
    ///     stays as it is, and nothing is emitted.
    ///   - combine: the function.
    @inlinable
    public func reduce<Failure: Error>(
        _ name: String, onError: ErrorPolicy = .fail,
        _ combine: @escaping @Sendable (Element, Element) throws(Failure) -> Element
    ) -> DataStream<Element> {
        transform(name) { context in
            ReduceOperator<Key, Element, Failure>(
                table: try context.state.table("reduction"), errors: try context.errors(onError, for: Element.self),
                combine)
        }
    }
}

/// A running combination per key.
@frozen
@usableFromInline
struct ReduceOperator<Key: StreamKey, Element: Sendable, Failure: Error>: StreamOperator {
    @usableFromInline typealias Input = KeyedBatch<Key, Element>
    @usableFromInline typealias Output = Element

    @usableFromInline let combine: @Sendable (Element, Element) throws(Failure) -> Element
    @usableFromInline let table: StateTable<Key, Element>
    @usableFromInline let errors: ErrorHandler<Element>

    @inlinable
    init(
        table: StateTable<Key, Element>, errors: ErrorHandler<Element>,
        _ combine: @escaping @Sendable (Element, Element) throws(Failure) -> Element
    ) {
        self.table = table
        self.errors = errors
        self.combine = combine
    }

    @inlinable
    mutating func process(_ input: KeyedBatch<Key, Element>, _ output: Collector<Element>) throws {
        let records = input.records
        table.prepare(input.keys, hashes: input.hashes, count: input.count)
        try input.forEachOrigin { range, origin in
            try output.flush()
            output.origin = origin
            for i in range {
                let element = records.elements[i]
                guard let value = table.find(input.keys[i], hash: input.hashes[i]) else {
                    _ = table.upsert(input.keys[i], hash: input.hashes[i], element)
                    try output.emit(element, at: records.timestamps[i])
                    continue
                }
                do throws(Failure) { value.pointee = try combine(value.pointee, element) } catch {
                    try errors.dispose(element, at: records.timestamps[i], error, from: origin)
                    continue
                }
                try output.emit(value.pointee, at: records.timestamps[i])
            }
        }
    }
}
