public import StateBackend
public import StreamCore

extension KeyedStream {
    /// Combines each record with the combination of those before it with the same key, and emits the new one.
    ///
    /// - Parameters:
    ///   - name: the step's name, unique in the pipeline; it identifies the step's state.
    ///   - combine: the function.
    @inlinable
    public func reduce(
        _ name: String, _ combine: @escaping @Sendable (Element, Element) -> Element
    ) -> DataStream<Element> {
        transform(name) { _ in ReduceOperator<Key, Element>(combine) }
    }
}

/// A running combination per key.
@frozen
@usableFromInline
struct ReduceOperator<Key: StreamKey, Element: Sendable>: StreamOperator {
    @usableFromInline typealias Input = KeyedBatch<Key, Element>
    @usableFromInline typealias Output = Element

    @usableFromInline let combine: @Sendable (Element, Element) -> Element
    @usableFromInline let table = StateTable<Key, Element>()

    @inlinable
    init(_ combine: @escaping @Sendable (Element, Element) -> Element) { self.combine = combine }

    @inlinable
    mutating func process(_ input: KeyedBatch<Key, Element>, _ output: Collector<Element>) throws {
        let records = input.records
        if table.byteCount > 1 << 18 { for i in 0..<input.count { table.prefetch(hash: input.hashes[i]) } }
        for i in 0..<input.count {
            var combined = records.elements[i]
            table.update(
                input.keys[i], hash: input.hashes[i], insert: { records.elements[i] },
                update: {
                    $0 = combine($0, records.elements[i])
                    combined = $0
                })
            try output.emit(combined, at: records.timestamps[i])
        }
    }
}
