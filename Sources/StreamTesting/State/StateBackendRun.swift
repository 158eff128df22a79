internal import Weir

/// One seed of a ``StateBackendSuite``.
final class StateBackendRun<Key: StreamKey> {
    struct Fault: Error, CustomStringConvertible {
        let description: String
    }

    /// Those that restores take turns with, and the one that the workers have.
    private let backends: [any StateBackend]
    private var backend: any StateBackend
    let key: (Int) -> Key
    let keyCount: Int
    private let keyGroups: KeyGroups
    private let tableSize: Int
    var random: SplitMix64
    var now: Int64 = 1_000
    var workers: [StateBackendWorker<Key>] = []
    var expected: [Key: StateBackendExpectation] = [:]
    var rules: [String: Int64] = [:]
    /// The snapshot that is being taken.
    private var snapshot: StateBackendSnapshot<Key>?
    /// The last that was taken.
    private var saved: StateBackendSnapshot<Key>?
    private var wasCancelled = false
    private var restores = 0
    private var reader: StateBackendReader<Key>?
    /// The key that was used last.
    private var touched: Key?

    init(_ backends: [any StateBackend], seed: UInt64, key: @escaping (Int) -> Key) throws {
        self.backends = backends
        backend = backends[0]
        self.key = key
        random = SplitMix64(seed: seed)
        keyCount = [6, 30, 90][Int(random.next(below: 3))]
        keyGroups = KeyGroups(count: [8, 128][Int(random.next(below: 2))])
        tableSize = [16, 32, 1_024][Int(random.next(below: 3))]
        try start(parallelism: 1, files: nil)
    }

    func close() {
        for worker in workers { worker.environment.store?.close() }
        saved?.release()
    }

    func below(_ bound: Int) -> Int { Int(random.next(below: UInt64(bound))) }

    // MARK: what happens

    func doSomething() throws {
        touched = nil
        let before = now
        switch below(100) {
        case 0..<46: try useKey(touch(below(keyCount)))
        case 46..<56: try useExpiring(touch(below(keyCount)))
        case 56..<60: try readPiece()
        case 60..<66: try useLargeMaps(touch(below(2)))
        case 66: changeRules()
        case 67..<70: try useMore(touch(below(keyCount)))
        case 70..<76:
            now += Int64(below(20))
            try fireTimers()
        case 76..<80: prepare()
        case 80..<92: try snapshot?.step(1 + below(300))
        case 92..<95: try beginSnapshot()
        case 95..<97: try restore()
        case 97: cancelSnapshot()
        default: try compare(key(below(keyCount)))
        }
        try takeSnapshot(ifDone: true)
        for worker in workers { try worker.environment.failure.check() }
        if let reader {
            let changed = now > before ? Array(expected.keys) : touched.map({ [$0] }) ?? []
            for key in changed { reader.note(key, living(key)) }
        }
    }

    /// What a key's states should be, without what has expired.
    private func living(_ key: Key) -> StateBackendExpectation {
        var one = expected[key] ?? StateBackendExpectation()
        one.expire(now)
        one.expiring.expire(now)
        return one
    }

    /// Reads some of a state, as live reads do, or begins to.
    private func readPiece() throws {
        guard let reader else {
            let worker = workers[below(workers.count)]
            var own: [Key: StateBackendExpectation] = [:]
            for key in expected.keys where self.worker(of: key) === worker { own[key] = living(key) }
            let sources = StateBackendReader<Key>.sources
            self.reader = StateBackendReader(worker, sources[below(sources.count)], own)
            return
        }
        for _ in 0..<(1 + below(4)) {
            let (fault, isAtEnd) = try reader.read(1 + below(40), living)
            if let fault { throw Fault(description: "read piece by piece, state '\(reader.source.name)': \(fault)") }
            if isAtEnd {
                self.reader = nil
                return
            }
        }
    }

    func end() throws {
        try compareAll()
        try beginSnapshot()
        try restore()
        try compareAll()
    }

    private func touch(_ number: Int) -> Key {
        let key = key(number)
        touched = key
        return key
    }

    func worker(of key: Key) -> StateBackendWorker<Key> {
        let group = keyGroups.group(ofHash: key.stableHash)
        return workers[keyGroups.worker(ofGroup: group, parallelism: workers.count)]
    }

