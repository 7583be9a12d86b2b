import API
import ArgumentParser
import Client
import JobModel

struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "What a running job's processes do at this moment, or the memory of one of them.",
        discussion: """
            Shows processes, threads and where they wait, kernel stacks, open files, sockets and mappings. The job is frozen for the moment and does \
            not notice it; nothing is attached to it.

            Examples:
              berth inspect 12
              berth inspect --maps 12#2
              berth inspect --json 12.3
              berth inspect --core core.12 12
              berth inspect --core - --process 7 12 | zstd > core.zst
            """)

    @Argument(help: "A running job, task or attempt.")
    var task: String

    @Option(help: ArgumentHelp("Write the memory of one process as a core file; - for standard output.", valueName: "file"), completion: .file())
    var core: String?

    @Option(help: "Of --core: which, by its number inside the job; without it the job's first.")
    var process: Int32?

    @Flag(help: "Do not freeze the job: what is shown is not of one moment then.")
    var noFreeze = false

    @Flag(help: "Show every mapping by itself, not what they add up to.")
    var maps = false

    @OptionGroup var common: CommonOptions

    func run() throws {
        let selector = try SelectorText.one(task)
        guard let job = selector.job else { return }
        var request = InspectRequest(index: selector.task?.index, attempt: selector.attempt)
        request.running = noFreeze
        request.process = process
        guard let core else {
            if process != nil { throw CommandFailure.usage("--process: accepted with --core") }
            let reply = try common.client.inspect(job, request)
            return common.json ? try JSONOutput.write(reply) : Console.out(InspectText(reply: reply, style: .forOutput, maps: maps).render())
        }
        if common.json { throw CommandFailure.usage("--json and --core: found both, accepted is one of them") }
        if maps { throw CommandFailure.usage("--maps and --core: found both, accepted is one of them") }
        if process.map({ $0 < 1 }) == true { throw CommandFailure.usage("--process: found \(process ?? 0), accepted is a number from 1") }
        if core == "-", Console.isTerminal { throw CommandFailure.usage("--core -: standard output is a terminal, accepted is a file or a pipe") }
        // Refused before the file is touched.
        let stream = try common.client.core(job, request)
        var file = try CoreFile(path: core)
        do {
            while let bytes = try stream.next() { try file.write(bytes) }
        } catch ClientError.closed {
            // What came is kept, and told of below.
        }
        try file.finish()
    }
}
