import Controller
import JobModel
import LinuxSys

/// What systemd is told of the daemon (sd_notify(3)); without systemd nothing happens.
enum Readiness {
    /// The socket is there.
    static func tell() { send("READY=1") }

    /// The daemon is going down on its own account.
    static func tellStopping() { send("STOPPING=1") }

    /// Tells, as often as the unit's `WatchdogSec` asks for, that the daemon is alive: that its threads get to run and its controller answers.
    ///
    /// A slow disk does not count: commits are waited for elsewhere. Whoever is silent too long is ended by systemd and started again, and adopts
    /// its jobs (sd_watchdog_enabled(3)).
    static func keepAlive(_ controller: Controller) async {
        guard let span = interval(ProcessContext.variable("WATCHDOG_USEC"), of: ProcessContext.variable("WATCHDOG_PID")) else { return }
        while !Task.isCancelled {
            _ = await controller.nodeUse()
            send("WATCHDOG=1")
            try? await Task.sleep(for: span)
        }
    }

    /// Half of what the service manager waits; nil: it does not watch, or watches another process.
    static func interval(_ microseconds: String?, of pid: String?) -> Duration? {
        guard let microseconds = microseconds.flatMap(Int64.init), microseconds > 0 else { return nil }
        if let pid, Int32(pid) != ProcessContext.processID { return nil }
        return .microseconds(max(microseconds / 2, 1))
    }

    private static func send(_ line: String) {
        guard let path = ProcessContext.variable("NOTIFY_SOCKET") else { return }
        try? ProcessContext.notifyService(path, line + "\n")
    }
}
