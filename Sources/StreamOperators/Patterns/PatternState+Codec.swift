public import StateBackend

extension PatternState {
    /// How the state of a key is saved.
    ///
    /// What was saved for another pattern is refused: partial matches are runs of the automaton, which it makes.
    /// - Parameters:
    ///   - pattern: the pattern, which must have no ``Pattern/problems``.
    ///   - element: how an event is saved. The default is what its type brings.
    public static func codec(
        for pattern: Pattern<Element>, element: StateCodec<Element> = .automatic
    ) -> StateCodec<PatternState<Element>> {
        let program = PatternProgram(pattern)
        return StateCodec(
            of: { [element.schema] },
            encode: { try $0.encode(program.fingerprint, element, into: &$1) },
            decode: { written in
                let element = element.reading(written, 0)
                return { try PatternState(program, element, decoding: &$0) }
            })
    }

    private func encode(
        _ fingerprint: UInt32, _ codec: StateCodec<Element>, into encoder: inout StateEncoder
    ) throws {
        encoder.writeFixed(fingerprint)
        encoder.writeVarint(UInt64(bitPattern: nextSequence))
        encoder.writeVarint(signed: timer)
        encoder.writeVarint(UInt64(waiting.count))
        for waiting in waiting {
            encoder.writeVarint(signed: waiting.time)
            try codec.encode(waiting.element, into: &encoder)
        }
        // Only what is in use, each node after the one before it in its match.
        var places = Places(nodes: nodes.count, events: events.count)
        for partial in partials + completed { places.add(historyOf: partial.node, nodes) }
        encoder.writeVarint(UInt64(places.events.count))
        for event in places.events {
            encoder.writeVarint(signed: events[event].time)
            encoder.writeVarint(UInt64(bitPattern: events[event].sequence))
            if let held = events[event].element { try codec.encode(held, into: &encoder) }
        }
        encoder.writeVarint(UInt64(places.nodes.count))
        for node in places.nodes {
            encoder.writeVarint(UInt64(places.placeOfEvent[Int(nodes[node].event)]))
            encoder.writeVarint(UInt64(nodes[node].stage))
            let previous = nodes[node].previous
            encoder.writeVarint(previous < 0 ? 0 : UInt64(places.placeOfNode[Int(previous)]) + 1)
        }
        for list in [partials, completed] {
            encoder.writeVarint(UInt64(list.count))
            for partial in list {
                encoder.writeVarint(UInt64(partial.state))
                encoder.writeVarint(UInt64(places.placeOfNode[Int(partial.node)]))
                encoder.writeVarint(signed: partial.start)
                encoder.writeVarint(UInt64(bitPattern: partial.sequence))
            }
        }
    }

    private init(
        _ program: PatternProgram, _ codec: StateCodec<Element>, decoding decoder: inout StateDecoder
    ) throws {
        self.init()
        guard try decoder.readFixed(UInt32.self) == program.fingerprint else {
            throw decoder.malformed("the partial matches are of another pattern")
        }
        nextSequence = Int64(bitPattern: try decoder.readVarint())
        timer = try decoder.readSignedVarint()
        for _ in 0..<(try decoder.readCount()) {
            let time = try decoder.readSignedVarint()
            waiting.append(Waiting(time: time, element: try codec.decode(&decoder)))
        }
        for _ in 0..<(try decoder.readCount(ofSize: 2)) {
            let time = try decoder.readSignedVarint()
            let sequence = Int64(bitPattern: try decoder.readVarint())
            events.append(Held(element: try codec.decode(&decoder), time: time, sequence: sequence, references: 0))
        }
        for index in 0..<(try decoder.readCount(ofSize: 3)) {
            let event = try decoder.readIndex(below: events.count)
            let stage = try decoder.readIndex(below: program.stageNames.count)
            let previous = Int32(try decoder.readIndex(below: index + 1)) - 1
            nodes.append(Node(event: Int32(event), stage: Int32(stage), previous: previous, references: 0))
            events[event].references += 1
            retain(previous)
        }
        partials = try decodePartials(program, &decoder)
        completed = try decodePartials(program, &decoder)
        guard events.allSatisfy({ $0.references > 0 }), nodes.allSatisfy({ $0.references > 0 }) else {
            throw decoder.malformed("an event belongs to no partial match")
        }
    }

    private mutating func decodePartials(
        _ program: PatternProgram, _ decoder: inout StateDecoder
    ) throws -> [Partial] {
        var list: [Partial] = []
        for _ in 0..<(try decoder.readCount(ofSize: 4)) {
            let state = try decoder.readIndex(below: program.states.count)
            let node = Int32(try decoder.readIndex(below: nodes.count))
            let start = try decoder.readSignedVarint()
            let sequence = Int64(bitPattern: try decoder.readVarint())
            retain(node)
            list.append(Partial(state: Int32(state), node: node, start: start, sequence: sequence))
        }
        return list
    }

    /// New places for the nodes and events in use.
    private struct Places {
        /// In their new order, the old places.
        var nodes: [Int] = []
        var events: [Int] = []
        /// The new places by the old ones; -1 for those not in use.
        var placeOfNode: [Int32]
        var placeOfEvent: [Int32]

        init(nodes: Int, events: Int) {
            placeOfNode = [Int32](repeating: -1, count: nodes)
            placeOfEvent = [Int32](repeating: -1, count: events)
        }

        mutating func add(historyOf head: Int32, _ all: [Node]) {
            var chain: [Int] = []
            var node = head
            while node >= 0, placeOfNode[Int(node)] < 0 {
                chain.append(Int(node))
                node = all[Int(node)].previous
            }
            for node in chain.reversed() {
                placeOfNode[node] = Int32(nodes.count)
                nodes.append(node)
                let event = Int(all[node].event)
                if placeOfEvent[event] < 0 {
                    placeOfEvent[event] = Int32(events.count)
                    events.append(event)
                }
            }
        }
    }
}

extension StateDecoder {
    /// Reads a number that must be below `count`.
    fileprivate mutating func readIndex(below count: Int) throws -> Int {
        let value = try readVarint()
        guard value < UInt64(count) else { throw malformed("\(value) is no index below \(count)") }
        return Int(value)
    }
}
