import StateBackend
import StreamCore

/// One way to run a pipeline.
///
/// Results must not depend on it.
struct RunCase: Sendable, CustomStringConvertible {
    var seed: UInt64?
    var parallelism: Int
    var batchSize: Int
    var ringCapacity: Int

    var options: JobOptions {
        var options = JobOptions(parallelism: parallelism, batchSize: batchSize)
        options.ringCapacity = ringCapacity
        options.metricsInterval = nil
        options.logger = JobOptions.silentLogger
        if let seed { options.scheduler = DeterministicScheduler(seed: seed) }
        return options
    }

    var description: String {
        let scheduler = seed.map { "deterministic with seed \($0)" } ?? "threaded"
        return "\(scheduler), parallelism \(parallelism), batches of \(batchSize), rings of \(ringCapacity)"
    }

    static let all: [RunCase] = [nil, 1, 2].flatMap { seed in
        [1, 2, 4].flatMap { parallelism in
            [1, 7, 1_024].flatMap { batchSize in
                // With one worker there are no rings.
                (parallelism == 1 ? [16] : [1, 16]).map { ringCapacity in
                    RunCase(
                        seed: seed, parallelism: parallelism, batchSize: batchSize, ringCapacity: ringCapacity)
                }
            }
        }
    }

    /// Few cases for tests that take longer.
    static let some: [RunCase] = [
        RunCase(seed: nil, parallelism: 1, batchSize: 7, ringCapacity: 16),
        RunCase(seed: nil, parallelism: 2, batchSize: 1, ringCapacity: 1),
        RunCase(seed: nil, parallelism: 4, batchSize: 7, ringCapacity: 1),
        RunCase(seed: 3, parallelism: 2, batchSize: 1, ringCapacity: 1),
        RunCase(seed: 4, parallelism: 4, batchSize: 7, ringCapacity: 1),
        RunCase(seed: 5, parallelism: 4, batchSize: 1_024, ringCapacity: 16),
    ]
}

/// A record that tells where it comes from.
struct Item: Hashable, Sendable, CustomStringConvertible {
    var split: Int
    var key: Int
    var number: Int
    var time: Timestamp

    var hasKey: Bool { key > 0 }

    var description: String { "\(split)/\(key)#\(number)@\(time)" }

    /// Seeded splits of items; times rise by up to 10 and fall back by up to `disorder`.
    static func splits(_ sizes: [Int], keys: Int, disorder: Int, seed: UInt64) -> [[Item]] {
        var random = SplitMix64(seed: seed)
        return sizes.enumerated().map { split, size in
            var newest: Timestamp = Int64(random.next(below: 100)) - 50
            return (0..<size).map { number in
                newest += Int64(random.next(below: 11))
                let time = newest - Int64(random.next(below: UInt64(disorder + 1)))
                return Item(split: split, key: Int(random.next(below: UInt64(keys))), number: number, time: time)
            }
        }
    }
}

/// The lowest number whose key group belongs to `worker`.
func key(ofWorker worker: Int, parallelism: Int) -> Int {
    let groups = KeyGroups()
    func owner(_ key: Int) -> Int {
        groups.worker(ofGroup: groups.group(ofHash: key.stableHash), parallelism: parallelism)
    }
    var key = 0
    while owner(key) != worker { key += 1 }
    return key
}

/// A multiset, for comparing results whose order isn't given.
func multiset<Element: Hashable>(_ elements: some Sequence<Element>) -> [Element: Int] {
    elements.reduce(into: [:]) { $0[$1, default: 0] += 1 }
}
