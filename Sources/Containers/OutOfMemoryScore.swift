import LinuxSys

/// How likely the kernel is to choose a job's processes when memory runs out.
///
/// A process may lower its own score down to the least that a process with CAP_SYS_RESOURCE has written there (`__set_oom_adj` of fs/proc/base.c).
/// PID 1 has that of the daemon, 0, and the job has PID 1's; so it is written from outside, while the job's process waits for its go. A daemon without
/// the capability cannot do that.
enum OutOfMemoryScore {
    static let canFix: Bool = {
        guard let right = Capability(name: "CAP_SYS_RESOURCE"), let own = try? ProcessCapabilities.current() else { return false }
        return own.effective.contains(right)
    }()

    /// Of the one child that a PID 1 has before its job has its go.
    static func fix(_ monitor: Int32) throws(LaunchError) {
        guard canFix else { return }
        do throws(SystemError) {
            for pid in try readTextFile("/proc/\(monitor)/task/\(monitor)/children").split(separator: " ") {
                try writeControlFile("/proc/\(pid)/oom_score_adj", "\(ContainerDefaults.outOfMemoryScore)")
            }
        } catch { throw LaunchError(error) }
    }
}
