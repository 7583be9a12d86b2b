import ArgumentParser
import Client
import LinuxSys

/// Where the daemon is.
struct ConnectionOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The daemon's socket.", discussion: "Default: BERTH_SOCKET, else \(BerthClient.defaultSocket).", valueName: "path"))
    var socket: String?

    var socketPath: String { socket ?? Self.defaultPath }

    /// By the environment, else where the service listens.
    static var defaultPath: String {
        ProcessContext.variable("BERTH_SOCKET").flatMap { $0.isEmpty ? nil : $0 } ?? BerthClient.defaultSocket
    }

    var client: BerthClient { BerthClient(socketPath: socketPath) }
}

/// What every command has.
struct CommonOptions: ParsableArguments {
    @OptionGroup var connection: ConnectionOptions

    @Flag(help: "Print JSON; it carries its version.")
    var json = false

    var client: BerthClient { connection.client }
}
