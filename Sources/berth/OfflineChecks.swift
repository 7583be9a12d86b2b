import API
import Client
import FoundationEssentials
import LinuxSys

/// The state directory of a daemon that does not answer, looked at by `berthd --check-state`.
struct OfflineChecks {
    /// Where `berthd` is.
    let program: String?
    let configuration: String?

    /// Reading a large database takes its time.
    private static let patience: Int32 = 300_000

    func checks() -> [DoctorCheck] {
        guard let program else { return [] }
        guard ProcessContext.effectiveUser == 0 else {
            return [DoctorCheck("state directory", .warning, "only root may look into it", remedy: "sudo berth doctor")]
        }
        do {
            return try ask(program).checks
        } catch {
            return [DoctorCheck("state directory", .broken, "it cannot be looked at: \(error)")]
        }
    }

    private func ask(_ program: String) throws -> DoctorReply {
        let (output, errors) = (try Descriptor.memoryFile("checks"), try Descriptor.memoryFile("errors"))
        let words = [program, "--check-state"] + (configuration.map { ["--config", $0] } ?? [])
        let handle = try Spawn(
            path: program, arguments: words, environment: ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"], descriptors: [1: output, 2: errors]
        ).run()
        if try !handle.waitUntilEnded(milliseconds: Self.patience) { try handle.signal(9) }
        guard try handle.wait() == .exited(0) else {
            let text = (try? errors.readFully(2000, at: 0)) ?? []
            throw CommandFailure(1, String(decoding: text, as: UTF8.self).split(separator: "\n").first.map(String.init) ?? "berthd said nothing")
        }
        return try JSONDecoder().decode(DoctorReply.self, from: Data(try output.readFully(1 << 20, at: 0)))
    }
}
