/// An operator's exit: passes batches and signals on to every connected inlet, in order.
public final class Outlet<Payload: BatchPayload> {
    // Not checked for overlapping accesses, as nobody connects anything while batches are passed on.
    @usableFromInline @exclusivity(unchecked) var readers: [Inlet<Payload>] = []
    @usableFromInline @exclusivity(unchecked) var consumers: [Inlet<Payload>] = []

    /// The step's side outputs, which carry the main output's signals as well.
    @usableFromInline let sideOutputs: SideOutlets?

    /// An exit that leads nowhere yet.
    public init() { sideOutputs = nil }

    init(sideOutputs: SideOutlets) { self.sideOutputs = sideOutputs }

    /// Connects an inlet.
    public func connect(_ inlet: Inlet<Payload>) {
        if inlet.consumes { consumers.append(inlet) } else { readers.append(inlet) }
    }

    /// Whether nobody reads what comes out here.
    @inlinable public var isUnconnected: Bool { readers.isEmpty && consumers.isEmpty }

    /// Hands on a batch.
    ///
    /// The records are copied only where several inlets consume them.
    @inlinable
    public func push(_ payload: Payload) throws {
        guard payload.count > 0 else { return }
        for reader in readers { try reader.onBatch(payload) }
        guard let last = consumers.last else { return }
        for consumer in consumers.dropLast() {
            if let onSharedBatch = consumer.onSharedBatch {
                try onSharedBatch(payload)
            } else {
                try consumer.onBatch(payload.copy())
            }
        }
        try last.onBatch(payload)
    }

    /// Hands on a signal.
    @inlinable
    public func signal(_ signal: Signal) throws {
        for reader in readers { try reader.onSignal(signal) }
        for consumer in consumers { try consumer.onSignal(signal) }
        if let sideOutputs { try sideOutputs.signal(signal) }
    }
}

/// The outlets of a step's side outputs on a worker; passes the step's signals on to them.
@usableFromInline
final class SideOutlets {
    private var outlets: [(port: Int, outlet: AnyObject, signal: (Signal) throws -> Void)] = []

    @usableFromInline
    func signal(_ signal: Signal) throws {
        for outlet in outlets { try outlet.signal(signal) }
    }

    /// The outlet of a port, made when it is asked for first.
    func outlet<Payload: BatchPayload>(port: Int) -> Outlet<Payload> {
        for known in outlets where known.port == port {
            if let outlet = known.outlet as? Outlet<Payload> { return outlet }
        }
        let outlet = Outlet<Payload>()
        outlets.append((port, outlet, { try outlet.signal($0) }))
        return outlet
    }
}
