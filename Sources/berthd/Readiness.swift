import LinuxSys

/// Tells systemd that the socket is there (sd_notify(3)); without systemd nothing happens.
enum Readiness {
    static func tell() {
        guard let path = ProcessContext.variable("NOTIFY_SOCKET") else { return }
        try? ProcessContext.notifyService(path, "READY=1\n")
    }
}
