import AdAnalyticsJob
import Foundation
import StreamTesting
import Testing
import Weir

/// A line and what a decoder is to make of it.
struct DecoderCase: Sendable {
    enum Outcome: Equatable {
        /// The events' places hold nothing but their number within the line.
        case events([AdEvent])
        /// The code of the dead letter.
        case rejected(String)
        case skipped
    }

    let line: [UInt8]
    let expected: Outcome

    init(_ line: [UInt8], _ expected: Outcome) {
        self.line = line
        self.expected = expected
    }

    init(_ line: String, is expected: AdEvent...) { self.init(Array(line.utf8), .events(expected)) }
    init(_ line: String, rejected code: String) { self.init(Array(line.utf8), .rejected(code)) }
    init(_ line: String, rejected code: DecodeError.Code) { self.init(line, rejected: code.rawValue) }

    /// The line with the mark `␀` replaced by bytes that are not valid UTF-8.
    static func invalidUTF8(_ line: String) -> DecoderCase {
        let parts = line.split(separator: "␀", omittingEmptySubsequences: false).map { Array($0.utf8) }
        return DecoderCase(Array(parts.joined(separator: [0xC3, 0x28])), .rejected("invalid_utf8"))
    }

    /// Decodes the cases as one file and compares each line's outcome.
    static func check(_ cases: [DecoderCase], _ format: AdRecordFormat, header: String? = nil) async throws {
        let outcomes = try await decode(cases.map(\.line), format, header: header)
        for (line, outcome) in zip(cases, outcomes) {
            let text = String(decoding: line.line.prefix(300), as: UTF8.self)
            #expect(outcome == line.expected, "\(format.format.rawValue): \(text)")
        }
    }

    static func decode(
        _ lines: [[UInt8]], _ format: AdRecordFormat, header: String? = nil
    ) async throws -> [Outcome] {
        try await withDirectory { directory in
            var bytes = header.map { Array("\($0)\n".utf8) } ?? []
            var offsets: [Int64] = []
            for line in lines {
                offsets.append(Int64(bytes.count))
                bytes += line + [0x0A]
            }
            let path = directory.appendingPathComponent("lines").path
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            let events = CollectSink<AdEvent>()
            let letters = CollectSink<DeadLetter>()
            let pipeline = try Pipeline("decode") { p in
                let read = p.source(
                    "lines", FileSource(path, format: format),
                    watermarks: .boundedOutOfOrderness(.seconds(4_000_000_000)))
                read.deadLetters.write("letters", to: letters)
                read.write("sink", to: events)
            }
            _ = try await pipeline.run(JobMatrix.Variant(parallelism: 1, batchSize: 5, seed: 1).options)
            var outcomes: [Int64: Outcome] = [:]
            for (offset, of) in Dictionary(grouping: events.elements, by: \.sequence.offset) {
                outcomes[offset] = .events(
                    of.map { event in
                        var event = event
                        event.sequence = EventSequence(file: 0, offset: 0, part: event.sequence.part)
                        return event
                    })
            }
            for letter in letters.elements {
                #expect(letter.source == path)
                let code = letter.reason.prefix { $0 != " " && $0 != ":" }
                #expect(outcomes.updateValue(.rejected(String(code)), forKey: letter.offset) == nil, "\(letter)")
            }
            #expect(Set(outcomes.keys).isSubset(of: offsets), "a record begins where no line does")
            return offsets.map { outcomes[$0] ?? .skipped }
        }
    }
}

extension AdEvent {
    /// 2026-03-01T00:00:00Z.
    static let start: Timestamp = 1_772_323_200_000

    /// An event of user `u` in shop `s`.
    init(
        _ kind: Kind, id: String = "", time: Timestamp = AdEvent.start, tenant: String = "s", user: String = "u",
        campaign: String = "", price: Int64 = 0, quantity: Int64 = 1, part: Int32 = 0
    ) {
        self.init()
        self.id = id
        self.time = time
        self.kind = kind
        self.tenant = tenant
        self.user = user
        self.campaign = campaign
        priceMicros = price
        self.quantity = quantity
        sequence.part = part
    }
}
