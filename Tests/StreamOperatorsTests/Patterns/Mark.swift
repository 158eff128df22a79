import Weir

/// The pattern tests' record: `a1` is one of letter a.
struct Mark: Hashable, Sendable, StateCodable {
    var name: String
    var time: Timestamp
    var key = ""
    var letter: Character { name.first ?? " " }
    var isA: Bool { letter == "a" }
    /// The digits after the letter.
    var number: Int { Int(name.dropFirst()) ?? 0 }

    init(_ name: String, at time: Timestamp, key: String = "") {
        self.name = name
        self.time = time
        self.key = key
    }

    func encode(into encoder: inout StateEncoder) throws {
        try encoder.encode(name)
        try encoder.encode(time)
        try encoder.encode(key)
    }

    init(decoding decoder: inout StateDecoder) throws {
        name = try decoder.decode()
        time = try decoder.decode()
        key = try decoder.decode()
    }

    /// Reads `c a1 a2@5`: without a time of its own, a mark comes a millisecond after the one before; the first at 1.
    static func list(_ text: String) -> [Mark] {
        var time: Timestamp = 0
        return text.split(separator: " ").map { word in
            let parts = word.split(separator: "@")
            time = parts.count == 2 ? Timestamp(parts[1]) ?? 0 : time + 1
            return Mark(String(parts[0]), at: time)
        }
    }
}

/// A condition: the mark has one of these letters.
func of(_ letters: String) -> @Sendable (Mark) -> Bool { { letters.contains($0.letter) } }

/// Runs a matcher over one key's events.
struct MatcherRun {
    /// Matches and time-outs in their order, as `a1 b1` and `timeout a1`.
    var words: [String] = []
    var actions: [PatternAction<Mark>] = []
    /// The number of events held after each event, and again after a round trip of the state.
    var held: [(Int, Int)] = []
    var isEmpty = false

    /// - Parameters:
    ///   - savesAfterEach: the state is written and read again after every event.
    ///   - through: the time to advance to at the end; nil for none.
    init(
        _ pattern: Pattern<Mark>, _ marks: [Mark], savesAfterEach: Bool = false, through: Timestamp? = .max
    ) throws {
        let codec = PatternState<Mark>.codec(for: pattern)
        var matcher = PatternMatcher(pattern)
        var state = PatternState<Mark>()
        for mark in marks {
            try matcher.process(mark, at: mark.time, &state, &actions)
            guard savesAfterEach else { continue }
            var encoder = StateEncoder()
            try codec.encode(state, into: &encoder)
            var decoder = StateDecoder(encoder.bytes)
            let read = try codec.decode(&decoder)
            held.append((state.heldEventCount, read.heldEventCount))
            if !decoder.isAtEnd { throw decoder.malformed("bytes are left") }
            state = read
        }
        if let through { matcher.advance(to: through, &state, &actions) }
        isEmpty = state.isEmpty && state.heldEventCount == 0
        words = actions.map { action in
            switch action {
            case .match(let match, _): match.elements.map(\.name).joined(separator: " ")
            case .timedOut(let match, _): "timeout " + match.elements.map(\.name).joined(separator: " ")
            }
        }
    }
}
