import ArgumentParser

struct SubmitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "submit", abstract: "Put jobs into the queue.",
        discussion: """
            FILE is a YAML file of one or more jobs, or a script with #BERTH lines; - reads it from standard input. Flags win over both.

            Examples:
              berth submit -- ./simulate --steps 1000
              berth submit --cores 4 --memory 8G --time-limit 2h train.sh --epochs 5
              berth submit --array 0-99%10 --batch sweep point.sh
              berth submit --depends afterok:12 --wrap 'sort results | uniq > done.txt'
              id=$(berth submit --quiet job.yaml)
            """)

    @Argument(help: ArgumentHelp("A YAML file or a script; - for standard input.", valueName: "file"), completion: .file())
    var file: String?

    @Argument(parsing: .postTerminator, help: ArgumentHelp("The command after --, or a script's arguments.", valueName: "command"))
    var command: [String] = []

    @Flag(help: "Print only the ids.")
    var quiet = false

    @Flag(help: "Wait for the end and return the status, as wait does.")
    var wait = false

    @Flag(help: "Check everything, submit nothing.")
    var dryRun = false

    @OptionGroup var common: CommonOptions
    @OptionGroup(title: "Fields of the job") var spec: SpecOptions

    func run() throws {
        var form = SubmitForm()
        form.file = file
        form.flags = spec.flags(command: command)
        (form.quiet, form.wait, form.dryRun, form.json) = (quiet, wait, dryRun, common.json)
        form.socketPath = common.connection.socketPath
        try form.run()
    }
}
