import API
import ArgumentParser
import Client
import JobModel
import LinuxSys

struct BatchPause: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause", abstract: "Freeze its running jobs; none starts.",
        discussion: """
            Examples:
              berth batch pause sweep
              berth batch pause --keep-cores sweep
            """)

    @Flag(help: "Keep the cores for the paused jobs.")
    var keepCores = false

    @OptionGroup var target: BatchTarget

    func run() throws {
        var request = target.request
        request.keepCores = keepCores ? true : nil
        try target.runner("paused").run(.batchPause, request)
    }
}

struct BatchResume: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Lift its pause.",
        discussion: """
            Examples:
              berth batch resume sweep
            """)
    @OptionGroup var target: BatchTarget
    func run() throws { try target.runner("resumed").run(.batchResume, target.request) }
}

struct BatchHold: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hold", abstract: "None of its jobs starts; those that run go on.",
        discussion: """
            Examples:
              berth batch hold --reason 'wait for the new data' sweep
            """)
    @OptionGroup var target: BatchTarget
    func run() throws { try target.runner("held").run(.batchHold, target.request) }
}

struct BatchRelease: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "release", abstract: "Lift its hold.",
        discussion: """
            Examples:
              berth batch release sweep
            """)
    @OptionGroup var target: BatchTarget
    func run() throws { try target.runner("released").run(.batchRelease, target.request) }
}

struct BatchCancel: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel", abstract: "End all its jobs.",
        discussion: """
            Examples:
              berth batch cancel sweep
              berth batch cancel --yes --grace 1m sweep
            """)

    @Flag(name: .shortAndLong, help: "Do not ask.")
    var yes = false

    @Option(help: ArgumentHelp("Instead of the jobs' own grace period.", valueName: "time"))
    var grace: String?

    @OptionGroup var target: BatchTarget

    func run() throws {
        var request = target.request
        request.grace = try grace.map { try ValueText.span($0, "--grace") }
        if !yes, Descriptor.standardInput.isTerminal, Descriptor.standardError.isTerminal {
            let batch = try target.common.client.batch(BatchRequest(name: target.name, user: target.user)).batch
            if batch.jobs > CancelCommand.unasked, !(try Question.ask("cancel the \(batch.jobs) jobs of \(Escaping.oneLine(batch.name))?")) {
                throw CommandFailure(ExitRules.refused, "nothing was cancelled")
            }
        }
        try target.runner("cancelled").run(.batchCancel, request)
    }
}
