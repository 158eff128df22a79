public import Weir
public import Workloads

/// The queries over the advertising streams, as a user of the library writes them.
enum AdsQueries {
    /// Jitter is at most 99 ms.
    private static let bound = WatermarkStrategy<Ad>.boundedOutOfOrderness(.milliseconds(99))

    /// Runs a pipeline over a generator's events and digests what comes out.
    @inline(__always)
    private static func run<Generator: EventGenerator, Row: Sendable>(
        _ generator: Generator, _ parameters: RunParameters, _ meter: Meter,
        windowEnd: (@Sendable (Row) -> Timestamp)? = nil,
        _ add: @escaping @Sendable (Row, inout Digest) -> Void,
        _ query: (DataStream<Ad>) -> DataStream<Row>
    ) async throws -> Digest where Generator.Event == Ad {
        if parameters.measuresLatency && windowEnd == nil { throw QueryError.noWindows }
        let sink = DigestSink<Row>(parameters, meter, windowEnd: windowEnd, add)
        let pipeline = try Pipeline("benchmark") { p in
            let ads = p.source("ads", EventSource(generator, parameters, meter), watermarks: bound)
            query(ads).write("digest", to: sink)
        }
        try await pipeline.run(parameters)
        return sink.digest
    }

    /// As above, for results of windows.
    @inline(__always)
    private static func run<Generator: EventGenerator, Key: StreamKey, Value: Sendable>(
        _ generator: Generator, _ parameters: RunParameters, _ meter: Meter,
        _ add: @escaping @Sendable (Pane<Key, Value>, inout Digest) -> Void,
        _ query: (DataStream<Ad>) -> DataStream<Pane<Key, Value>>
    ) async throws -> Digest where Generator.Event == Ad {
        try await run(generator, parameters, meter, windowEnd: { $0.window.end }, add, query)
    }

    private static func uniform(_ parameters: RunParameters) -> AdsUniform {
        AdsUniform(rate: parameters.rate, users: parameters.users)
    }

    private static func sessions(_ parameters: RunParameters) -> AdsSessions {
        AdsSessions(rate: parameters.rate, users: parameters.users)
    }

    private static func countRow(_ pane: Pane<Int32, Int>, _ digest: inout Digest) {
        digest.add(Int64(pane.key), pane.window.start, Int64(pane.value))
    }

    static func sourceOnly(_ parameters: RunParameters, _ meter: Meter) async throws -> Digest {
        try await run(uniform(parameters), parameters, meter, { (_: Ad, _) in }) { ads in
            ads.filter { $0.type < 0 }
        }
    }

    static func ysb(_ parameters: RunParameters, _ meter: Meter) async throws -> Digest {
        let campaigns = Ad.campaigns
        return try await run(uniform(parameters), parameters, meter, countRow) { ads in
            ads.filter { $0.type == Ad.view }
                .keyBy { campaigns[Int($0.ad)] }
                .window(.tumbling(.milliseconds(parameters.windowMilliseconds)))
                .aggregate("views", .count())
        }
    }

    static func tumblingSum(_ parameters: RunParameters, _ meter: Meter) async throws -> Digest {
        try await run(
            uniform(parameters), parameters, meter,
            { (pane: Pane<Int64, SumAndCount.Totals>, digest) in
                digest.add(pane.key, pane.window.start, pane.value.sum, pane.value.count)
            }
        ) { ads in
            ads.keyBy { $0.user }.window(.tumbling(.seconds(10))).aggregate("sums", SumAndCount())
        }
    }

    static func sliding(_ parameters: RunParameters, _ meter: Meter) async throws -> Digest {
        let campaigns = Ad.campaigns
        return try await run(uniform(parameters), parameters, meter, countRow) { ads in
            ads.keyBy { campaigns[Int($0.ad)] }
                .window(.sliding(.seconds(60), every: .seconds(1)))
                .aggregate("counts", .count())
        }
    }

    static func session(_ parameters: RunParameters, _ meter: Meter) async throws -> Digest {
        try await run(
            sessions(parameters), parameters, meter,
            { (pane: Pane<Int64, Int>, digest) in
                let last = pane.window.end - 10_000
                digest.add(pane.key, pane.window.start, last - pane.window.start, Int64(pane.value))
            }
        ) { ads in
            ads.keyBy { $0.user }.window(.session(gap: .seconds(10))).aggregate("sessions", .count())
        }
    }

    static func funnel(_ parameters: RunParameters, _ meter: Meter) async throws -> Digest {
        let campaigns = Ad.campaigns
        return try await run(sessions(parameters), parameters, meter, countRow) { ads in
            let clicks = ads.filter { $0.type == Ad.click }.keyBy { Pair($0.user, $0.ad) }
            let purchases = ads.filter { $0.type == Ad.purchase }.keyBy { Pair($0.user, $0.ad) }
            return clicks.join("pairs", purchases, within: .after(upTo: .seconds(30))) { click, _ in click.ad }
                .keyBy { campaigns[Int($0)] }
                .window(.tumbling(.seconds(10)))
                .aggregate("funnel", .count())
        }
    }

    static func uniques(_ parameters: RunParameters, _ meter: Meter) async throws -> Digest {
        let campaigns = Ad.campaigns
        return try await run(sessions(parameters), parameters, meter, countRow) { ads in
            ads.keyBy { campaigns[Int($0.ad)] }
                .window(.tumbling(.seconds(10)))
                .aggregate("uniques", .distinct(\.user))
        }
    }

    static func keyedState(_ parameters: RunParameters, _ meter: Meter) async throws -> Digest {
        guard let exponent = parameters.zipf else {
            return try await keyedState(uniform(parameters), parameters, meter)
        }
        let skewed = AdsZipf(rate: parameters.rate, users: parameters.users, exponent: exponent)
        return try await keyedState(skewed, parameters, meter)
    }

    private static func keyedState<Generator: EventGenerator>(
        _ generator: Generator, _ parameters: RunParameters, _ meter: Meter
    ) async throws -> Digest where Generator.Event == Ad {
        try await run(
            generator, parameters, meter, { (row: UserCount, digest) in digest.add(row.user, row.count) }
        ) { ads in
            ads.keyBy { $0.user }.process("counts") { try CountPerUser($0) }
        }
    }
}

extension Ad: EventTimed {
    /// When it happened.
    public var eventTime: Timestamp { ts }
}

/// The sum of a window's values and their number.
struct SumAndCount: AggregateFunction {
    struct Totals: Sendable {
        var sum: Int64
        var count: Int64
    }

    func start(_ ad: Ad) -> Totals { Totals(sum: Int64(ad.value), count: 1) }
    func add(_ ad: Ad, to totals: inout Totals) {
        totals.sum &+= Int64(ad.value)
        totals.count &+= 1
    }
    func merge(_ other: Totals, into totals: inout Totals) {
        totals.sum &+= other.sum
        totals.count &+= other.count
    }
    func result(_ totals: Totals) -> Totals { totals }
}

struct UserCount: Sendable {
    var user: Int64
    var count: Int64
}

/// A counter per user: read, add one, write, emit.
struct CountPerUser: KeyedProcessor {
    typealias Key = Int64
    typealias Input = Ad
    typealias Output = UserCount

    let count: ValueState<Int64, Int64>

    init(_ state: KeyedStateStore<Int64>) throws { count = try state.value("count") }

    mutating func process(_ ad: Ad, _ context: borrowing ProcessContext<Self>) throws {
        let now = (count.value ?? 0) + 1
        count.value = now
        try context.emit(UserCount(user: ad.user, count: now))
    }
}
