internal import Weir

/// A backend whose stores' writes are effects of a simulated world.
struct SimulatedBackend: StateBackend {
    let base: any StateBackend
    let world: SimulatedWorld

    var name: String { base.name }

    func open(_ place: StorePlace) throws -> (any StateStore)? {
        guard let store = try base.open(place) else { return nil }
        return SimulatedStore(store, world)
    }
}

/// A store whose writes and checkpoints can fail.
private final class SimulatedStore: StateStore {
    private let base: any StateStore
    private let world: SimulatedWorld

    init(_ base: any StateStore, _ world: SimulatedWorld) {
        self.base = base
        self.world = world
    }

    func rows(of state: String) throws -> any StoredRows { try rows(of: state, expiry: nil) }

    func rows(of state: String, expiry: (@Sendable () -> Int64)?) throws -> any StoredRows {
        SimulatedRows(try base.rows(of: state, expiry: expiry), state, world)
    }

    func checkpoint() throws -> any StoreCheckpoint {
        // What a process that goes down has fixed is gone with it.
        guard try world.begin(.store, "checkpoint") == .asItShould else { throw SimulatedRows.failure("checkpoint") }
        return try base.checkpoint()
    }

    func settle() throws { try base.settle() }

    var waitingWrites: Int { base.waitingWrites }

    var memoryUsage: Int { base.memoryUsage }

    func close() { base.close() }
}

/// Rows whose writes can fail.
private final class SimulatedRows: StoredRows {
    private let base: any StoredRows
    private let state: String
    private let world: SimulatedWorld

    init(_ base: any StoredRows, _ state: String, _ world: SimulatedWorld) {
        self.base = base
        self.state = state
        self.world = world
    }

    static func failure(_ what: String) -> StateError {
        StateError(code: .storeFailed, message: "the store's \(what) failed, as planned")
    }

    private func perform(_ what: String, _ rows: StateRows, _ body: () throws -> Void) throws {
        do { try world.perform(.store, "\(what) \(rows.count) rows of '\(state)'", body) } catch is SimulatedWorld
            .Injected
        {
            throw Self.failure(what)
        }
    }

    func read(_ keys: StateRows, _ found: (_ index: Int, _ value: UnsafeRawBufferPointer) throws -> Void) throws {
        try base.read(keys, found)
    }

    func write(_ rows: StateRows) throws { try perform("write", rows) { try base.write(rows) } }

    func writeLater(_ rows: StateRows) throws { try perform("later write", rows) { try base.writeLater(rows) } }

    func scan(
        groups: Range<Int>, prefix: [UInt8], from start: [UInt8],
        _ body: (_ group: Int, _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws -> Bool
    ) throws { try base.scan(groups: groups, prefix: prefix, from: start, body) }

    func removeAll() throws { try base.removeAll() }

    func view() throws -> any StoredRowsView { try base.view() }
}
