import ArgumentParser

/// The command `weir`.
@main
struct WeirTool: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "weir", abstract: "Looks into what jobs have left on disk.", subcommands: [SnapshotCommand.self])
}

/// The command `weir snapshot`.
struct SnapshotCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "snapshot", abstract: "Looks into the snapshots in a directory; changes nothing.",
        discussion: """
            Exit codes: 0 done, 1 something is damaged or what was compared differs, 64 options, 66 there is no such \
            directory or snapshot or it can't be read, 70 a backend that isn't built in, 73 the output can't be written.
            """,
        subcommands: [
            ListCommand.self, ShowCommand.self, VerifyCommand.self, DiffCommand.self, ExportCommand.self,
        ])
}
