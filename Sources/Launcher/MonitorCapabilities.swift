internal import CLinux

/// What PID 1 keeps.
///
/// It signals the job with CAP_KILL. CAP_SYS_NICE it never uses: no job gets it, and so no process of the job that takes PID 1's ids for its own may
/// change PID 1's priority, scheduling or cpus, for which the kernel asks that it has all that PID 1 has (cap_safe_nice of security/commoncap.c).
enum MonitorCapabilities {
    static let signal = UInt64(1) << UInt64(CAP_KILL)
    static let permitted = signal | UInt64(1) << UInt64(CAP_SYS_NICE)

    /// As far as it has them: an exec by another user than root leaves what the file's capabilities say (capabilities(7)).
    static func take() -> Int {
        var sets = linux_capabilities()
        _ = linux_capget(&sets)
        return linux_capset(
            linux_capabilities(effective: sets.permitted & signal, permitted: sets.permitted & permitted, inheritable: 0))
    }

    static var maySignal: Bool {
        var sets = linux_capabilities()
        return linux_capget(&sets) >= 0 && sets.effective & signal != 0
    }
}
