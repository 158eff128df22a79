import AdAnalyticsJob
import ArgumentParser
import Foundation
import JobLifecycle
import Logging
import ServiceLifecycle
import UnixSignals
import Weir

/// The command `ad-analytics`.
@main
struct AdAnalyticsRunner: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ad-analytics",
        abstract: "Real-time analytics of ad campaigns for online shops.",
        discussion: """
            Reads events from files, or generates some, and prints campaigns, sessions and the funnel.
            Exit codes: 0 done, 64 options, 65 the input is not in its format, 66 the input can't be read, 70 the job \
            failed, 73 the output can't be written.
            """)

    @Option(name: .shortAndLong, help: "A file to read, plain or gzip; may be given several times.")
    var input: [String] = []

    @Option(name: .shortAndLong, help: "Its format: \(AdEventFormat.allCases.map(\.rawValue).joined(separator: ", ")).")
    var format: String = AdEventFormat.json.rawValue

    @Option(name: .shortAndLong, help: "A directory for the results as JSON lines; made if it isn't there.")
    var output: String?

    @Option(name: .shortAndLong, help: "The number of workers.")
    var parallelism = 1

    @Option(help: "Columns of your own for the job's fields, such as user=customer_id,event_time=ts.")
    var map: String?

    @Option(help: "The retailer of all events, for files without such a column.")
    var tenant: String?

    @Option(help: "Seconds that an event may be behind the newest one of its file before it is late.")
    var outOfOrder: Double?

    @Option(help: "Seconds without an event that end a session.")
    var sessionGap: Double?

    @Option(help: "Seconds after a click within which a basket is attributed to it.")
    var basketWindow: Double?

    @Option(help: "Seconds after a click within which a purchase is attributed to it.")
    var purchaseWindow: Double?

    @Option(help: "Seconds of event time for which event ids are remembered to drop duplicates; 0 for never.")
    var dedupHorizon: Double?

    @Option(
        help: "A directory for snapshots: the job goes on from the newest one, and its results are exactly once.")
    var snapshots: String?

    @Option(help: "Seconds between two snapshots.")
    var snapshotInterval = 10.0

    @Option(help: "A directory for a savepoint, written when the job is stopped by SIGTERM or SIGINT.")
    var savepoint: String?

    @Option(help: "The number of events to generate when there is no input.")
    var generate = 2_000_000

    /// About a terabyte; the time that the events cover stays within the years that the job takes for plausible.
    private static let mostGenerated = 10_000_000_000

    @Option(help: "The seed of the generated events.")
    var seed: UInt64 = 7

    @Option(help: "The directory of the generated events.")
    var data = "data"

    @Option(help: "The number of campaigns in the table.")
    var campaigns = 20

    @Flag(help: "No progress, only results.")
    var quiet = false

    func run() async throws {
        do {
            try await analyze()
        } catch let error as AdAnalyticsError {
            let code: Int32 =
                switch error.code {
                case .usage: 64;
                case .input: 66;
                case .output: 73
                }
            throw stop(code, error.message)
        } catch let error as AdEventGeneratorError {
            throw stop(error.code == .invalidOptions ? 64 : 73, "\(error)")
        } catch let error as PipelineError {
            throw stop(64, "\(error)")
        } catch let error as JobError {
            let code: Int32 =
                switch error.code {
                case .invalidOption: 64
                case .sourceFailed where error.cause is FormatError: 65
                case .sourceFailed: 66
                case .sinkFailed: 73
                default: 70
                }
            throw stop(code, error.message)
        } catch let error as SnapshotError {
            throw stop(70, "\(error)")
        }
    }

    private func stop(_ code: Int32, _ message: String) -> ExitCode {
        tell(message)
        return ExitCode(code)
    }

    private func tell(_ message: String) {
        FileHandle.standardError.write(Data("ad-analytics: \(message)\n".utf8))
    }

    private func analyze() async throws {
        guard let format = AdEventFormat(rawValue: format) else {
            throw AdAnalyticsError(
                code: .usage,
                message: "unknown format '\(format)'; use one of "
                    + AdEventFormat.allCases.map(\.rawValue).joined(separator: ", "))
        }
        try check("--campaigns", campaigns, 0...Int.max)
        try check("--generate", generate, 0...Self.mostGenerated)
        var fields =
            try map.map { mapping throws(AdAnalyticsError) in try AdEventFields(mapping: mapping) } ?? AdEventFields()
        fields.tenant = tenant
        let paths = try input.isEmpty ? [generated(format)] : input
        if let output { try makeDirectory(output) }
        let analytics = AdAnalyticsPipeline(
            paths: paths, format: AdRecordFormat(format, fields: fields), options: try options(for: format))
        let results = AdAnalyticsOutput(directory: output, isCommitted: snapshots != nil)
        let job = try analytics.pipeline(to: results).start(try jobOptions())
        if job.snapshotStatus.lastBegun != nil {
            tell("going on from the last snapshot; what is counted is what follows")
        }
        let progress = Progress(job: job, isQuiet: quiet)
        do { try await progress.show { try await serve(job) } } catch {
            progress.finish()
            throw error
        }
        progress.finish()
        let status = job.status
        if let stopped = job.stopReport {
            tell("stopped\(snapshots == nil ? "; these are the results of what was read" : "")")
            if let saved = stopped.savepoint, let savepoint { tell("savepoint \(saved.id) is in \(savepoint)") }
            // The tables are made at the end of the input.
            if let last = stopped.snapshot { return tell("the same command goes on from snapshot \(last.id)") }
        }
        let report = AdAnalyticsReport(status, results)
        print(report.text(campaignLimit: campaigns), terminator: "")
        if let output { print("\nresults are in \(output)/*\(snapshots == nil ? ".jsonl" : "/*.jsonl")") }
        guard report.accounting.isBalanced else {
            throw JobError(code: .stepFailed, message: "events are missing from the accounting; please report this")
        }
    }

    private func check(_ name: String, _ value: Int, _ range: ClosedRange<Int>) throws(AdAnalyticsError) {
        guard !range.contains(value) else { return }
        let bound = range.upperBound == .max ? "or more" : "through \(range.upperBound)"
        throw AdAnalyticsError(code: .usage, message: "\(name) is \(value); give \(range.lowerBound) \(bound)")
    }

    private func jobOptions() throws -> JobOptions {
        var options = JobOptions(parallelism: parallelism)
        // A failure is reported by this command, once.
        options.logger = JobOptions.silentLogger
        guard let snapshots else {
            guard savepoint == nil else {
                throw AdAnalyticsError(code: .usage, message: "--savepoint needs --snapshots, a directory of its own")
            }
            return options
        }
        guard snapshotInterval.isFinite, (0.01...1e9).contains(snapshotInterval) else {
            throw AdAnalyticsError(
                code: .usage, message: "--snapshot-interval is \(snapshotInterval); give seconds, 0.01 through 1e9")
        }
        options.snapshots = SnapshotOptions(
            directory: snapshots, interval: .milliseconds(Int64((snapshotInterval * 1_000).rounded())))
        options.start = .latest
        options.restarts = .exponentialBackoff(attempts: 10)
        return options
    }

    /// Runs until the job's end; SIGTERM and SIGINT stop it after a last snapshot, or with the results so far.
    private func serve(_ job: Job) async throws {
        let service = JobService(
            job, drains: snapshots == nil, savepoint: savepoint.map { LocalSnapshotStorage(directory: $0) })
        var configuration = ServiceGroupConfiguration(
            services: [.init(service: service, successTerminationBehavior: .gracefullyShutdownGroup)],
            gracefulShutdownSignals: [.sigterm, .sigint], cancellationSignals: [.sigquit],
            logger: JobOptions.silentLogger)
        configuration.maximumGracefulShutdownDuration = .seconds(300)
        try await ServiceGroup(configuration: configuration).run()
    }

    private func options(for format: AdEventFormat) throws -> AdAnalyticsOptions {
        var options = AdAnalyticsOptions(for: format)
        func duration(
            _ name: String, _ seconds: Double, atLeast least: Double = 0
        ) throws(AdAnalyticsError) -> Duration {
            guard seconds.isFinite, (least...1e11).contains(seconds) else {
                throw AdAnalyticsError(
                    code: .usage,
                    message: "\(name) is \(seconds); give seconds, \(least == 0 ? "0" : "\(least)") through 1e11")
            }
            return .milliseconds(Int64((seconds * 1_000).rounded()))
        }
        if let outOfOrder { options.outOfOrderness = try duration("--out-of-order", outOfOrder) }
        if let sessionGap { options.sessionGap = try duration("--session-gap", sessionGap, atLeast: 0.001) }
        if let basketWindow { options.basketWindow = try duration("--basket-window", basketWindow) }
        if let purchaseWindow { options.purchaseWindow = try duration("--purchase-window", purchaseWindow) }
        if let dedupHorizon {
            options.deduplicationHorizon =
                dedupHorizon == 0 ? nil : try duration("--dedup-horizon", dedupHorizon, atLeast: 0.001)
        }
        return options
    }

    /// The path of the generated events, which are written the first time.
    private func generated(_ format: AdEventFormat) throws -> String {
        guard format == .json || format == .csv else {
            throw AdAnalyticsError(
                code: .usage,
                message: "only json and csv can be generated; give an --input in format \(format.rawValue)")
        }
        try makeDirectory(data)
        let path = "\(data)/ad-events-\(generate)-\(seed).\(format == .csv ? "csv" : "jsonl")"
        if FileManager.default.fileExists(atPath: path) { return path }
        var options = AdEventGeneratorOptions()
        options.events = generate
        options.seed = seed
        // More events cover more time, at the same rate.
        guard generate <= 1_000_000_000 else {
            throw AdAnalyticsError(code: .usage, message: "--generate is \(generate); give at most 1000000000")
        }
        options.span = max(3_600_000, options.span * Int64(max(generate, 0)) / 2_000_000)
        options.format = format == .csv ? .csv : .jsonLines
        if !quiet { FileHandle.standardError.write(Data("generating \(generate) events into \(path)\n".utf8)) }
        _ = try AdEventFileGenerator(options: options).write(to: path)
        return path
    }

    private func makeDirectory(_ path: String) throws(AdAnalyticsError) {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw AdAnalyticsError(
                code: .output,
                message: "can't make the directory '\(path)': check that its parent is writable and that "
                    + "no file has this name")
        }
    }
}
