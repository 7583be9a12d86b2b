import ArgumentParser
import Client
import LinuxSys

struct BackupCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "Copy the daemon's whole state as of one moment, while it runs.",
        discussion: """
            For operators. The file is a database on which berthd can be started again; it holds jobs, accounts and the
            users' slots, but neither logs nor images.

            Examples:
              berth backup /backup/berth-$(date +%F).db
              berth backup - | ssh elsewhere 'cat > berth.db'
            """)

    @Argument(help: "A file that is not there yet, or - for standard output.")
    var file: String

    @OptionGroup var common: CommonOptions

    func run() throws {
        guard file != "-" else { return try copy(to: .standardOutput) }
        let (parent, name) = Self.split(file)
        guard !name.isEmpty else { throw CommandFailure.usage("found '\(file)', accepted is the path of a file, or -") }
        let directory: Descriptor
        let target: Descriptor
        do throws(SystemError) {
            directory = try Descriptor.open(parent, [.readOnly, .directory])
            target = try directory.open(at: name, [.writeOnly, .create, .exclusive, .noFollow], mode: 0o600)
        } catch {
            let hint = error.alreadyExists ? "; accepted is a file that is not there yet" : ""
            throw CommandFailure(ExitRules.refused, "\(file): \(error)\(hint)")
        }
        do {
            try copy(to: target)
            // It counts as made only once it would survive a loss of power.
            try target.synchronize()
            try directory.synchronize()
        } catch {
            try? directory.unlink(name)
            throw error
        }
    }

    private func copy(to target: Descriptor) throws {
        let stream = try common.client.backup()
        while let bytes = try stream.next() { try target.write(bytes) }
    }

    private static func split(_ path: String) -> (directory: String, name: String) {
        guard let slash = path.lastIndex(of: "/") else { return (".", path) }
        let parent = String(path[..<slash])
        return (parent.isEmpty ? "/" : parent, String(path[path.index(after: slash)...]))
    }
}