    private func prepare() {
        let keys = (0..<(1 + below(20))).map { _ in key(below(keyCount)) }
        for worker in workers {
            let own = keys.filter { self.worker(of: $0) === worker }
            worker.store.prepare(own, hashes: own.map(\.stableHash), count: own.count)
        }
    }

    private func useKey(_ key: Key) throws {
        let worker = worker(of: key)
        worker.store.tick(count: below(3))
        worker.store.select(key, hash: key.stableHash)
        var one = expected[key] ?? StateBackendExpectation()
        one.expire(now)
        let number = Int64(below(1_000))
        let isRemoval = below(4) == 0
        switch below(9) {
        case 0:
            one.number = isRemoval ? nil : number
            worker.number.value = one.number
        case 1:
            _ = worker.number.update(default: 5) { $0 &+= number }
            one.number = (one.number ?? 5) &+ number
        case 2:
            if isRemoval { worker.list.removeAll() } else { worker.list.append("element \(number)") }
            one.list = isRemoval ? [] : one.list + ["element \(number)"]
        case 3:
            one.map[Int32(number % 7)] = isRemoval ? nil : "\(number)"
            worker.map[Int32(number % 7)] = isRemoval ? nil : "\(number)"
        case 4: useOrdered(worker.ordered, &one.ordered, number, isRemoval)
        case 5:
            if isRemoval { worker.sum.remove() } else { worker.sum.add(number) }
            one.sum = isRemoval ? nil : (one.sum ?? 0) &+ number
        case 6:
            worker.lease.value = isRemoval ? nil : number
            one.lease = isRemoval ? nil : .init(value: number, expiry: now + StateBackendWorker<Key>.leaseTime)
        case 7:
            let name = "\(number % 5)"
            if number % 2 == 0 {
                worker.visits[name] = isRemoval ? nil : number
                one.visits[name] = isRemoval ? nil : .init(value: number, expiry: 0)
            } else {
                try check(worker.visits[name] == one.visits[name]?.value, "visits of \(name), read")
            }
            one.visits[name]?.expiry = now + StateBackendWorker<Key>.visitTime
        default:
            worker.recent[number % 9] = isRemoval ? nil : "\(number)"
            one.recent[number % 9] =
                isRemoval ? nil : .init(value: "\(number)", expiry: now + StateBackendWorker<Key>.recentTime)
        }
        expected[key] = one
        try compare(key)
    }

    private func useOrdered(
        _ map: OrderedMapState<Key, Int64, Int64>, _ expected: inout [Int64: Int64], _ number: Int64, _ isRemoval: Bool
    ) {
        switch number % 4 {
        case 0 where isRemoval:
            map.removeAll(before: number)
            expected = expected.filter { $0.key >= number }
        case 1 where isRemoval:
            map.removeAll(in: number..<(number + 100))
            expected = expected.filter { !(number..<(number + 100)).contains($0.key) }
        default:
            map[number] = isRemoval ? nil : number + 1
            expected[number] = isRemoval ? nil : number + 1
        }
    }

    // MARK: comparisons

    func check(_ holds: Bool, _ what: @autoclosure () -> String) throws {
        if !holds { throw Fault(description: "\(what()) (parallelism \(workers.count), time \(now))") }
    }

    func check<Value: Equatable>(_ found: Value, _ expected: Value, _ what: String, _ key: Key) throws {
        try check(found == expected, "\(what) of key '\(key)' is \(found), but should be \(expected)")
    }

    private func compareAll() throws {
        for index in 0..<keyCount {
            try compare(key(index))
            try compareMore(key(index))
            try compareExpiring(key(index))
        }
        try compareRules()
    }

