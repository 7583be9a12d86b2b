import JobModel
import LinuxSys
import Synchronization

/// Compiled filters by capability set: compiling takes milliseconds, loading a ready one a tenth of one.
public final class SeccompCache: Sendable {
    private let profile: SeccompProfile
    private let programs = Mutex<[CapabilitySet: SeccompProgram]>([:])

    /// Reads the profile's JSON.
    init(path: String) throws { profile = try SeccompProfile(json: readFile(path)) }

    func program(for capabilities: CapabilitySet) throws -> SeccompProgram {
        if let program = programs.withLock({ $0[capabilities] }) { return program }
        let program = try profile.compile(capabilities: capabilities)
        programs.withLock { $0[capabilities] = program }
        return program
    }
}
