import ArgumentParser

/// The command line of Berth: one command a file in `Commands`.
@main
struct Berth: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "berth",
        abstract: "Runs jobs in containers on this machine's cores.",
        discussion: """
            Ids are 12 (a job), 12.3 (a task of an array), 12.3#2 (an attempt); many at once as 12,14-16 or 12.[0-9].

            Examples:
              berth submit --cores 2 --memory 4G --time-limit 1h -- python3 run.py
              berth submit job.yaml
              berth list --watch
              berth logs -f 12
              berth report --batch nightly
            """,
        version: BerthVersion.text,
        groupedSubcommands: [
            CommandGroup(
                name: "Jobs",
                subcommands: [
                    SubmitCommand.self, RunCommand.self, AttachCommand.self, ExecCommand.self, ListCommand.self, TopCommand.self, ShowCommand.self,
                    LogsCommand.self, InspectCommand.self, WaitCommand.self,
                ]),
            CommandGroup(
                name: "Control",
                subcommands: [
                    CancelCommand.self, SignalCommand.self, RequeueCommand.self, UpdateCommand.self, PauseCommand.self, ResumeCommand.self,
                    HoldCommand.self, ReleaseCommand.self, BatchCommand.self,
                ]),
            CommandGroup(name: "Accounts", subcommands: [ReportCommand.self, EventsCommand.self, PurgeCommand.self, BackupCommand.self]),
            CommandGroup(
                name: "Machine",
                subcommands: [ImageCommand.self, NodeCommand.self, DoctorCommand.self, CompletionCommand.self, VersionCommand.self]),
        ])

    static func main() {
        Runner.run(arguments: Array(CommandLine.arguments.dropFirst()))
    }
}
