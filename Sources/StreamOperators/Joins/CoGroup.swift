public import StateBackend
public import StreamCore

/// What a window join keeps of a key and window: the records of both sides, in the order of their coming.
@usableFromInline
struct CoGroup<Left: Sendable, Right: Sendable>: Sendable {
    /// A record of one side.
    @usableFromInline
    struct Member<Element: Sendable>: Sendable {
        @usableFromInline let element: Element
        @usableFromInline let timestamp: Timestamp
        /// The start of the window when it was last emitted with this record; nil before.
        ///
        /// Two records with the same one have been emitted together; those of two windows that were emitted and then
        /// merged have not.
        @usableFromInline var emitted: Timestamp?

        @inlinable
        init(element: Element, timestamp: Timestamp, emitted: Timestamp? = nil) {
            self.element = element
            self.timestamp = timestamp
            self.emitted = emitted
        }
    }

    @usableFromInline var lefts: [Member<Left>] = []
    @usableFromInline var rights: [Member<Right>] = []

    @inlinable
    init(lefts: [Member<Left>] = [], rights: [Member<Right>] = []) {
        self.lefts = lefts
        self.rights = rights
    }

    @inlinable
    mutating func add(_ record: WindowJoinRecord<Left, Right>, at timestamp: Timestamp) {
        switch record {
        case .left(let left): lefts.append(Member(element: left, timestamp: timestamp))
        case .right(let right): rights.append(Member(element: right, timestamp: timestamp))
        }
    }

    /// Sorts the records by their times; equal ones stay in the order of their coming.
    @inlinable
    mutating func sort() {
        lefts.sort { $0.timestamp < $1.timestamp }
        rights.sort { $0.timestamp < $1.timestamp }
    }

    /// Notes that everything was emitted for a window that starts at `start`.
    @inlinable
    mutating func markEmitted(_ start: Timestamp) {
        for index in lefts.indices { lefts[index].emitted = start }
        for index in rights.indices { rights[index].emitted = start }
    }

    /// How it is saved.
    @inlinable
    static var codec: StateCodec<CoGroup> {
        let lefts = Member<Left>.codec.array
        let rights = Member<Right>.codec.array
        return StateCodec<CoGroup>(
            of: { [lefts.schema, rights.schema] },
            encode: { group, encoder in
                try lefts.encode(group.lefts, into: &encoder)
                try rights.encode(group.rights, into: &encoder)
            },
            decode: { written in
                let lefts = lefts.reading(written, 0)
                let rights = rights.reading(written, 1)
                return { CoGroup(lefts: try lefts.decode(&$0), rights: try rights.decode(&$0)) }
            })
    }
}

extension CoGroup.Member {
    @inlinable
    static var codec: StateCodec<Self> {
        let elements = StateCodec<Element>.automatic
        return StateCodec<Self>(
            of: { [elements.schema] },
            encode: { member, encoder in
                try encoder.encode(member.timestamp)
                try encoder.encode(member.emitted)
                try elements.encode(member.element, into: &encoder)
            },
            decode: { written in
                let elements = elements.reading(written, 0)
                return { decoder in
                    let timestamp: Timestamp = try decoder.decode()
                    let emitted: Timestamp? = try decoder.decode()
                    return Self(element: try elements.decode(&decoder), timestamp: timestamp, emitted: emitted)
                }
            })
    }
}

/// Collects both sides of a key and window, and emits what `results` makes of them.
@usableFromInline
struct CoGroupFunction<Key: StreamKey, Left: Sendable, Right: Sendable, Output: Sendable>: WindowFunction {
    @usableFromInline typealias Input = WindowJoinRecord<Left, Right>
    @usableFromInline typealias Accumulator = CoGroup<Left, Right>

    /// Emits the results of a window, whose records are sorted.
    @usableFromInline
    let results: @Sendable (CoGroup<Left, Right>, WindowJoinOutput<Key, Left, Right, Output>) throws -> Void
    @usableFromInline let errors: WindowJoinErrors<Left, Right>

    @inlinable
    init(
        results:
            @escaping @Sendable (CoGroup<Left, Right>, WindowJoinOutput<Key, Left, Right, Output>) throws -> Void,
        errors: WindowJoinErrors<Left, Right>
    ) {
        self.results = results
        self.errors = errors
    }

    @inlinable
    func start(_ element: Input, at timestamp: Timestamp) -> Accumulator {
        var group = CoGroup<Left, Right>()
        group.add(element, at: timestamp)
        return group
    }

    @inlinable
    func add(_ element: Input, at timestamp: Timestamp, to group: inout Accumulator) {
        group.add(element, at: timestamp)
    }

    @inlinable
    func merge(_ other: Accumulator, into group: inout Accumulator) {
        group.lefts += other.lefts
        group.rights += other.rights
    }

    @inlinable
    func emit(_ group: inout Accumulator, _ pane: PaneInfo<Key>, _ output: Collector<Output>) throws {
        group.sort()
        try results(group, WindowJoinOutput(pane: pane, collector: output, errors: errors))
        group.markEmitted(pane.window.start)
    }

    @inlinable
    var accumulatorCodec: StateCodec<Accumulator> { CoGroup.codec }
}
