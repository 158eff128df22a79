public import Weir

/// A place to which a transactional sink writes, as a ``TransactionalSinkSuite`` uses it: a directory, a database.
public struct TransactionalSinkPlace<Output: TransactionalSink>: Sendable {
    let sink: @Sendable () throws -> Output
    let visible: @Sendable () throws -> [Output.Element]
    let leftovers: @Sendable () throws -> [String]
    let remove: @Sendable () -> Void

    /// A place that is empty.
    ///
    /// - Parameters:
    ///   - sink: makes the sink anew on this place, as a process that has just started would.
    ///   - visible: what readers of the place see; of each worker in the order of the place.
    ///   - leftovers: the names of what is neither visible nor removed: pending files, prepared transactions.
    ///   - remove: removes the place; called when the check is over.
    public init(
        sink: @escaping @Sendable () throws -> Output, visible: @escaping @Sendable () throws -> [Output.Element],
        leftovers: @escaping @Sendable () throws -> [String] = { [] }, remove: @escaping @Sendable () -> Void = {}
    ) {
        self.sink = sink
        self.visible = visible
        self.leftovers = leftovers
        self.remove = remove
    }
}

/// Says whether a transactional sink does what jobs rely on for exactly once: for those who write a sink.
///
/// The suite plays the engine: it makes writers and a committer, writes, prepares, commits, and throws all of it away
/// where a process would crash. Transactions pass through their codec, as they do in snapshots.
/// ```swift
/// @Test(arguments: TransactionalSinkCheck.allCases)
/// func conforms(check: TransactionalSinkCheck) throws {
///     try TransactionalSinkSuite(element: { Order(id: $0) }) {
///         let table = try TestTable()
///         return TransactionalSinkPlace(
///             sink: { TableSink(table.name) }, visible: { try table.rows() },
///             leftovers: { try table.preparedTransactions() }, remove: { table.drop() })
///     }
///     .run(check)
/// }
/// ```
/// The suite runs on the calling thread, reads no clock and is the same for a seed wherever it runs.
public struct TransactionalSinkSuite<Output: TransactionalSink>: Sendable where Output.Element: Hashable {
    let element: @Sendable (Int) -> Output.Element
    let makePlace: @Sendable () throws -> TransactionalSinkPlace<Output>
    /// Whether the place keeps the order of a worker's records; the default is yes.
    ///
    /// Where it is no, as for a table without an order, ``TransactionalSinkCheck/orderOfAWorker`` passes.
    public var keepsOrder = true
    /// Whether the sink can tell a transaction that was aborted from one that was committed; the default is yes.
    ///
    /// Where it is no, ``TransactionalSinkCheck/abortedCannotBeCommitted`` passes.
    public var knowsAborted = true
    /// The number of records in a large transaction; the default is 3,000.
    public var largeCount = 3_000
    /// The seeds of ``TransactionalSinkCheck/random``; the default is 0 ..< 20, each in a place of its own.
    public var seeds: Range<UInt64> = 0..<20
    /// The number of things that happen per seed; the default is 60.
    public var steps = 60

    /// A suite.
    ///
    /// - Parameters:
    ///   - element: makes the record of a number; those of different numbers must differ.
    ///   - place: makes an empty place.
    public init(
        element: @escaping @Sendable (Int) -> Output.Element,
        place: @escaping @Sendable () throws -> TransactionalSinkPlace<Output>
    ) {
        self.element = element
        makePlace = place
    }

    /// Runs all checks.
    ///
    /// - Throws: ``ConformanceFailure`` for the first thing that is wrong.
    public func run() throws(ConformanceFailure) { for check in TransactionalSinkCheck.allCases { try run(check) } }

    /// Runs a check.
    ///
    /// - Throws: ``ConformanceFailure`` for the first thing that is wrong.
    public func run(_ check: TransactionalSinkCheck) throws(ConformanceFailure) {
        guard check == .random else { return try run(check, name: check.rawValue, body(of: check)) }
        for seed in seeds {
            try run(check, name: "\(check) with seed \(seed)") { run throws in
                var model = TransactionalSinkModel(run, seed: seed)
                for step in 0..<steps {
                    do { try model.doSomething() } catch {
                        throw ConformanceFailure(check: "step \(step)", what: "\(error)")
                    }
                }
                try model.end()
            }
        }
    }

    private func run(
        _ check: TransactionalSinkCheck, name: String, _ body: (inout TransactionalSinkRun<Output>) throws -> Void
    ) throws(ConformanceFailure) {
        do {
            let place = try makePlace()
            defer { place.remove() }
            var run = TransactionalSinkRun(place, element: element)
            try body(&run)
            run.crash()
        } catch {
            throw ConformanceFailure(check: name, what: "\(error)")
        }
    }
}
