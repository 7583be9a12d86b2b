internal import ArgumentParser

/// Does one dangerous thing in a process of its own, for `berthd` alone.
@main
struct BerthHelper: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "berth-helper", abstract: "Reads what users made, apart from everything else; started by berthd.",
        subcommands: [ImportCommand.self, InspectCommand.self])
}
