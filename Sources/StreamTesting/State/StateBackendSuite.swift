public import Weir

/// Says whether a backend does what tables over its stores expect: for those who write a backend.
///
/// Each seed stands for a job of up to five workers with states of every kind, to which random things happen: reads and
/// writes of random keys, time that passes, snapshots that are taken while the changes go on, and restores from them, by
/// rows at another parallelism (1, 3, 2, 5, …) or by the store's own files at the same. All that is read is compared with
/// plain dictionaries. Little memory is allowed, so that most entries go to the store and come back.
/// ```swift
/// try StateBackendSuite(backend: MyBackend()).run(seeds: 0..<1_000)
/// try StateBackendSuite(backend: MyBackend(), restoringWith: MemoryBackend()).run(seeds: 0..<1_000)
/// ```
/// With a second backend each restore goes on with either, whichever of them took the snapshot: what a backend writes has
/// to be what the other one reads.
///
/// The suite runs on the calling thread. It reads no clock and is the same for a seed wherever it runs.
public struct StateBackendSuite: Sendable {
    /// The backend.
    public let backend: any StateBackend
    /// Another backend that restores may go on with; nil for none.
    public let otherBackend: (any StateBackend)?
    /// The number of things that happen per seed.
    public let steps: Int

    /// A suite.
    ///
    /// - Parameters:
    ///   - backend: the backend; where it writes to a directory, that is the caller's to remove.
    ///   - other: another backend that restores may go on with. By default all go on with the first.
    ///   - steps: the number of things that happen per seed. The default is 200.
    public init(backend: any StateBackend, restoringWith other: (any StateBackend)? = nil, steps: Int = 200) {
        self.backend = backend
        otherBackend = other
        self.steps = steps
    }

    /// Runs the given seeds, one after the other.
    ///
    /// - Throws: ``StateBackendFailure`` for the first thing that is wrong.
    public func run(seeds: Range<UInt64>) throws(StateBackendFailure) {
        for seed in seeds {
            // Half of the jobs are keyed by numbers, the others by text.
            if seed % 2 == 0 {
                try run(seed) { Int64($0) &* 0x1_0000_0001 }
            } else {
                try run(seed) { "the key of number \($0)" }
            }
        }
    }

    private func run<Key: StreamKey>(_ seed: UInt64, _ key: @escaping (Int) -> Key) throws(StateBackendFailure) {
        var step = 0
        do {
            let run = try StateBackendRun([backend] + (otherBackend.map { [$0] } ?? []), seed: seed, key: key)
            defer { run.close() }
            while step < steps {
                try run.doSomething()
                step += 1
            }
            try run.end()
        } catch {
            throw StateBackendFailure(
                backend: backend.name + (otherBackend.map { " and \($0.name)" } ?? ""), seed: seed, step: step,
                what: "\(error)")
        }
    }
}

/// Something that a ``StateBackendSuite`` found wrong.
public struct StateBackendFailure: Error, Sendable, CustomStringConvertible {
    /// The backend's name.
    public let backend: String
    /// The seed: it gives the same again.
    public let seed: UInt64
    /// The number of things that had happened.
    public let step: Int
    /// What is wrong: what was read and what should have been, or the error that was thrown.
    public let what: String

    /// All of it.
    public var description: String { "backend '\(backend)', seed \(seed), step \(step): \(what)" }
}
