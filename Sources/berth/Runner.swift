import API
import ArgumentParser
import Client
import JobModel
import LinuxSys

/// Runs one command line and ends the process with the status of contract §6.
enum Runner {
    static func run(arguments: [String]) -> Never {
        let rules = ExitRules(arguments: arguments)
        do {
            try runCommand(ArgumentRewriter.rewrite(arguments))
            Console.exit(0)
        } catch {
            let end = rules.end(for: error)
            if let text = end.output { Console.out(text + "\n") }
            if let text = end.message { Console.error(text + "\n") }
            Console.exit(end.status)
        }
    }

    /// The two that have to be quick go past the argument parser when their words are plainly right.
    private static func runCommand(_ arguments: [String]) throws {
        switch arguments.first {
        case "submit": if let form = SubmitForm(quick: arguments.dropFirst()) { return try form.run() }
        case "run": if let form = RunForm(quick: arguments.dropFirst()) { return try form.run() }
        default: break
        }
        try CommandNames.check(arguments)
        var command = try Berth.parseAsRoot(try UpdateWords.rewrite(arguments))
        try command.run()
    }
}

/// A command's own way to end: a status, and a line for people unless all was said.
struct CommandFailure: Error, Hashable, CustomStringConvertible {
    var status: Int32
    var message: String?
    var description: String { message ?? "status \(status)" }

    init(_ status: Int32, _ message: String? = nil) {
        self.status = status
        self.message = message
    }

    /// The words of the command line are wrong.
    static func usage(_ message: String) -> CommandFailure { CommandFailure(ExitRules.usage, message) }
    static func refused(_ message: String) -> CommandFailure { CommandFailure(ExitRules.refused, message) }
}

/// Which status an error ends with: contract §6. Those that return a job's status keep 1 and 2 for it and use 125 for themselves.
struct ExitRules: Hashable {
    static let refused: Int32 = 1
    static let usage: Int32 = 2
    static let timeLimit: Int32 = 124
    static let berth: Int32 = 125

    /// `run`, `attach` and `exec`.
    var returnsJobStatus: Bool
    var isWait: Bool

    init(arguments: [String]) {
        let command = arguments.first { !$0.hasPrefix("-") }
        returnsJobStatus = ["run", "attach", "exec"].contains(command)
        isWait = command == "wait"
    }

    struct End: Hashable {
        var status: Int32
        var message: String?
        /// For standard output: help and completions.
        var output: String?
    }

    func end(for error: any Error) -> End {
        switch error {
        case let failure as CommandFailure:
            let status = returnsJobStatus && failure.status == Self.usage ? Self.berth : failure.status
            return End(status: status, message: failure.message.map(line))
        case let failure as ClientError: return End(status: status(of: failure), message: line("\(Self.worded(failure))"))
        case let failure as DocumentError: return End(status: returnsJobStatus ? Self.berth : Self.usage, message: line("\(failure)"))
        case let failure as SystemError: return End(status: returnsJobStatus || isWait ? Self.berth : Self.refused, message: line("\(failure)"))
        default: return parsed(error)
        }
    }

    private func status(of failure: ClientError) -> Int32 {
        if returnsJobStatus { return Self.berth }
        guard isWait else { return Self.refused }
        // An unknown id is the one refusal of `wait` with a status of its own.
        if case .refused(let refusal) = failure, refusal.code == .unknown { return Self.refused }
        return Self.berth
    }

    /// The flag in place of a request's field; fields that nobody typed are not named.
    private static func worded(_ failure: ClientError) -> ClientError {
        guard case .refused(var refusal) = failure else { return failure }
        switch refusal.field {
        case "user": refusal.field = "--user"
        case "tail": refusal.field = "--tail"
        case "index", "selection": refusal.field = nil
        default: break
        }
        return .refused(refusal)
    }

    /// Errors of the argument parser: help, version, or words that it does not know.
    private func parsed(_ error: any Error) -> End {
        let text = Berth.fullMessage(for: error)
        if Berth.exitCode(for: error) == .success { return End(status: 0, output: text) }
        var first = Berth.message(for: error)
        if first.isEmpty { first = text }
        let help = text.split(separator: "\n").last { $0.contains("--help") }.map { "\n\($0.trimmedEnds)" } ?? ""
        return End(status: returnsJobStatus ? Self.berth : Self.usage, message: line(first) + help)
    }

    private func line(_ text: String) -> String { "berth: " + Escaping.oneLine(text) }
}

extension Substring {
    var trimmedEnds: Substring {
        var rest = drop { $0.isWhitespace }
        while rest.last?.isWhitespace == true { rest.removeLast() }
        return rest
    }
}
