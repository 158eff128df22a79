import AdAnalyticsJob
import Testing
import Weir

/// Lines of the job's own JSON, and of GitHub's, become events or dead letters.
struct JSONDecoderTests {
    static let time = "\"event_time\":1772323200000"
    /// All that an event needs, with room for more.
    static func line(_ more: String) -> String {
        "{\(time),\"type\":\"click\",\"tenant\":\"s\",\"user\":\"u\"\(more.isEmpty ? "" : ",")\(more)}"
    }
    static func line(time: String) -> String {
        "{\"event_time\":\(time),\"type\":\"click\",\"tenant\":\"s\",\"user\":\"u\"}"
    }

    static let valid: [DecoderCase] =
        [
            DecoderCase(line(""), is: AdEvent(.click)),
            DecoderCase(
                line(
                    "\"event_id\":\"e\",\"campaign\":\"c\",\"ad\":\"a\",\"product\":\"p\",\"price_micros\":25,\"quantity\":3"
                ), is: AdEvent(.click, id: "e", campaign: "c", price: 25, quantity: 3)),
            DecoderCase(
                line(
                    "\"event_id\":null,\"campaign\":null,\"ad\":null,\"product\":null,\"price_micros\":null,"
                        + "\"quantity\":null"), is: AdEvent(.click)),
            DecoderCase(
                line("\"event_id\":\"\",\"campaign\":\"\",\"price_micros\":0,\"quantity\":0"),
                is: AdEvent(.click, quantity: 0)),
            // Any order, any space, fields of others.
            DecoderCase(
                " { \"user\" : \"u\" , \"x\":{\"user\":[1,{\"type\":\"view\"}]},\t\"tenant\":\"s\",\"type\":\"view\",\(time)} ",
                is: AdEvent(.view)),
            // Of a field given twice the last counts.
            DecoderCase(
                line("\"user\":\"v\",\"price_micros\":5,\"price_micros\":null,\"quantity\":2,\"quantity\":null"),
                is: AdEvent(.click, user: "v")),
            DecoderCase(line("\"user\":\"\\u00e9\\\"\\n\\ud83d\\ude00\""), is: AdEvent(.click, user: "é\"\n😀")),
            DecoderCase(line("\"us\\u0065r\":\"v\""), is: AdEvent(.click, user: "v")),
            DecoderCase(line("\"type\":\"vi\\u0065w\""), is: AdEvent(.view)),
            DecoderCase(line("\"user\":\"é😀\""), is: AdEvent(.click, user: "é😀")),
            DecoderCase(
                line("\"price_micros\":9223372036854775807,\"quantity\":10000000000000000"),
                is: AdEvent(.click, price: .max, quantity: 10_000_000_000_000_000)),
            DecoderCase(line("\"price_micros\":2.0,\"quantity\":1e3"), is: AdEvent(.click, price: 2, quantity: 1_000)),
            DecoderCase(Array("\(line(""))\r".utf8), .events([AdEvent(.click)])),
            DecoderCase([], .skipped),
            DecoderCase([0x0D], .skipped),
        ]
        + ["impression", "click", "view", "basket", "purchase"].enumerated().map { index, name in
            let kind = AdEvent.Kind.allCases[index]
            return DecoderCase("{\(time),\"type\":\"\(name)\",\"tenant\":\"s\",\"user\":\"u\"}", is: AdEvent(kind))
        }
        + [
            ("\"2026-03-01T00:00:00Z\"", AdEvent.start), ("\"2026-03-01T01:00:00.25+01:00\"", AdEvent.start + 250),
            ("\"2026-03-01 00:00:00\"", AdEvent.start), ("\"2026-03-01\"", AdEvent.start),
            ("946684800000", 946_684_800_000), ("4102444799999", 4_102_444_799_999),
        ].map { DecoderCase(line(time: $0), is: AdEvent(.click, time: $1)) }

