import API
import ArgumentParser
import Client
import LinuxSys

struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "What Berth needs of kernel, programs and daemon, and the command that mends what is missing.",
        discussion: """
            Works without a running daemon too; with one, the daemon's own checks follow. Without one root also learns what is wrong with the state
            directory: full, read-only, damaged, slow, or held by another daemon. Ends with 1 if something is missing or broken.

            Examples:
              berth doctor
              berth doctor --json
              sudo berth doctor --config /srv/berth/berthd.yaml
            """)

    @Option(help: "The configuration of a daemon that does not answer, if it is not the machine's.")
    var config: String?

    @OptionGroup var common: CommonOptions

    func run() throws {
        let local = LocalChecks()
        var checks = local.all()
        do throws(ClientError) {
            let reply = try common.client.doctor()
            checks.append(DoctorCheck("daemon", .ok, "answers on \(common.connection.socketPath)"))
            // What both looked at is taken from the daemon, which sees more.
            let names = Set(reply.checks.map(\.name))
            checks = checks.filter { !names.contains($0.name) } + reply.checks
        } catch {
            let offline = OfflineChecks(program: local.place(of: "berthd"), configuration: config).checks()
            // It runs, but does not answer: to start another would be no help.
            if !offline.contains(where: { $0.name == "daemon" }) {
                checks.append(DoctorCheck("daemon", .missing, "\(error)", remedy: remedy(error)))
            }
            checks += offline
        }
        if common.json { try JSONOutput.write(DoctorReply(checks)) } else { Console.out(DoctorText.render(checks, style: .forOutput)) }
        throw CommandFailure(DoctorText.status(checks))
    }

    /// What starts the daemon that belongs to the machine; whoever named another socket knows that one's configuration.
    private func remedy(_ error: ClientError) -> String? {
        guard case .notRunning(let path) = error, path == BerthClient.defaultSocket else { return nil }
        let hasSystemd = (try? Descriptor.open("/run/systemd/system", [.path, .directory])) != nil
        return hasSystemd ? "systemctl start berthd" : "setsid berthd --config /etc/berth/berthd.yaml &"
    }
}
