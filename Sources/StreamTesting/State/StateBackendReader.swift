internal import Weir

/// Reads a worker's state piece by piece while a ``StateBackendRun`` goes on changing it, as live reads do.
final class StateBackendReader<Key: StreamKey> {
    /// What a state has of a key: a text per entry.
    typealias Entries = [String: String]

    /// A state, as it is read and as it should be.
    struct Source {
        let name: String
        let expected: (StateBackendExpectation) -> Entries
        let page: (any StateLookup, TablePlace, Int) throws -> (entries: [(Key, Entries)], next: TablePlace?)

        static func one<Value, Shown>(
            _ name: String, _ type: Value.Type, _ expected: @escaping (StateBackendExpectation) -> Shown?
        ) -> Source {
            Source(name: name) {
                expected($0).map { ["": "\($0)"] } ?? [:]
            } page: { part, place, limit in
                let page = try part.page(keys: Key.self, values: Value.self, from: place, limit: limit)
                return (page.entries.map { ($0.key, ["": "\($0.value)"]) }, page.next)
            }
        }

        static func map<MapKey, Value>(
            _ name: String, _ expected: @escaping (StateBackendExpectation) -> [MapKey: Value]
        ) -> Source {
            func texts(_ map: [MapKey: Value]) -> Entries {
                var texts: Entries = [:]
                for (key, value) in map { texts["\(key)"] = "\(value)" }
                return texts
            }
            return Source(name: name) {
                texts(expected($0))
            } page: { part, place, limit in
                let page = try part.page(keys: Key.self, values: [MapKey: Value].self, from: place, limit: limit)
                return (page.entries.map { ($0.key, texts($0.value)) }, page.next)
            }
        }
    }

    static var sources: [Source] {
        [
            .one("number", Int64.self, \.number), .one("lease", Int64.self) { $0.lease?.value }, .map("map", \.map),
            .map("ordered", \.ordered), .map("large", \.large), .map("timeline", \.timeline), .map("names", \.names),
            .map("visits") { $0.visits.mapValues(\.value) }, .map("recent") { $0.recent.mapValues(\.value) },
            .one("list", [String].self) { $0.list.isEmpty ? nil : $0.list }, .one("sum", Int64.self, \.sum),
            average("average") { $0.added },
            .one("expiring value", Int64.self) { $0.expiring.value?.value },
            .map("expiring ordered map") { $0.expiring.ordered.mapValues(\.value) },
        ]
            + [0, 1].flatMap { rule -> [Source] in
                [
                    .one("expiring list \(rule)", [String].self) { $0.expiring.lists[rule]?.value },
                    .one("expiring sum \(rule)", Int64.self) { $0.expiring.sums[rule]?.value },
                    average("expiring average \(rule)") { $0.expiring.averages[rule]?.value ?? [] },
                ]
            }
    }

    /// Of averages the sums and counts are read.
    private static func average(_ name: String, _ added: @escaping (StateBackendExpectation) -> [Int64]) -> Source {
        .one(name, Average<Int64>.Accumulator.self) {
            let added = added($0)
            return added.isEmpty ? nil : "Accumulator(sum: \(Double(added.reduce(0, +))), count: \(added.count))"
        }
    }

    let worker: StateBackendWorker<Key>
    let source: Source
    private var place: TablePlace
    private var last: Key?
    /// What was read, and what was there all the time, by key.
    private var seen: [Key: Set<String>] = [:]
    private var lasting: [Key: Set<String>]

    init(_ worker: StateBackendWorker<Key>, _ source: Source, _ expected: [Key: StateBackendExpectation]) {
        self.worker = worker
        self.source = source
        place = TablePlace(groups: worker.environment.groups)
        lasting = expected.mapValues { Set(source.expected($0).keys) }
    }

    /// Notes what has gone.
    func note(_ key: Key, _ expected: StateBackendExpectation) {
        guard let entries = lasting[key] else { return }
        lasting[key] = entries.intersection(Set(source.expected(expected).keys))
    }

    /// Reads a piece; what is wrong, and whether there are no more.
    func read(
        _ limit: Int, _ expected: (Key) -> StateBackendExpectation
    ) throws -> (fault: String?, isAtEnd: Bool) {
        guard let part = worker.state[source.name] as? any StateLookup else { return ("can't be read", true) }
        let page = try source.page(part, place, limit)
        for (key, entries) in page.entries {
            if let known = seen[key] {
                guard let last, Key.same(last, key), known.isDisjoint(with: entries.keys) else {
                    return ("'\(key)' comes twice", true)
                }
            }
            seen[key, default: []].formUnion(entries.keys)
            last = key
            let should = source.expected(expected(key))
            if let wrong = entries.first(where: { should[$0.key] != $0.value }) {
                return ("'\(key)' has \(wrong), but should have \(should)", true)
            }
        }
        guard let next = page.next else {
            for (key, entries) in lasting where !entries.isSubset(of: seen[key] ?? []) {
                return ("'\(key)' lacks \(entries.subtracting(seen[key] ?? []).sorted().prefix(5))", true)
            }
            return (nil, true)
        }
        place = next
        return (nil, false)
    }
}
