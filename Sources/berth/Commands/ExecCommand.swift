import API
import ArgumentParser
import Client
import JobModel
import LinuxSys

struct ExecCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exec", abstract: "Run a further program inside a running job.",
        discussion: """
            It runs in the job's container and under the job's limits, and returns its own status.

            Examples:
              berth exec 12 ps aux
              berth exec -it 12.3 sh
              berth exec --env LEVEL=2 --workdir /tmp 12 ./probe
            """)

    @Flag(name: [.customShort("i"), .long], help: "Send our standard input.")
    var interactive = false

    @Flag(name: [.customShort("t"), .long], help: "Give it a terminal; includes -i.")
    var terminal = false

    @Option(name: .shortAndLong, parsing: .singleValue, help: ArgumentHelp("A variable; NAME alone takes ours.", valueName: "name=value"))
    var env: [String] = []

    @Option(name: .shortAndLong, help: "As whom: \(JobUser.accepted).")
    var user: String?

    @Option(name: .shortAndLong, help: "Where it starts.")
    var workdir: String?

    @Argument(help: "A running job or task.")
    var task: String

    @Argument(parsing: .postTerminator, help: ArgumentHelp("The program and its arguments.", valueName: "command"))
    var command: [String] = []

    @OptionGroup var connection: ConnectionOptions

    func run() throws {
        guard let task = try SelectorText.one(task).task else { return }
        if terminal, !Descriptor.standardInput.isTerminal {
            throw CommandFailure(ExitRules.berth, "-t: standard input is no terminal; accepted without one is -i")
        }
        var request = SessionRequest(.exec, task: task)
        request.exec = try program()
        let client = connection.client
        let reply = try client.createSession(request)
        let loop = try SessionLoop(
            client, .init(kind: .exec, task: task, forwardsInput: interactive || terminal, terminal: reply.terminal))
        throw CommandFailure(try loop.run(reply.session))
    }

    private func program() throws -> ExecRequest {
        guard !command.isEmpty else { throw CommandFailure.usage("no command: berth exec \(task) ps aux") }
        var program = ExecRequest(command: command, interactive: interactive || terminal)
        if !env.isEmpty { program.environment = try Self.environment(env) }
        program.user = try user.map { text in
            guard let user = JobUser(text: text) else { throw CommandFailure.usage("--user: found '\(text)', accepted is \(JobUser.accepted)") }
            return user
        }
        program.workingDirectory = workdir
        if terminal {
            let size = Descriptor.standardInput.terminalExtent ?? TerminalExtent(rows: 24, columns: 80)
            program.terminal = TerminalSize(rows: size.rows, columns: size.columns)
        }
        do throws(SpecError) { try program.validate() } catch {
            throw DocumentError(field: Self.flag(of: error.field), found: error.found, accepted: error.accepted)
        }
        return program
    }

    /// How a field of the request is typed.
    private static func flag(of field: String) -> String {
        switch field.split(separator: ".").first {
        case "environment": "--env"
        case "workingDirectory": "--workdir"
        case "user": "--user"
        case "terminal": "--terminal"
        default: field
        }
    }

    static func environment(_ words: [String]) throws -> [String: String] {
        var result: [String: String] = [:]
        for word in words {
            let sides = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard !sides[0].isEmpty else { throw CommandFailure.usage("--env: found '\(word)', accepted is NAME=value") }
            result[sides[0]] = sides.count == 2 ? sides[1] : ProcessContext.variable(sides[0])
        }
        return result
    }
}
