public import Weir

extension SourceSuite {
    /// The suite with a check of what appears while the source is read.
    ///
    /// Where splits have no end, or are found while the job runs, the records are to be read, by the readers that were there
    /// and by those that begin at their positions. Where the splits and their ends are known, they must not be: a reader
    /// that begins at a position ends where the one before it would have.
    ///
    /// - Parameters:
    ///   - more: the records.
    ///   - arrive: has them appear where the source reads.
    public func arriving(
        _ more: [Input.Element], by arrive: @escaping @Sendable (Input) throws -> Void
    ) -> SourceSuite {
        var suite = self
        suite.later = more
        suite.arrive = arrive
        return suite
    }

    /// A split that is read before and after further records appear.
    private struct Open {
        let name: String
        let split: Input.Split
        var reader: Input.Reader
        var elements: [Input.Element]
        var status: ReadStatus
        /// A position, and how many records come before it.
        let middle: (count: Int, position: SplitPosition)
    }

    func laterRecords() throws {
        guard let arrive else { return }
        let source = try makeSource()
        if try source.discovery?.list().isComplete == true {
            throw Problem("the listing says that no other splits will come")
        }
        var open = try namedSplits(source).map { try begin($0.name, $0.split, source) }
        try arrive(source)
        for i in open.indices { try finish(&open[i], source) }
        var found = open.flatMap(\.elements)
        if source.discovery != nil {
            let after = try namedSplits(source)
            let names = Set(after.map(\.name))
            if let gone = open.first(where: { !names.contains($0.name) }) {
                throw Problem("the split \(gone.name) is not listed any more")
            }
            let known = Set(open.map(\.name))
            for new in after where !known.contains(new.name) {
                found += try read(try source.makeReader(for: new.split), batchSize: 16).elements
            }
        }
        let isRead = !ends || source.discovery != nil
        if let difference = difference(found, from: expected + (isRead ? later : [])) {
            throw Problem("with records that came later, \(difference)")
        }
    }

    private func namedSplits(_ source: Input) throws -> [(name: String, split: Input.Split)] {
        try splits(source, parallelism: 2).enumerated()
            .map { (source.name(of: $0.element, number: $0.offset), $0.element) }
    }

    private func begin(_ name: String, _ split: Input.Split, _ source: Input) throws -> Open {
        var reader = try source.makeReader(for: split)
        var reading = try read(on: &reader, batchSize: 3, most: 1)
        guard let middle = reader.restartPosition else { throw Problem("a reader of \(name) has no position") }
        let count = reading.elements.count
        if !ends { reading.elements += try read(on: &reader, batchSize: 3).elements }
        return Open(
            name: name, split: split, reader: reader, elements: reading.elements, status: reading.status,
            middle: (count, middle))
    }

    private func finish(_ open: inout Open, _ source: Input) throws {
        if open.status != .end { open.elements += try read(on: &open.reader, batchSize: 3).elements }
        let other = try source.makeReader(for: open.split, from: try restored(open.middle.position))
        let rest = try read(other, batchSize: 3).elements
        if rest == Array(open.elements[open.middle.count...]) { return }
        throw Problem(
            "from \(open.middle.position) on, the split \(open.name) gives \(rest.count) records that are not the "
                + "\(open.elements.count - open.middle.count) that the reader before gave, after others had come")
    }
}
