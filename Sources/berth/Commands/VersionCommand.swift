import API
import ArgumentParser
import Client
import JobModel

struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "The versions of this program and of the daemon.",
        discussion: """
            Examples:
              berth version
              berth version --json
            """)

    /// `version` is that of the API, as everywhere.
    private struct Reply: Encodable {
        var version = APIVersion.current
        var client = BerthVersion.number
        var daemon: VersionReply?
    }

    @OptionGroup var common: CommonOptions

    func run() throws {
        // A daemon that is not running is no mistake here.
        let daemon = try? common.client.version()
        if common.json { return try JSONOutput.write(Reply(daemon: daemon)) }
        Console.line(BerthVersion.text)
        if let daemon { Console.line("berthd \(Escaping.oneLine(daemon.daemon)), pid \(daemon.pid)") }
    }
}
