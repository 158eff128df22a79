/// An operator's entry for one input, erased to two closures that are called once per batch and once per signal.
///
/// Erasing by closures that are formed in `@inlinable` generic code keeps the loops inside specialised, which vtables
/// and witness tables of generic types would not (measured: 0.4 against 18 ns per record).
public final class Inlet<Payload: BatchPayload> {
    /// Whether the operator changes or takes apart the batches that it is handed.
    ///
    /// One that doesn't may share them.
    public let consumes: Bool
    @usableFromInline let onBatch: (Payload) throws -> Void
    @usableFromInline let onSignal: (Signal) throws -> Void

    /// As `onBatch`, for a batch that others still need; nil where the batch must be copied for that.
    @usableFromInline let onSharedBatch: ((Payload) throws -> Void)?

    /// An entry that hands batches to `onBatch` and signals to `onSignal`.
    ///
    /// - Parameters:
    ///   - consumes: whether `onBatch` changes or takes apart the batch.
    ///   - onBatch: processes a batch.
    ///   - onSharedBatch: processes a batch that others still need, without changing it. For a consuming inlet that can
    ///     do so more cheaply than by consuming a copy.
    ///   - onSignal: reacts to a signal and passes it on.
    @inlinable
    public init(
        consumes: Bool, onBatch: @escaping (Payload) throws -> Void,
        onSharedBatch: ((Payload) throws -> Void)? = nil, onSignal: @escaping (Signal) throws -> Void
    ) {
        self.consumes = consumes
        self.onSharedBatch = onSharedBatch
        self.onBatch = onBatch
        self.onSignal = onSignal
    }
}
