import ArgumentParser
import DaemonConfiguration
import LinuxSys

/// The service on every machine: API, queue, scheduler, node agent.
@main
struct BerthDaemon: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "berthd", abstract: "Runs Berth's queue, scheduler and jobs on this machine.",
        discussion: """
            Needs root. Jobs go on when it stops; a daemon started again takes them over.

            Examples:
              berthd                                    as the machine's daemon, by /etc/berth/berthd.yaml
              berthd --state /tmp/b/state --run /tmp/b/run     a daemon of its own, with nothing of it outside
            """,
        version: Version.text)

    @Option(help: "The configuration; without it /etc/berth/berthd.yaml if that exists.")
    var config: String?
    @Option(help: "The state directory, instead of the configuration's.")
    var state: String?
    @Option(help: "The directory of run directories and socket, on tmpfs, instead of the configuration's.")
    var run: String?
    @Option(help: "The socket's path, instead of `berthd.sock` in the run directory.")
    var socket: String?
    @Option(help: "debug, info, notice, warning or error.")
    var logLevel: String?
    @Flag(help: "Read the configuration, say whether it is right, and end.")
    var checkConfig = false
    @Flag(help: "Look at the state directory of a daemon that does not run, print in JSON what is wrong, and end; `berth doctor` asks for it.")
    var checkState = false

    func run() async throws {
        let settings: Settings
        do { settings = try loadSettings() } catch {
            Complaint.write("\(error)")
            throw ExitCode(2)
        }
        if checkConfig {
            print("configuration is right")
            return
        }
        if checkState { return try CheckState(settings: settings).run() }
        ProcessContext.raiseOpenFiles()
        do {
            try await Daemon(settings: settings).run()
        } catch {
            Complaint.write("\(error)")
            throw ExitCode(1)
        }
    }

    private static let defaultPath = "/etc/berth/berthd.yaml"

    private func loadSettings() throws -> Settings {
        var settings = Settings()
        if let path = config ?? ((try? Descriptor.open(Self.defaultPath, [.path])) != nil ? Self.defaultPath : nil) {
            settings = try Settings.read(text: try readTextFile(path, limit: 1 << 20), file: path)
            let file = try absolute(path)
            settings.configurationDirectory = String(file[..<(file.lastIndex(of: "/") ?? file.startIndex)])
        }
        if let state {
            let path = try absolute(state)
            settings.stateDirectory = path
            settings.imageDirectory = path + "/images"
        }
        if let run {
            let path = try absolute(run)
            settings.runDirectory = path
            settings.socket = path + "/berthd.sock"
        }
        if let socket { settings.socket = try absolute(socket) }
        if let logLevel {
            guard let level = LogLevel(rawValue: logLevel) else {
                throw ValidationError("--log-level: found '\(logLevel)', accepted \(LogLevel.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            settings.logLevel = level
        }
        return settings
    }

    private func absolute(_ path: String) throws -> String {
        if path.hasPrefix("/") { return path }
        return try readLink("/proc/self/cwd") + "/" + path
    }
}

/// Lines for people on standard error.
enum Complaint {
    static func write(_ line: String) { try? Descriptor(borrowing: 2).write("berthd: \(line)\n") }
}

enum Version {
    static let text = "0.1.0"
}
