import ArgumentParser
import CWeir
import StateBackend

/// `weir snapshot list`.
struct ListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "The snapshots, with their times and sizes.")

    @OptionGroup var place: PlaceOptions
    @Flag(help: "A line of JSON for each snapshot.")
    var json = false

    func run() throws { try place.run { try $0.list(now: weir_wall_ms(), json: json) } }
}

/// `weir snapshot show`.
struct ShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Positions of sources, watermarks, states and files of a snapshot.")

    @OptionGroup var place: PlaceOptions
    @Option(help: "The snapshot's number. (default: the latest)")
    var id: Int?
    @Flag(help: "As JSON.")
    var json = false

    func run() throws { try place.run { try $0.show(id, json: json) } }
}

/// `weir snapshot verify`.
struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Reads every file and compares its checksum; exit code 1 when one is damaged.")

    @OptionGroup var place: PlaceOptions
    @Option(help: "The snapshot's number. (default: all)")
    var id: Int?
    @Flag(help: "A line of JSON for each snapshot.")
    var json = false

    func run() throws {
        try place.run { if try !$0.verify(id, json: json) { throw ExitCode(SnapshotTool.Code.found) } }
    }
}

/// `weir snapshot diff`.
struct DiffCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "What keys were added, removed and changed; exit code 1 when there are any.")

    @OptionGroup var place: PlaceOptions
    @Argument(help: "The earlier snapshot's number.")
    var from: Int
    @Argument(help: "The later snapshot's number.")
    var to: Int
    @OptionGroup var rowOptions: RowOptions
    @Flag(help: "The rows that differ, as lines of JSON.")
    var rows = false
    @Flag(help: "The counts as lines of JSON.")
    var json = false

    func run() throws {
        try place.run {
            let isSame = try $0.diff(from, to, rowOptions.filter, rows: rows, limit: rowOptions.limit, json: json)
            if !isSame { throw ExitCode(SnapshotTool.Code.found) }
        }
    }
}

/// `weir snapshot export`.
struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Keys and values as lines of JSON.")

    @OptionGroup var place: PlaceOptions
    @Option(help: "The snapshot's number. (default: the latest)")
    var id: Int?
    @OptionGroup var rowOptions: RowOptions
    @Option(name: .shortAndLong, help: "A file to write. (default: standard output)")
    var output: String?

    func run() throws { try place.run(to: output) { try $0.export(id, rowOptions.filter, limit: rowOptions.limit) } }
}

/// Which rows.
struct RowOptions: ParsableArguments {
    @Option(help: "Only the states of this step.")
    var step: String?
    @Option(help: "Only states of this name.")
    var state: String?
    @Option(help: "Only this key: as JSON, or the text of a key that is a string.")
    var key: String?
    @Option(help: "The most rows.")
    var limit: Int?

    var filter: SnapshotInspector.Filter { .init(step: step, state: state, key: key) }

    func validate() throws {
        if let limit, limit < 0 { throw ValidationError("--limit must not be negative") }
    }
}
