public import Weir

/// What a ``SourceSuite`` checks.
public enum SourceCheck: String, Sendable, CaseIterable, CustomStringConvertible {
    /// Splits have distinct names, the same whenever they are listed.
    case namesOfSplits
    /// All splits together have the expected records, at any parallelism.
    case everythingIsRead
    /// Outputs of one record give the same as large ones, and none is overfilled beyond one piece of input.
    case sizesOfOutputs
    /// A reader that begins at any position that another one had reads the rest.
    case restartAnywhere
    /// A reader may be made of a position again and again.
    case restartTwice
    /// A reader that begins at the end reads nothing and ends.
    case restartAtTheEnd
    /// A reader says more, waiting, caught up or end, as it should: it gets to an end or says that there is no more now.
    case statuses
    /// What appears while the source is read is read or not, as the source's kind says; see ``SourceSuite/arriving(_:by:)``.
    case laterRecords

    /// The check's name.
    public var description: String { rawValue }
}

/// Says whether a source does what jobs rely on: for those who write a source.
///
/// ```swift
/// @Test(arguments: SourceCheck.allCases)
/// func conforms(check: SourceCheck) throws {
///     try SourceSuite(expected: Array(0..<100)) { MySource(topic: "numbers") }.run(check)
/// }
/// ```
/// What the source gives must not change while the suite runs. Positions pass through their codec, as they do in snapshots.
public struct SourceSuite<Input: Source>: Sendable where Input.Element: Hashable {
    let expected: [Input.Element]
    let makeSource: @Sendable () throws -> Input
    /// Whether the splits end; the default is yes.
    ///
    /// Else readers say that they have caught up, or wait, when they have given what there is.
    public var ends = true
    /// The numbers of workers for which splits are listed.
    public var parallelisms = [1, 2, 3, 8]
    /// The number of positions per split at which readers are begun, spread evenly.
    public var positionCount = 40
    var later: [Input.Element] = []
    var arrive: (@Sendable (Input) throws -> Void)?

    /// A suite.
    ///
    /// - Parameters:
    ///   - expected: the records of all splits, in any order.
    ///   - source: makes the source, each time with the same records.
    public init(expected: [Input.Element], source: @escaping @Sendable () throws -> Input) {
        self.expected = expected
        makeSource = source
    }

    /// Runs all checks.
    ///
    /// - Throws: ``ConformanceFailure`` for the first thing that is wrong.
    public func run() throws(ConformanceFailure) { for check in SourceCheck.allCases { try run(check) } }

    /// Runs a check.
    ///
    /// - Throws: ``ConformanceFailure`` for the first thing that is wrong.
    public func run(_ check: SourceCheck) throws(ConformanceFailure) {
        do {
            switch check {
            case .namesOfSplits: try namesOfSplits()
            case .everythingIsRead: try everythingIsRead()
            case .sizesOfOutputs: try sizesOfOutputs()
            case .restartAnywhere: try restartAnywhere(times: 1)
            case .restartTwice: try restartAnywhere(times: 2)
            case .restartAtTheEnd: try restartAtTheEnd()
            case .statuses: try statuses()
            case .laterRecords: try laterRecords()
            }
        } catch {
            throw ConformanceFailure(check: check.rawValue, what: "\(error)")
        }
    }

    struct Problem: Error, CustomStringConvertible {
        let description: String

        init(_ description: String) { self.description = description }
    }

    /// What was read of a split, with the position before each read.
    struct Reading {
        var elements: [Input.Element] = []
        var positions: [(count: Int, position: SplitPosition?)] = []
        var end: SplitPosition?
        var status = ReadStatus.more
    }

    /// The splits, as the runtime sees them.
    func splits(_ source: Input, parallelism: Int) throws -> [Input.Split] {
        if let discovery = source.discovery { return try discovery.list().splits }
        return try source.splits(parallelism: parallelism)
    }

    /// Reads until the reader has no more.
    func read(_ reader: Input.Reader, batchSize: Int) throws -> Reading {
        var reader = reader
        return try read(on: &reader, batchSize: batchSize)
    }

