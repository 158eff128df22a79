/// The content of a TZif file (RFC 9636), versions 1 to 4.
struct TimeZoneFile: Sendable, Equatable {
    /// What is wrong with a file.
    struct Problem: Error {
        var message: String
    }

    /// Times at which the offset changes, in seconds since 1970-01-01 UTC, ascending.
    private var times: [Int64] = []
    /// The offsets from those times on.
    private var offsets: [Int64] = []
    /// The offset before the first of them.
    private var first: Int64
    /// What holds after the last of them.
    private var rule: TimeZoneFooter?

    init(fixedOffset: Int64) { first = fixedOffset }

    init(_ bytes: [UInt8]) throws(Problem) {
        var reader = Reader(bytes: bytes)
        let header = try Header(&reader)
        if header.version == 0 {
            first = 0
            try readBlock(&reader, header, timeSize: 4)
            return
        }
        // Later versions repeat all with times of 64 bits, behind what readers of version 1 understand.
        try reader.skip(header.size(ofTimes: 4))
        let second = try Header(&reader)
        first = 0
        try readBlock(&reader, second, timeSize: 8)
        guard try reader.byte() == UInt8(ascii: "\n"), let end = reader.rest.firstIndex(of: UInt8(ascii: "\n")) else {
            throw Problem(message: "it has no rule for the future")
        }
        let footer = reader.rest[..<end]
        if footer.isEmpty { return }
        rule = TimeZoneFooter(footer)
        if rule == nil { throw Problem(message: "its rule '\(String(decoding: footer, as: UTF8.self))' is none") }
    }

    /// The stretch around a time in which the offset is the same, or part of it that begins and ends where it does.
    func segment(at seconds: Int64) -> TimeZoneRules.Segment {
        // The number of changes up to then.
        var low = 0
        var high = times.count
        while low < high {
            let middle = (low + high) / 2
            if times[middle] <= seconds { low = middle + 1 } else { high = middle }
        }
        if low < times.count {
            return .init(
                start: low == 0 ? .min : times[low - 1], end: times[low], offset: low == 0 ? first : offsets[low - 1])
        }
        guard let rule else {
            return .init(start: times.last ?? .min, end: .max, offset: offsets.last ?? first)
        }
        var segment = rule.segment(at: seconds)
        segment.start = max(segment.start, times.last ?? .min)
        return segment
    }

    private mutating func readBlock(_ reader: inout Reader, _ header: Header, timeSize: Int) throws(Problem) {
        guard header.leapSeconds == 0 else { throw Problem(message: "its times count leap seconds") }
        guard header.types > 0 else { throw Problem(message: "it has no local time") }
        guard header.size(ofTimes: timeSize) <= reader.rest.count else { throw Problem(message: "it is cut off") }
        for _ in 0..<header.times {
            let time = timeSize == 8 ? try reader.integer(Int64.self) : Int64(try reader.integer(Int32.self))
            if let last = times.last, last >= time { throw Problem(message: "its times do not ascend") }
            times.append(time)
        }
        var typeOfTime: [Int] = []
        for _ in 0..<header.times {
            let type = Int(try reader.byte())
            guard type < header.types else { throw Problem(message: "it names a local time that it does not have") }
            typeOfTime.append(type)
        }
        var types: [Int64] = []
        for _ in 0..<header.types {
            let offset = Int64(try reader.integer(Int32.self))
            guard abs(offset) <= TimeZoneFooter.farthest else { throw Problem(message: "an offset is \(offset) s") }
            types.append(offset)
            try reader.skip(2)
        }
        first = types[0]
        offsets = typeOfTime.map { types[$0] }
        try reader.skip(header.characters + header.standardFlags + header.utcFlags)
    }

    /// The counts at the beginning of each block.
    private struct Header {
        let version: UInt8
        let utcFlags: Int
        let standardFlags: Int
        let leapSeconds: Int
        let times: Int
        let types: Int
        let characters: Int

        init(_ reader: inout Reader) throws(Problem) {
            guard reader.rest.starts(with: "TZif".utf8) else { throw Problem(message: "it does not begin with 'TZif'") }
            try reader.skip(4)
            version = try reader.byte()
            try reader.skip(15)
            utcFlags = Int(try reader.integer(UInt32.self))
            standardFlags = Int(try reader.integer(UInt32.self))
            leapSeconds = Int(try reader.integer(UInt32.self))
            times = Int(try reader.integer(UInt32.self))
            types = Int(try reader.integer(UInt32.self))
            characters = Int(try reader.integer(UInt32.self))
        }

        func size(ofTimes size: Int) -> Int {
            times * (size + 1) + types * 6 + characters + leapSeconds * (size + 4) + standardFlags + utcFlags
        }
    }

    private struct Reader {
        private(set) var rest: ArraySlice<UInt8>

        init(bytes: [UInt8]) { rest = bytes[...] }

        mutating func skip(_ count: Int) throws(Problem) {
            guard count <= rest.count else { throw Problem(message: "it is cut off") }
            rest = rest.dropFirst(count)
        }

        mutating func byte() throws(Problem) -> UInt8 { try integer(UInt8.self) }

        mutating func integer<Value: FixedWidthInteger>(_ type: Value.Type) throws(Problem) -> Value {
            let size = MemoryLayout<Value>.size
            guard rest.count >= size else { throw Problem(message: "it is cut off") }
            let value = rest.prefix(size).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            rest = rest.dropFirst(size)
            return Value(truncatingIfNeeded: value)
        }
    }
}
