import JobModel
import LinuxSys
import Synchronization

/// Compiled filters by capability set: compiling takes milliseconds, loading a ready one a tenth of one.
public final class SeccompCache: Sendable {
    private let profile: SeccompProfile
    /// Jobs may ask for thousands of sets.
    let programs = Mutex(RecentlyUsed<CapabilitySet, SeccompProgram>(limit: 64))

    /// Reads the profile's JSON.
    init(path: String) throws { profile = try SeccompProfile(json: readFile(path)) }

    func program(for capabilities: CapabilitySet) throws -> SeccompProgram {
        if let program = programs.withLock({ $0.value(for: capabilities) }) { return program }
        let program = try profile.compile(capabilities: capabilities)
        programs.withLock { $0.keep(program, for: capabilities) }
        return program
    }
}