    /// Reads until the reader has no more, or a number of times.
    func read(on reader: inout Input.Reader, batchSize: Int, most: Int = .max) throws -> Reading {
        var reading = Reading()
        let output = SourceOutput<Input.Element>(batchSize: batchSize)
        var fruitless = 0
        while true {
            reading.positions.append((reading.elements.count, reader.restartPosition))
            reading.status = try reader.read(into: output)
            let got = output.take()
            if let letter = got.deadLetters.first { throw Problem("a record was rejected: \(letter.reason)") }
            reading.elements += got.elements
            if reading.positions.count == most { return reading }
            fruitless = got.elements.isEmpty ? fruitless + 1 : 0
            switch reading.status {
            case .more:
                if fruitless > 1_000 { throw Problem("a reader says `more` 1,000 times and gives nothing") }
            case .waiting, .caughtUp:
                // It may have stopped at a mark of its own; twice in a row nothing means that there is nothing.
                guard fruitless > 1 else { continue }
                if ends { throw Problem("a reader says `\(reading.status)` although the split ends") }
                reading.end = reader.restartPosition
                return reading
            case .end:
                if !ends { throw Problem("a reader says `end` although the split doesn't end") }
                reading.end = reader.restartPosition
                return reading
            }
        }
    }

    private func namesOfSplits() throws {
        for parallelism in parallelisms {
            let lists = try (0..<2).map { _ in
                let source = try makeSource()
                return try splits(source, parallelism: parallelism).enumerated()
                    .map { source.name(of: $0.element, number: $0.offset) }
            }
            if lists[0] != lists[1] { throw Problem("listed twice, the splits are \(lists[0]) and \(lists[1])") }
            if Set(lists[0]).count != lists[0].count { throw Problem("two splits have the same name: \(lists[0])") }
        }
    }

    private func everythingIsRead() throws {
        for parallelism in parallelisms {
            let source = try makeSource()
            var found: [Input.Element] = []
            for split in try splits(source, parallelism: parallelism) {
                found += try read(try source.makeReader(for: split), batchSize: 16).elements
            }
            if let difference = difference(found, from: expected) {
                throw Problem("with splits for \(parallelism) workers, \(difference)")
            }
        }
    }

    private func sizesOfOutputs() throws {
        for number in try splits(try makeSource(), parallelism: 2).indices {
            let readings = try [1_024, 1, 7].map { try reading(ofSplit: number, batchSize: $0).elements }
            if readings[0] != readings[1] || readings[0] != readings[2] {
                throw Problem(
                    "split \(number) gives other records, or another order, to outputs of 1, 7 and 1,024 records")
            }
        }
    }

    private func statuses() throws {
        for number in try splits(try makeSource(), parallelism: 2).indices {
            _ = try reading(ofSplit: number, batchSize: 5)
        }
    }

    /// A reading by a fresh source.
    private func reading(
        ofSplit number: Int, batchSize: Int, from position: SplitPosition? = nil, of source: Input? = nil
    ) throws -> Reading {
        let source = try source ?? makeSource()
        let all = try splits(source, parallelism: 2)
        let reader =
            if let position { try source.makeReader(for: all[number], from: position) } else {
                try source.makeReader(for: all[number])
            }
        return try read(reader, batchSize: batchSize)
    }

    private func restartAnywhere(times: Int) throws {
        for number in try splits(try makeSource(), parallelism: 2).indices {
            for batchSize in [1, 3] {
                let whole = try reading(ofSplit: number, batchSize: batchSize)
                let stride = max(whole.positions.count / positionCount, 1)
                for (i, place) in whole.positions.enumerated() where i % stride == 0 {
                    guard let position = place.position else {
                        throw Problem("a reader of split \(number) has no position after \(place.count) records")
                    }
                    // The same source for all tries: one reader must not take away what the next one needs.
                    let source = try makeSource()
                    for _ in 0..<times {
                        let rest = try reading(
                            ofSplit: number, batchSize: batchSize, from: try restored(position), of: source)
                        guard rest.elements != Array(whole.elements[place.count...]) else { continue }
                        throw Problem(
                            "from \(position) on, after \(place.count) records, split \(number) gives "
                                + "\(rest.elements.count) records that are not the \(whole.elements.count - place.count) "
                                + "that were left")
                    }
                }
            }
        }
    }

    private func restartAtTheEnd() throws {
        for number in try splits(try makeSource(), parallelism: 2).indices {
            guard let end = try reading(ofSplit: number, batchSize: 16).end else {
                throw Problem("a reader of split \(number) has no position at its end")
            }
            let rest = try reading(ofSplit: number, batchSize: 16, from: try restored(end))
            if !rest.elements.isEmpty { throw Problem("split \(number) gives \(rest.elements[0]) after its end") }
        }
    }

    /// A position as a snapshot gives it back.
    func restored(_ position: SplitPosition) throws -> SplitPosition {
        var encoder = StateEncoder()
        try encoder.encode(position)
        var decoder = StateDecoder(encoder.bytes)
        return try SplitPosition(decoding: &decoder)
    }
}
