internal import CLinux
internal import JobLog
internal import LaunchProgram

extension Monitor {
    /// Signals from outside the pid namespace are passed on to the job's main process. Those from inside are ignored: their sender has a pid
    /// here. Only `kill` (SI_USER) is believed, because rt_sigqueueinfo(2) lets a process inside write any pid, 0 included; and no real-time signal,
    /// which loses its sender when the queue is full (RLIMIT_SIGPENDING), and is then told as if it came from outside. So do others that sigqueue(3) or
    /// tgkill(2) sent; those are told with id 0, while who is outside is nobody here: the id that is 0 inside is no user's outside. What must never
    /// come from inside comes by the control FIFO.
    ///
    /// So many at a time: a job that sends them faster than they are read must not hold up all else.
    mutating func handleSignals() {
        var information = signalfd_siginfo()
        let size = MemoryLayout<signalfd_siginfo>.size
        for _ in 0..<Self.signalsAtOnce {
            guard linux_read(signals, &information, size) == size else { return }
            let signal = Int32(truncatingIfNeeded: information.ssi_signo)
            if signal == SIGCHLD {
                reap()
            } else if signal < Self.firstRealTimeSignal, information.ssi_code == 0, information.ssi_pid == 0, information.ssi_uid != 0 {
                passOn(signal)
            }
        }
    }

    private static var signalsAtOnce: Int { 256 }

    /// The kernel's, of which the C library keeps two for itself (signal(7)).
    private static let firstRealTimeSignal: Int32 = 32

    private mutating func passOn(_ signal: Int32) {
        // Who restores it continues it with the signal alone; the job stands still until PID 1 is out of its reach.
        if signal == SIGCONT, isDumpable { return }
        if ended == nil { _ = linux_kill(job, signal) }
    }

    /// After a dump or a restore, whose descriptors are those the restorer opened: nothing is taken on trust but their files.
    private mutating func goOn() {
        _ = linux_prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
        guard isDumpable else { return }
        isDumpable = false
        usageBeforeDump.goesOn(.ofChildren)
        _ = linux_set_nonblocking(control, 1)
        for source in sources where source.descriptor >= 0 {
            _ = linux_set_nonblocking(source.descriptor, 1)
            if source.file >= 0 { _ = linux_set_nonblocking(source.file, 1) }
        }
    }

    /// Messages of the run directory's FIFO; whatever is no message is dropped.
    mutating func handleControl() {
        var bytes = [UInt8](repeating: 0, count: ControlMessage.size)
        while bytes.withUnsafeMutableBytes({ linux_read(control, $0.baseAddress, $0.count) }) == ControlMessage.size {
            guard let message = try? ControlMessage(decoding: bytes) else { continue }
            execute(message)
        }
    }

    private mutating func execute(_ message: ControlMessage) {
        switch message {
        case .signalMain(let signal): if ended == nil { _ = linux_kill(job, Int32(signal)) }
        case .signalAll(let signal): _ = linux_kill(-1, Int32(signal))
        case .resize(let size): if terminal >= 0 { _ = linux_set_terminal_size(terminal, size.rows, size.columns) }
        case .prepareDump: prepareDump()
        case .goOn: goOn()
        case .usedBefore(let counter, let value): if isDumpable { usageBeforeDump.told(counter: counter, value) }
        case .closeInput:
            if inputWriter >= 0 { _ = linux_close(inputWriter) }
            inputWriter = -1
        }
    }
}
