public import StateBackend
public import StreamCore

/// The best records of a key, best first.
@frozen
public struct Ranking<Key: StreamKey, Element: Sendable>: Sendable {
    /// The key.
    public var key: Key
    /// The records, best first; at most as many as were asked for.
    public var elements: [Element]

    /// A ranking.
    @inlinable
    public init(key: Key, elements: [Element]) {
        self.key = key
        self.elements = elements
    }
}

extension Ranking: Equatable where Element: Equatable {}
extension Ranking: Hashable where Element: Hashable {}

extension KeyedStream {
    /// Keeps the `n` best records of each key, and emits their ranking whenever a record changes it.
    ///
    /// The highest score is the best; one that is not a number (NaN) is the worst. Of equal scores the record with the earlier event time comes first, and of equal
    /// times the one that arrived first. A ranking has the timestamp of the record that changed it. Rankings are kept for
    /// ever; for those of a stretch of time, aggregate windows.
    /// - Parameters:
    ///   - name: the step's name, unique in the pipeline; it identifies the step's state.
    ///   - n: how many records a ranking holds, at least one.
    ///   - onError: what becomes of a record for which `score` throws. By default the job fails.
    ///   - score: what records are ranked by.
    @inlinable
    public func topN<Score: Comparable & Sendable, Failure: Error>(
        _ name: String, _ n: Int, onError: ErrorPolicy = .fail,
        by score: @escaping @Sendable (Element) throws(Failure) -> Score
    ) -> DataStream<Ranking<Key, Element>> {
        if n < 1 { builder.reject(name, "it is asked for the \(n) best records; ask for at least one") }
        return transform(name) { context in
            try TopNOperator<Key, Element, Score, Failure>(
                n, score, errors: try context.errors(onError, for: Element.self), state: context.state)
        }
    }
}

/// The best records of each key, in order.
@frozen
@usableFromInline
struct TopNOperator<Key: StreamKey, Element: Sendable, Score: Comparable & Sendable, Failure: Error>: StreamOperator {
    @usableFromInline typealias Input = KeyedBatch<Key, Element>
    @usableFromInline typealias Output = Ranking<Key, Element>

    @frozen
    @usableFromInline
    struct Ranked {
        @usableFromInline let score: Score
        @usableFromInline let time: Timestamp
        @usableFromInline let element: Element

        @inlinable
        init(score: Score, time: Timestamp, element: Element) {
            self.score = score
            self.time = time
            self.element = element
        }

        /// Whether this one comes before another that arrived earlier.
        @inlinable @inline(__always)
        func isBefore(_ other: Ranked) -> Bool {
            if score > other.score || (score == other.score && time < other.time) { return true }
            // What is not a number comes after all numbers.
            return other.score != other.score && score == score
        }
    }

    @usableFromInline let n: Int
    @usableFromInline let score: @Sendable (Element) throws(Failure) -> Score
    @usableFromInline let errors: ErrorHandler<Element>
    @usableFromInline let table: StateTable<Key, [Ranked]>

    @inlinable
    init(
        _ n: Int, _ score: @escaping @Sendable (Element) throws(Failure) -> Score, errors: ErrorHandler<Element>,
        state: StepState
    ) throws {
        self.n = n
        self.score = score
        self.errors = errors
        table = try state.table("rankings", codec: Self.codec(score).array)
    }

    @inlinable
    mutating func process(
        _ input: KeyedBatch<Key, Element>, _ output: Collector<Ranking<Key, Element>>
    ) throws {
        let records = input.records
        try input.forEachOrigin { range, origin in
            try output.flush()
            output.origin = origin
            for i in range {
                let element = records.elements[i]
                let scored: Score
                do throws(Failure) { scored = try score(element) } catch {
                    try errors.dispose(element, at: records.timestamps[i], error, from: origin)
                    continue
                }
                let entry = Ranked(score: scored, time: records.timestamps[i], element: element)
                let ranking = table.upsert(input.keys[i], hash: input.hashes[i], [])
                var place = ranking.pointee.count
                while place > 0 && entry.isBefore(ranking.pointee[place - 1]) { place -= 1 }
                guard place < n else { continue }
                if ranking.pointee.count == n { ranking.pointee.removeLast() }
                ranking.pointee.insert(entry, at: place)
                try output.emit(
                    Ranking(key: input.keys[i], elements: ranking.pointee.map(\.element)), at: records.timestamps[i])
            }
        }
    }

    /// An entry's time and record; the score is worked out again.
    @usableFromInline
    static func codec(_ score: @escaping @Sendable (Element) throws(Failure) -> Score) -> StateCodec<Ranked> {
        let elements = StateCodec<Element>.automatic
        return StateCodec<Ranked>(
            of: { [elements.schema] },
            encode: { entry, encoder in
                encoder.writeVarint(signed: entry.time)
                try elements.encode(entry.element, into: &encoder)
            },
            decode: { written in
                let elements = elements.reading(written, 0)
                return { decoder in
                    let time = try decoder.readSignedVarint()
                    let element = try elements.decode(&decoder)
                    return Ranked(score: try score(element), time: time, element: element)
                }
            })
    }
}
