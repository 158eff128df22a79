import Weir

/// What turns records into bytes and back: of state, and of files.
enum CodecGuards {
    static let hops = [
        GuardedHop("codec_raw") { try roundTrips($0) { Raw(a: Int64($0), b: $0 & 0xFF, c: 7, d: 1) } },
        GuardedHop("codec_own") { try roundTrips($0) { Own(name: names[$0 & 1], count: $0) } },
        GuardedHop("codec_codable", isTrivial: false) {
            try roundTrips($0) { Foreign(name: names[$0 & 3], count: $0) }
        },
        GuardedHop("json_object") { try objects($0) },
        GuardedHop("csv_row") { try rows($0) },
    ]

    /// The first two need no memory of their own.
    private static let names = [
        "view", "purchase", "a name of more than fifteen bytes", "another that is longer still",
    ]

    /// Thrown when what is read is not what was written.
    struct Different: Error {}

    /// A trivial record.
    private struct Raw: BitwiseCopyable, Equatable {
        var a: Int64
        var b: Int
        var c: Int32
        var d: Int32
    }

    private struct Own: StateCodable, Equatable {
        var name: String
        var count: Int

        init(name: String, count: Int) {
            self.name = name
            self.count = count
        }

        func encode(into encoder: inout StateEncoder) throws {
            try encoder.encode(name)
            try encoder.encode(count)
        }

        init(decoding decoder: inout StateDecoder) throws {
            name = try decoder.decode()
            count = try decoder.decode()
        }
    }

    private struct Foreign: Codable, Equatable {
        var name: String
        var count: Int
    }

    /// Writes each value and reads it again, in batches as state does.
    private static func roundTrips<Value: Equatable>(_ size: GuardSize, _ make: (Int) -> Value) throws {
        let codec = StateCodec<Value>.automatic
        var encoder = StateEncoder()
        for batch in 0..<size.batches {
            encoder.bytes.removeAll(keepingCapacity: true)
            for i in 0..<size.batchSize { try codec.encode(make(batch &* size.batchSize &+ i), into: &encoder) }
            var decoder = StateDecoder(encoder.bytes)
            for i in 0..<size.batchSize {
                guard try codec.decode(&decoder) == make(batch &* size.batchSize &+ i) else { throw Different() }
            }
        }
    }

    private static func objects(_ size: GuardSize) throws {
        var writer = JSONWriter()
        writer.beginObject()
        writer.field("user_id", 187_186)
        writer.field("page_id", "bdd732262feb6e95")
        writer.field("event_type", "purchase")
        writer.field("event_time", 1_700_000_000_083)
        writer.endObject()
        try writer.bytes.withUnsafeBytes { bytes in
            for _ in 0..<size.records {
                var (user, time): (Int64, Int64) = (0, 0)
                var reader = try JSONObjectReader(bytes)
                while let name = try reader.nextField() {
                    switch name {
                    case "user_id": user = try reader.int64()
                    case "event_time": time = try reader.int64()
                    default: try reader.skipValue()
                    }
                }
                try reader.finish()
                guard user == 187_186, time == 1_700_000_000_083 else { throw Different() }
            }
        }
    }

    private static func rows(_ size: GuardSize) throws {
        let line = Array("187186,bdd732262feb6e95,purchase,1700000000083".utf8)
        var row = CSVRow(columnCount: 4)
        try line.withUnsafeBytes { bytes in
            for _ in 0..<size.records {
                try row.read(bytes)
                guard try row.int64(0) == 187_186, try row.int64(3) == 1_700_000_000_083 else { throw Different() }
            }
        }
    }
}
