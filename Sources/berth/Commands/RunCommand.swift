import ArgumentParser

struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Submit a job, stream its output and return its status.",
        discussion: """
            The id is printed on standard error. The first ^C goes to the job, a second within 2 seconds cancels it. With -t, all keys go to the
            job; Ctrl-P Ctrl-Q detaches. A job whose client is gone for 10 seconds is cancelled, unless it was detached.

            Examples:
              berth run -- make -j2 test
              berth run --cores 2 --memory 1G python3 fit.py data.csv
              berth run -it --image tools:1 bash
              sort big | berth run -i -- ./count
              berth run --detach -- ./server
            """)

    @Flag(name: [.customShort("i"), .long], help: "Send our standard input to the job.")
    var interactive = false

    @Flag(name: [.customShort("t"), .long], help: "Give the job a terminal; includes -i.")
    var terminal = false

    @Flag(help: "Submit only: print the id and return.")
    var detach = false

    @Option(name: .shortAndLong, help: "Take the job from a YAML file or a script.", completion: .file())
    var file: String?

    @Argument(parsing: .postTerminator, help: ArgumentHelp("The program and its arguments.", valueName: "command"))
    var command: [String] = []

    @OptionGroup var common: CommonOptions
    @OptionGroup(title: "Fields of the job") var spec: SpecOptions

    func run() throws {
        var form = RunForm()
        form.file = file
        form.flags = spec.flags(command: command)
        (form.interactive, form.terminal, form.detach, form.json) = (interactive, terminal, detach, common.json)
        form.socketPath = common.connection.socketPath
        try form.run()
    }
}
