import API
import ArgumentParser
import Client
import JobModel
import LinuxSys

struct LogsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs", abstract: "The output of a job, as its bytes came.",
        discussion: """
            Examples:
              berth logs 12
              berth logs -f 12.3
              berth logs --stderr --timestamps 12
              berth logs --tail 20 12#1
            """)

    @Argument(help: "A job, task or attempt.")
    var task: String

    @Flag(name: .shortAndLong, help: "Go on until the job ends, across restarts of the daemon.")
    var follow = false

    @Flag(help: "Only standard error.")
    var stderr = false

    @Flag(help: "Only standard output.")
    var stdout = false

    @Flag(name: .shortAndLong, help: "The time before each line.")
    var timestamps = false

    @Option(name: [.customShort("n"), .long], help: "Only the last so many lines.")
    var tail: Int?

    @OptionGroup var common: CommonOptions

    func run() throws {
        let selector = try SelectorText.one(task)
        guard let job = selector.job else { return }
        if stderr, stdout { throw CommandFailure.usage("--stdout and --stderr: found both, accepted is one of them; without them both are shown") }
        var request = LogRequest(index: selector.task?.index, attempt: selector.attempt, follow: follow)
        request.stream = stderr ? .stderr : (stdout ? .stdout : nil)
        request.tail = tail
        let client = common.client
        guard follow || timestamps || common.json else {
            let stream = try client.rawLog(job, request)
            while let bytes = try stream.next() { try Descriptor.standardOutput.write(bytes) }
            return
        }
        let form: LogPrinter.Form = common.json ? .json : (timestamps ? .timestamps : .raw)
        var follower = LogFollower(client: client, job: job, request: request, printer: LogPrinter(form: form))
        try follower.run()
    }
}
