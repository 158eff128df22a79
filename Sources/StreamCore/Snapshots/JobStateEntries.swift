public import StateBackend

/// The keys and values of a running job's state, read piece by piece while the job goes on; see
/// ``JobState/entries(from:)``.
///
/// Live, each piece is a question to a worker, which answers between two batches with about 1,024 keys, or entries of
/// maps, and then goes on: no more are held at once, here or there, whatever the state's size. Over a store the keys that a
/// worker has in memory are noted first, those of a key group or 65,536, whichever is more; for as many the table is looked
/// through once, by questions for up to 65,536 slots. A map comes whole, put together of its pieces; one that a worker has in
/// memory is copied in one piece.
///
/// A key that is there all the time comes exactly once, with the value that it has when its piece is read: values of
/// different pieces are not of one moment. A key that comes or goes meanwhile comes once or not at all. The order is that
/// of the workers, and no other. One exception is a state that expires, over a store that drops rows that have: a key comes
/// or not that only the store had when keys were noted, if it was used again since, lives on by that, and its row expired
/// before the walk came to it.
///
/// When the job's workers begin again meanwhile, from a snapshot, what was read is of no state that they still have: the
/// next key throws a ``JobError`` with code `readInterrupted`, and all is to be read anew. So it does while they are about
/// to. A task that is cancelled is told by `CancellationError` before the next piece is read.
///
/// Of the last snapshot all is as of one moment, and the rows of a key group are held at once. The snapshot is the one
/// that is the last when reading begins; its files stay as long as the iterator.
public struct JobStateEntries<Key: StreamKey, Value: Sendable>: AsyncSequence, Sendable {
    /// A key and its value.
    public typealias Element = (key: Key, value: Value)

    /// About how many keys, or entries of maps, a worker is asked for at once.
    static var pieceSize: Int { 1_024 }

    let state: JobState<Key, Value>
    let moment: JobState<Key, Value>.Moment

    /// Begins to read.
    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(state, moment) }

    /// Reads one piece after the other.
    public struct AsyncIterator: AsyncIteratorProtocol {
        private let state: JobState<Key, Value>
        private let moment: JobState<Key, Value>.Moment
        /// What was read and not handed out yet, the last one first.
        private var piece: [Element] = []
        /// The last key of a piece with what was read of its value: the next piece may have more of a map.
        private var open: (key: Key, values: [Value])?
        /// The workers that were asked first; nil when they have gone, too.
        private weak var attempt: JobAttempt?
        private var worker = 0
        private var place: TablePlace?
        private var saved: SavedStateReader<Key, Value>?
        private var nextGroup = 0
        private var isAtEnd = false
        /// The largest number of keys that were held at once.
        package private(set) var mostHeld = 0
        /// The number of questions to workers.
        package private(set) var questions = 0

        init(_ state: JobState<Key, Value>, _ moment: JobState<Key, Value>.Moment) {
            self.state = state
            self.moment = moment
        }

        /// The next key and value; nil at the end.
        ///
        /// - Throws: as ``JobState/get(_:from:)``; `CancellationError` when the task was cancelled.
        public mutating func next(isolation actor: isolated (any Actor)?) async throws -> Element? {
            while piece.isEmpty && !isAtEnd {
                try Task.checkCancellation()
                switch moment {
                case .now: try await readLive()
                case .lastSnapshot:
                    try readSaved()
                    await Task.yield()
                }
                mostHeld = Swift.max(mostHeld, piece.count + (open == nil ? 0 : 1))
            }
            return piece.popLast()
        }

        private mutating func readLive(isolation actor: isolated (any Actor)? = #isolation) async throws {
            let options = state.job.options
            let groups = options.keyGroups.range(ofWorker: worker, parallelism: options.parallelism)
            var place = self.place ?? TablePlace(groups: groups)
            let attempt = state.job.attempt
            if questions == 0 { self.attempt = attempt }
            guard attempt === self.attempt else {
                throw state.interrupted(
                    "the job began again with a snapshot while its state was read; read it anew from the beginning")
            }
            questions += 1
            // Here, and not on the worker.
            place.prepare()
            self.place = place
            let page = try await state.ask(worker, of: attempt) { [place] in
                try $0.page(keys: Key.self, values: Value.self, from: place, limit: JobStateEntries.pieceSize)
            }
            var found = page.entries[...]
            if let first = found.first, let begun = open, Key.same(begun.key, first.key) {
                open?.values.append(first.value)
                found.removeFirst()
            }
            if let last = found.last {
                closeOpen()
                piece += found.dropLast()
                open = (last.key, [last.value])
            }
            self.place = page.next
            if page.next == nil {
                closeOpen()
                worker += 1
                isAtEnd = worker == options.parallelism
            }
            piece.reverse()
        }

        private mutating func closeOpen() {
            if let open, let value = LookupPage<Key, Value>.joined(open.values) { piece.append((open.key, value)) }
            open = nil
        }

        private mutating func readSaved() throws {
            let reader = try saved ?? SavedStateReader(state)
            saved = reader
            try reader.forEach(groups: nextGroup..<(nextGroup + 1)) { piece.append(($0, $1)) }
            nextGroup += 1
            isAtEnd = nextGroup == state.job.options.keyGroups.count
            if isAtEnd { saved = nil }
        }
    }
}
