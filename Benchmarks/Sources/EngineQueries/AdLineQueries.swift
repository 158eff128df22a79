#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif
internal import Weir
internal import Workloads

/// The queries over lines of JSON, as a user of the library writes them.
enum AdLineQueries {
    static func ysb(_ parameters: RunParameters, _ meter: Meter) async throws -> Digest {
        let campaigns = Ad.campaigns
        let sink = DigestSink<Pane<Int32, Int>>(parameters, meter, windowEnd: { $0.window.end }) { pane, digest in
            digest.add(Int64(pane.key), pane.window.start, Int64(pane.value))
        }
        let lines = AdLines(rate: parameters.rate, users: parameters.users)
        let pipeline = try Pipeline("benchmark") { p in
            p.source("lines", EventSource(lines, parameters, meter))
                .map("parse") { try Ad(json: $0) }
                .assignTimestamps(outOfOrderness: .milliseconds(99)) { $0.ts }
                .filter { $0.type == Ad.view }
                .keyBy { campaigns[Int($0.ad)] }
                .window(.tumbling(.milliseconds(parameters.windowMilliseconds)))
                .aggregate("views", .count())
                .write("digest", to: sink)
        }
        try await pipeline.run(parameters)
        return sink.digest
    }
}

extension Ad {
    /// Reads a line of JSON: the fields by name in any order; others are skipped.
    init(json line: ArraySlice<UInt8>) throws {
        self = try line.withUnsafeBytes { try Ad(json: $0) }
    }

    private init(json bytes: UnsafeRawBufferPointer) throws(DecodeError) {
        var ad = Ad(user: 0, ad: 0, type: 0, value: 0, ts: 0)
        var seen = 0
        var object = try JSONObjectReader(bytes)
        while let field = try object.nextField() {
            switch field {
            case "user_id":
                ad.user = try object.int64()
                seen |= 1
            case "ad_id":
                let number = try object.int64()
                guard number >= 0 && number < Int64(Ad.adCount) else { throw Ad.unknown("ad_id", object.offset) }
                ad.ad = Int32(number)
                seen |= 2
            case "event_type":
                ad.type = try Ad.type(try object.stringBytes().bytes, object.offset)
                seen |= 4
            case "event_time":
                ad.ts = try object.int64()
                seen |= 8
            default: try object.skipValue()
            }
        }
        try object.finish()
        guard seen == 15 else { throw DecodeError.missingField("user_id, ad_id, event_type or event_time") }
        self = ad
    }

    private static func type(_ name: UnsafeRawBufferPointer, _ offset: Int) throws(DecodeError) -> Int32 {
        // The first letter says which; the rest is compared.
        let (text, type): (StaticString, Int32) =
            switch name.first {
            case UInt8(ascii: "v"): ("view", view)
            case UInt8(ascii: "c"): ("click", click)
            default: ("purchase", purchase)
            }
        guard name.count == text.utf8CodeUnitCount, let start = name.baseAddress,
            memcmp(start, text.utf8Start, name.count) == 0
        else { throw unknown("event_type", offset) }
        return type
    }

    private static func unknown(_ field: String, _ offset: Int) -> DecodeError {
        DecodeError(code: .unknownValue, message: "the value of '\(field)' is none that the job knows", offset: offset)
    }
}
