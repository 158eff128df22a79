internal import Synchronization
internal import Weir

/// A storage of snapshots in memory, whose calls are effects of a simulated world.
///
/// An object is there once its writer has completed; what a killed process had begun stays until it is removed. Lists may
/// lack what was put last, as those of some object stores do; reads never do.
final class SimulatedStorage: SnapshotStorage {
    private struct Object: Sendable {
        let bytes: [UInt8]
        let modified: Int64
        let order: Int
    }

    private struct State: Sendable {
        var objects: [String: Object] = [:]
        var unfinished: [Int: (name: String, time: Int64, epoch: Int)] = [:]
        var next = 0
        /// The number of the process: writers of earlier ones are dead.
        var epoch = 0
    }

    let world: SimulatedWorld
    private let state = Mutex(State())

    init(_ world: SimulatedWorld) { self.world = world }

    var description: String { "simulated storage" }

    /// The names of all objects, and of those that were begun and never completed.
    var names: (objects: [String], unfinished: [String]) {
        state.withLock { ($0.objects.keys.sorted(), $0.unfinished.values.map(\.name).sorted()) }
    }

    /// A new process begins.
    func restart() { state.withLock { $0.epoch += 1 } }

    func put(_ name: String) throws -> any SnapshotObjectWriter {
        try call(.put, name) {
            let id = state.withLock { state in
                state.next += 1
                state.unfinished[state.next] = (name, world.clock.now, state.epoch)
                return state.next
            }
            return SimulatedObjectWriter(name, id, in: self)
        }
    }

    func putIfAbsent(_ name: String, _ bytes: [UInt8]) throws -> Bool {
        try call(.putIfAbsent, name) {
            state.withLock { state in
                guard state.objects[name] == nil else { return false }
                store(name, bytes, &state)
                return true
            }
        }
    }

    func get(_ name: String, range: Range<Int>) throws -> [UInt8] {
        try call(.get, name) {
            guard let object = state.withLock({ $0.objects[name] }) else {
                throw SnapshotError(code: .missingFile, file: name, message: "there is no such object")
            }
            return Array(object.bytes[range.clamped(to: 0..<object.bytes.count)])
        }
    }

    func list(_ prefix: String) throws -> [SnapshotObject] {
        let course = try world.begin(.list, prefix)
        let all = state.withLock { state in
            state.objects.filter { $0.key.hasPrefix(prefix) }.sorted { $0.key < $1.key }
        }
        func objects(_ all: [(key: String, value: Object)]) -> [SnapshotObject] {
            all.map { SnapshotObject(name: $0.key, byteCount: $0.value.bytes.count, modified: $0.value.modified) }
        }
        switch course {
        case .asItShould: return objects(all)
        case .last: throw SimulatedWorld.Down()
        case .wrong(.stale):
            let newest = state.withLock { $0.next }
            return objects(all.filter { $0.value.order < newest - 3 })
        case .wrong: throw failure(.list, prefix)
        }
    }

    func delete(_ name: String) throws { try call(.delete, name) { state.withLock { $0.objects[name] = nil } } }

    func removeUnfinished(before time: Int64) throws -> [String] {
        try call(.delete, "what is unfinished") {
            state.withLock { state in
                let dead = state.unfinished.filter { $0.value.epoch < state.epoch && $0.value.time < time }
                for id in dead.keys { state.unfinished[id] = nil }
                return dead.values.map(\.name)
            }
        }
    }

    private func store(_ name: String, _ bytes: [UInt8], _ state: inout State) {
        state.next += 1
        state.objects[name] = Object(bytes: bytes, modified: world.clock.now, order: state.next)
    }

    private func call<Result>(_ effect: SimulationPlan.Effect, _ name: String, _ body: () throws -> Result) throws
        -> Result
    {
        do { return try world.perform(effect, name, body) } catch is SimulatedWorld.Injected {
            throw failure(effect, name)
        }
    }

    private func failure(_ effect: SimulationPlan.Effect, _ name: String) -> SnapshotError {
        SnapshotError(code: .storageFailed, file: name, message: "\(effect.rawValue) failed, as planned")
    }

    fileprivate func write(_ name: String, _ body: () -> Void) throws { try call(.write, name) { body() } }

    fileprivate func complete(_ name: String, _ id: Int, _ bytes: [UInt8]) throws {
        func complete(_ bytes: [UInt8]) {
            state.withLock { state in
                state.unfinished[id] = nil
                store(name, bytes, &state)
            }
        }
        switch try world.begin(.complete, name) {
        case .asItShould: complete(bytes)
        case .last:
            complete(bytes)
            throw SimulatedWorld.Down()
        case .wrong(.failsAfterwards):
            complete(bytes)
            throw failure(.complete, name)
        case .wrong(.tears):
            complete(Array(bytes.prefix(bytes.count / 2)))
            throw failure(.complete, name)
        case .wrong: throw failure(.complete, name)
        }
    }

    fileprivate func abort(_ id: Int) { if !world.isDown { state.withLock { $0.unfinished[id] = nil } } }
}

/// An object that is being put.
private final class SimulatedObjectWriter: SnapshotObjectWriter {
    private let name: String
    private let id: Int
    private let storage: SimulatedStorage
    private var bytes: [UInt8] = []

    init(_ name: String, _ id: Int, in storage: SimulatedStorage) {
        self.name = name
        self.id = id
        self.storage = storage
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws {
        try storage.write(name) { self.bytes.append(contentsOf: bytes) }
    }

    func commit() throws { try storage.complete(name, id, bytes) }

    func abort() { storage.abort(id) }
}