    private func compare(_ key: Key) throws {
        let worker = worker(of: key)
        worker.store.tick()
        worker.store.select(key, hash: key.stableHash)
        var one = expected[key] ?? StateBackendExpectation()
        one.expire(now)
        try check(worker.number.value, one.number, "the value", key)
        try check(worker.list.elements, one.list, "the list", key)
        try check(worker.list.count, one.list.count, "the list's count", key)
        var map: [Int32: String] = [:]
        worker.map.forEach { map[$0] = $1 }
        try check(map, one.map, "the map", key)
        try check(worker.map.count, one.map.count, "the map's count", key)
        var ordered: [[Int64]] = []
        worker.ordered.forEach { ordered.append([$0, $1]) }
        let sorted = one.ordered.sorted { $0.key < $1.key }.map { [$0.key, $0.value] }
        try check(ordered, sorted, "the ordered map", key)
        var part: [[Int64]] = []
        worker.ordered.forEach(in: 300..<700) { part.append([$0, $1]) }
        try check(part, sorted.filter { (300..<700).contains($0[0]) }, "a range of the ordered map", key)
        try check(worker.ordered.first?.key, sorted.first?[0], "the ordered map's first key", key)
        try check(worker.ordered.last?.value, sorted.last?[1], "the ordered map's last value", key)
        try check(worker.sum.value, one.sum, "the reduced value", key)
        try check(worker.lease.value, one.lease?.value, "the value that expires", key)
        var visits: [String: Int64] = [:]
        worker.visits.forEach { visits[$0] = $1 }
        try check(visits, one.visits.mapValues(\.value), "the map whose entries expire", key)
        var recent: [Int64: String] = [:]
        worker.recent.forEach { recent[$0] = $1 }
        try check(recent, one.recent.mapValues(\.value), "the ordered map whose entries expire", key)
        try check(worker.recent.first?.key, one.recent.keys.min(), "the first key that hasn't expired", key)
    }

    // MARK: snapshots

    private func beginSnapshot() throws {
        try takeSnapshot(ifDone: false)
        let mode: CaptureMode = saved == nil || wasCancelled || below(3) == 0 ? .everything : .changes
        wasCancelled = false
        snapshot = try StateBackendSnapshot(
            of: workers, expected: expected, rules: rules, mode: mode, keyGroups: keyGroups, basedOn: saved)
        for worker in workers { worker.environment.gate.hold { [unowned self] in try takeSnapshot(ifDone: false) } }
    }

    private func takeSnapshot(ifDone: Bool) throws {
        guard let snapshot, !ifDone || snapshot.isDone else { return }
        self.snapshot = nil
        try snapshot.finish()
        for worker in workers { worker.environment.gate.release() }
        saved?.release()
        saved = snapshot
    }

    private func cancelSnapshot() {
        guard snapshot != nil else { return }
        snapshot?.cancel()
        snapshot = nil
        // Parts that were captured to the end would give changes of what nobody has.
        wasCancelled = true
        for worker in workers { worker.environment.gate.release() }
    }

    /// Throws everything away and begins with the last snapshot.
    private func restore() throws {
        try takeSnapshot(ifDone: false)
        guard let saved else { return }
        restores += 1
        for worker in workers { worker.environment.store?.close() }
        expected = saved.expected
        rules = saved.expectedRules
        reader = nil
        let writer = backend
        backend = backends[below(backends.count)]
        let hasFiles = saved.files.allSatisfy { $0 != nil }
        let parts = try saved.parts(openedBy: hasFiles && below(2) == 0 ? writer : nil)
        if hasFiles && backend.name == writer.name && below(2) == 0 {
            try start(parallelism: saved.parallelism, files: saved.files.map { $0?.files }, rowCounts: saved.rowCounts)
            let others = parts.filter { !saved.stored.contains($0.key) }
            for worker in workers { try worker.state.load(others, previousParallelism: saved.parallelism) }
        } else {
            try start(parallelism: [1, 3, 2, 5][restores % 4], files: nil)
            for worker in workers { try worker.state.load(parts, previousParallelism: saved.parallelism) }
        }
        for worker in workers { worker.restoreTimers() }
        // What comes next is saved from the beginning.
        saved.release()
        self.saved = nil
        try compareAll()
    }

    private func start(parallelism: Int, files: [[StoreFile]?]?, rowCounts: [[String: Int]] = []) throws {
        workers = []
        for worker in 0..<parallelism {
            let groups = keyGroups.range(ofWorker: worker, parallelism: parallelism)
            let place = StorePlace(
                job: "conformance", worker: worker, keyGroups: keyGroups, groups: groups, memoryBudget: 8 << 20,
                files: files?[worker])
            let store = try backend.open(place)
            let environment = StateEnvironment(
                worker: worker, parallelism: parallelism, keyGroups: keyGroups, store: store,
                allowance: TableAllowance(total: store == nil ? .max : 0, smallestTable: tableSize))
            if files != nil { environment.rowCounts = rowCounts[worker] }
            workers.append(try StateBackendWorker(environment) { [unowned self] in now })
        }
    }
}