    static let rejected: [DecoderCase] =
        [
            // What is no object.
            DecoderCase("{", rejected: .truncated),
            DecoderCase("\(line("").dropLast())", rejected: .truncated),
            DecoderCase("\(line("").dropLast(3))", rejected: .truncated),
            DecoderCase("[]", rejected: .syntax),
            DecoderCase("null", rejected: .syntax),
            DecoderCase(" ", rejected: .truncated),
            DecoderCase("\(line(""))x", rejected: .syntax),
            DecoderCase(line("\"x\":"), rejected: .syntax),
            DecoderCase(line("\"x\":tru"), rejected: .syntax),
            DecoderCase(line("\"user\":\"a\tb\""), rejected: .syntax),
            DecoderCase(line("\"user\":\"a\\x\""), rejected: .syntax),
            DecoderCase(line("\"x\":\(String(repeating: "[", count: 5_000))"), rejected: .syntax),
            DecoderCase(Array(repeating: 0, count: 30), .rejected("syntax")),
            // What an event needs.
            DecoderCase("{}", rejected: .missingField),
            DecoderCase("{\(time),\"type\":\"click\",\"tenant\":\"s\"}", rejected: .missingField),
            DecoderCase("{\(time),\"type\":\"click\",\"user\":\"u\"}", rejected: .missingField),
            DecoderCase("{\(time),\"tenant\":\"s\",\"user\":\"u\"}", rejected: .missingField),
            DecoderCase("{\"type\":\"click\",\"tenant\":\"s\",\"user\":\"u\"}", rejected: .missingField),
            DecoderCase(line("\"tenant\":\"\""), rejected: .missingField),
            DecoderCase(line("\"tenant\":null"), rejected: .missingField),
            DecoderCase(line("\"user\":\"\""), rejected: .missingField),
            DecoderCase(line("\"user\":null"), rejected: .missingField),
            DecoderCase(line("\"type\":\"\""), rejected: .missingField),
            // Types.
            DecoderCase(line("\"type\":\"other\""), rejected: .unknownValue),
            DecoderCase(line("\"type\":\"Click\""), rejected: .unknownValue),
            DecoderCase(line("\"type\":\"clicks\""), rejected: .unknownValue),
            DecoderCase(line("\"type\":\"wishlist\""), rejected: .unknownValue),
            DecoderCase(line("\"type\":null"), rejected: .typeMismatch),
            DecoderCase(line("\"user\":5"), rejected: .typeMismatch),
            DecoderCase(line("\"campaign\":[]"), rejected: .typeMismatch),
            DecoderCase(line("\"ad\":5"), rejected: .typeMismatch),
            // Numbers.
            DecoderCase(line("\"price_micros\":-1"), rejected: .outOfRange),
            DecoderCase(line("\"quantity\":-9223372036854775808"), rejected: .outOfRange),
            DecoderCase(line("\"price_micros\":9223372036854775808"), rejected: .outOfRange),
            DecoderCase(line("\"price_micros\":1e400"), rejected: .outOfRange),
            DecoderCase(line("\"price_micros\":1.5"), rejected: .typeMismatch),
            DecoderCase(line("\"price_micros\":\"5\""), rejected: .typeMismatch),
            DecoderCase(line("\"quantity\":true"), rejected: .typeMismatch),
            DecoderCase(line("\"quantity\":NaN"), rejected: .syntax),
            DecoderCase(line("\"quantity\":01"), rejected: .syntax),
            // Text.
            .invalidUTF8(line("\"user\":\"␀\"")),
            .invalidUTF8(line("\"ad\":\"␀\"")),
            .invalidUTF8(line("\"unknown\":{\"x\":\"␀\"}")),
            .invalidUTF8("␀"),
            DecoderCase(line("\"user\":\"\\ud83d\""), rejected: .invalidUTF8),
            DecoderCase(line("\"x\":\"\(String(repeating: "x", count: 1 << 20))\""), rejected: .lineTooLong),
        ]
        + [
            ("\"yesterday\"", .typeMismatch), ("\"2026-02-30T00:00:00Z\"", .typeMismatch), ("null", .typeMismatch),
            ("1772323200", .outOfRange), ("0", .outOfRange), ("-1", .outOfRange), ("9223372036854775807", .outOfRange),
            ("17723232001230000000000", .outOfRange), ("946684799999", .outOfRange), ("4102444800000", .outOfRange),
            ("\"1999-12-31T23:59:59.999Z\"", .outOfRange), ("\"2100-01-01T00:00:00Z\"", .outOfRange),
        ].map { (time: String, code: DecodeError.Code) in DecoderCase(line(time: time), rejected: code) }

    @Test("Own JSON")
    func own() async throws {
        // The rejected ones between valid ones: none spoils the next line.
        try await DecoderCase.check(Self.valid + Self.rejected.flatMap { [$0, Self.valid[0]] }, AdRecordFormat(.json))
    }

    @Test("A mapping of columns, and a tenant for all events")
    func mapping() async throws {
        var fields = try AdEventFields(mapping: "user=customer_id,event_time=ts,campaign=c=1")
        #expect(!(fields == AdEventFields()))
        let cases = [
            DecoderCase(
                "{\"ts\":\"2026-03-01\",\"type\":\"view\",\"tenant\":\"s\",\"customer_id\":\"v\",\"c=1\":\"x\",\"campaign\":5}",
                is: AdEvent(.view, user: "v", campaign: "x")),
            DecoderCase(Self.line(""), rejected: .missingField),
        ]
        try await DecoderCase.check(cases, AdRecordFormat(.json, fields: fields))
        fields = AdEventFields()
        fields.tenant = "all"
        let ofTenant = [
            DecoderCase(Self.line(""), is: AdEvent(.click, tenant: "all")),
            DecoderCase(Self.line("\"tenant\":null"), is: AdEvent(.click, tenant: "all")),
            DecoderCase("{\(Self.time),\"type\":\"click\",\"user\":\"u\"}", is: AdEvent(.click, tenant: "all")),
        ]
        try await DecoderCase.check(ofTenant, AdRecordFormat(.json, fields: fields))
    }

    @Test("GitHub's events")
    func github() async throws {
        func event(_ kind: AdEvent.Kind, id: String = "1", campaign: String = "o/r") -> AdEvent {
            AdEvent(kind, id: id, tenant: "github", campaign: campaign)
        }
        func line(type: String = "\"WatchEvent\"", actor: String = "{\"id\":1,\"login\":\"u\"}", more: String = "")
            -> String
        {
            "{\"id\":\"1\",\"type\":\(type),\"actor\":\(actor),\"repo\":{\"id\":2,\"name\":\"o/r\",\"url\":\"x\"},"
                + "\"payload\":{\"actor\":{\"login\":\"w\"}},\"public\":true,\"created_at\":\"2026-03-01T00:00:00Z\"\(more)}"
        }
        let kinds: [(String, AdEvent.Kind)] = [
            ("WatchEvent", .click), ("ForkEvent", .basket), ("PushEvent", .view), ("IssueCommentEvent", .impression),
            ("PullRequestEvent", .purchase), ("GollumEvent", .other),
        ]
        try await DecoderCase.check(
            kinds.map { DecoderCase(line(type: "\"\($0)\""), is: event($1)) } + [
                DecoderCase(line(more: ",\"repo\":null"), is: event(.click, campaign: "")),
                DecoderCase(line(more: ",\"repo\":{\"name\":null}"), is: event(.click, campaign: "")),
                DecoderCase(line(more: ",\"repo\":{}"), is: event(.click, campaign: "")),
                DecoderCase(line(more: ",\"id\":null"), is: event(.click, id: "")),
                DecoderCase(line(actor: "null"), rejected: .missingField),
                DecoderCase(line(actor: "{}"), rejected: .missingField),
                DecoderCase(line(actor: "{\"login\":\"\"}"), rejected: .missingField),
                DecoderCase(line(actor: "\"u\""), rejected: .typeMismatch),
                DecoderCase(line(actor: "{\"login\":1}"), rejected: .typeMismatch),
                DecoderCase(line(type: "\"\""), rejected: .missingField),
                DecoderCase(line(type: "null"), rejected: .typeMismatch),
                DecoderCase(line(more: ",\"repo\":\"o/r\""), rejected: .typeMismatch),
                DecoderCase(line(more: ",\"created_at\":\"now\""), rejected: .typeMismatch),
                DecoderCase(line(more: ",\"created_at\":\"1985-01-01T00:00:00Z\""), rejected: .outOfRange),
                DecoderCase("{\"type\":\"WatchEvent\",\"actor\":{\"login\":\"u\"}}", rejected: .missingField),
                .invalidUTF8(line(more: ",\"payload\":\"␀\"")),
            ], AdRecordFormat(.gharchive))
    }
}
