public import Weir

/// A place to which a plain sink writes, as a ``SinkSuite`` uses it.
public struct SinkPlace<Output: Sink>: Sendable {
    let sink: Output
    let visible: @Sendable () throws -> [Output.Element]
    let remove: @Sendable () -> Void

    /// A place that is empty.
    ///
    /// - Parameters:
    ///   - sink: the sink.
    ///   - visible: what readers see once all writers are closed; of each worker in the order of the place.
    ///   - remove: removes the place; called when the check is over.
    public init(
        sink: Output, visible: @escaping @Sendable () throws -> [Output.Element],
        remove: @escaping @Sendable () -> Void = {}
    ) {
        self.sink = sink
        self.visible = visible
        self.remove = remove
    }
}

/// What a ``SinkSuite`` checks.
public enum SinkCheck: String, Sendable, CaseIterable, CustomStringConvertible {
    /// Everything that was written is there after the close, once and in order.
    case everythingIsThere
    /// Nothing was written.
    case nothingWritten
    /// Batches without records, and flushes without batches.
    case emptyBatches
    /// Writers of several workers don't get in each other's way.
    case severalWorkers
    /// Writing doesn't change a batch, which other steps may have, too.
    case batchesAreLeftAlone
    /// Many records.
    case many

    /// The check's name.
    public var description: String { rawValue }
}

/// Says whether a plain sink does what jobs rely on: for those who write a sink.
///
/// ```swift
/// @Test(arguments: SinkCheck.allCases)
/// func conforms(check: SinkCheck) throws {
///     try SinkSuite(element: { "\($0)" }) {
///         let queue = TestQueue()
///         return SinkPlace(sink: QueueSink(queue), visible: { queue.messages })
///     }
///     .run(check)
/// }
/// ```
public struct SinkSuite<Output: Sink>: Sendable where Output.Element: Hashable {
    let element: @Sendable (Int) -> Output.Element
    let makePlace: @Sendable () throws -> SinkPlace<Output>

    /// A suite.
    ///
    /// - Parameters:
    ///   - element: makes the record of a number; those of different numbers must differ.
    ///   - place: makes an empty place.
    public init(
        element: @escaping @Sendable (Int) -> Output.Element, place: @escaping @Sendable () throws -> SinkPlace<Output>
    ) {
        self.element = element
        makePlace = place
    }

    /// Runs all checks.
    ///
    /// - Throws: ``ConformanceFailure`` for the first thing that is wrong.
    public func run() throws(ConformanceFailure) { for check in SinkCheck.allCases { try run(check) } }

    /// Runs a check.
    ///
    /// - Throws: ``ConformanceFailure`` for the first thing that is wrong.
    public func run(_ check: SinkCheck) throws(ConformanceFailure) {
        do {
            let place = try makePlace()
            defer { place.remove() }
            switch check {
            case .everythingIsThere: try write([[0..<3, 3..<4, 4..<10]], to: place)
            case .nothingWritten: try write([[]], to: place)
            case .emptyBatches: try write([[0..<0, 0..<1, 1..<1, 1..<3]], to: place)
            case .severalWorkers: try write([[0..<5, 5..<9, 9..<11], [20..<23, 23..<24, 24..<26], []], to: place)
            case .batchesAreLeftAlone:
                let batch = makeBatch(0..<5)
                var writer = try place.sink.makeWriter(SinkContext(step: "out", worker: 0, parallelism: 1))
                try writer.write(batch)
                try writer.close()
                if batch.count != 5 || !(0..<5).allSatisfy({ batch.elements[$0] == element($0) }) {
                    throw Problem(description: "the batch has changed; other steps may have it, too")
                }
            case .many: try write([(0..<21).map { $0 * 500..<$0 * 500 + 500 }], to: place)
            }
        } catch {
            throw ConformanceFailure(check: check.rawValue, what: "\(error)")
        }
    }

    private struct Problem: Error, CustomStringConvertible {
        let description: String
    }

    private func makeBatch(_ numbers: Range<Int>) -> Batch<Output.Element> {
        let batch = Batch<Output.Element>(capacity: max(numbers.count, 1))
        for number in numbers { batch.append(element(number), at: Timestamp(number)) }
        return batch
    }

    /// Writes each worker's batches, in turn, and compares.
    private func write(_ batches: [[Range<Int>]], to place: SinkPlace<Output>) throws {
        var writers = try batches.indices.map {
            try place.sink.makeWriter(
                SinkContext(step: "out", worker: $0, parallelism: batches.count, pipeline: "suite"))
        }
        for round in 0..<(batches.map(\.count).max() ?? 0) {
            for worker in batches.indices {
                if round < batches[worker].count { try writers[worker].write(makeBatch(batches[worker][round])) }
                // Not at the end: the close has something to do, too.
                if round % 3 == 1 { try writers[worker].flush() }
            }
        }
        for worker in writers.indices { try writers[worker].close() }
        let found = try place.visible()
        let expected = batches.map { $0.flatMap { $0.map(element) } }
        if let difference = difference(found, from: expected.flatMap(\.self)) { throw Problem(description: difference) }
        for (worker, own) in expected.enumerated() {
            let names = Set(own)
            if found.filter({ names.contains($0) }) != own {
                throw Problem(description: "the records of worker \(worker) are not in the order of writing")
            }
        }
    }
}
