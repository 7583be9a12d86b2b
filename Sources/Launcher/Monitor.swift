internal import CLinux
internal import JobLog
internal import LaunchProgram

/// PID 1 once the job runs: it drains, reaps, passes signals on and writes the exit record. It never waits for anything but poll, so neither a
/// full log nor a stuck reader holds it up.
struct Monitor {
    let job: Int32
    var signals: Int32
    let control: Int32
    let record: Int32
    var log: LogWriter?
    var sources: [MonitorSource]
    var pending: [[UInt8]]
    var inputWriter: Int32
    let terminal: Int32
    /// Told of the end once the record is written; negative after PID 1 executed itself anew.
    let answer: Int32
    let started: UInt64
    /// Bytes that went to the submitter's files, and that those did not take.
    var fileBytes: UInt64 = 0
    var fileBytesDropped: UInt64 = 0
    var ended: (status: Int32, time: UInt64)?
    /// No process of the job is left.
    var reaped = false
    /// It has executed itself anew, so a dump finds its binary.
    var reexecuted = false
    /// From `prepareDump` until `goOn`; the job is frozen meanwhile.
    var isDumpable = false
    /// False after an exec of a file without CAP_KILL.
    var canSignal = true
    /// Which a restored PID 1's kernel does not know.
    var usageBeforeDump = UsageBeforeDump()
    /// Not an array: that would be filled with zeros, and its 16 pages count for every job, however quiet.
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 16)

    init(job: Int32, signals: Int32, run: RunDirectory, streams: MonitorStreams, started: UInt64, limits: LogLimits, answer: AnswerSocket) {
        self.job = job
        self.signals = signals
        control = run.control
        record = run.record
        if run.log >= 0 { log = LogWriter(file: run.log, headLimit: limits.head, tailLimit: limits.tail) }
        sources = streams.sources
        pending = sources.map { _ in [] }
        inputWriter = streams.inputWriter
        terminal = streams.terminal
        self.answer = answer.descriptor
        self.started = started
    }

    /// Every descriptor that PID 1 takes along when it executes itself anew.
    var descriptors: [Int32] {
        var all = [signals, control, record, inputWriter, terminal]
        if let log { all.append(log.descriptor) }
        for source in sources { all += [source.descriptor, source.file] }
        return all.filter { $0 >= 0 }
    }

    /// Of the host PID 1 holds its log, record and FIFOs alone. 0 to 2 become the container's /dev/null, which a dump can name.
    func closeEverythingElse() {
        let null = ByteString("/dev/null").withCString { linux_openat_inherited(AT_FDCWD, $0, O_RDWR, 0) }
        if null >= 0 { for place in Int32(0)..<3 { _ = linux_duplicate_to(Int32(null), place, 0) } }
        var next: Int32 = 3
        for kept in (descriptors + [answer]).sorted() where kept >= next {
            if kept > next { _ = linux_close_range(UInt32(next), UInt32(kept - 1), 0) }
            next = kept + 1
        }
        _ = linux_close_range(UInt32(next), .max, 0)
    }

    mutating func run() -> Never {
        var monitor = self
        while !monitor.reaped {
            monitor.waitForWork()
            monitor.handleSignals()
            monitor.handleControl()
            for place in monitor.sources.indices { monitor.drain(place) }
            if monitor.ended != nil { monitor.endRest() }
        }
        monitor.finish()
    }

    private func waitForWork() {
        var polls = [pollfd(fd: signals, events: Int16(POLLIN), revents: 0), pollfd(fd: control, events: Int16(POLLIN), revents: 0)]
        for (place, source) in sources.enumerated() where source.descriptor >= 0 {
            let waiting = !pending[place].isEmpty
            polls.append(
                pollfd(fd: waiting ? source.file : source.descriptor, events: Int16(waiting ? POLLOUT : POLLIN), revents: 0))
        }
        _ = linux_poll(&polls, UInt(polls.count), -1)
    }

    /// Takes all zombies; the main process's status is the job's.
    mutating func reap() {
        while true {
            var status: Int32 = 0
            let pid = linux_wait(-1, &status, WNOHANG)
            if pid == -Int(ECHILD) { reaped = ended != nil }
            guard pid > 0 else { return }
            if pid == Int(job) { ended = (status, linux_boot_nanoseconds()) }
        }
    }

    /// The main process's end is the job's. A PID 1 that may not signal leaves the rest to the kernel, which ends it with PID 1; the answer of
    /// kill(2) does not tell, because with -1 it counts processes that it may not signal as done and returns 0.
    private mutating func endRest() {
        _ = linux_kill(-1, SIGKILL)
        reap()
        if !canSignal { reaped = true }
    }

    private mutating func finish() -> Never {
        drainRest()
        var record = ExitRecord(outcome: .ended(waitStatus: ended?.status ?? 0))
        record.startBootNanoseconds = started
        record.endBootNanoseconds = ended?.time ?? 0
        record.usage = usageBeforeDump.sum + .ofChildren
        record.isUsagePartial = usageBeforeDump.isPartial
        record.logBytesKept = (log?.bytesKept ?? 0) &+ fileBytes
        record.logBytesDropped = (log?.bytesDropped ?? 0) &+ fileBytesDropped
        _ = writeOnce(record.encoded(), to: self.record)
        // Sooner than the end of this process and of its namespaces can be seen.
        AnswerSocket(descriptor: answer).send(.exited(waitStatus: ended?.status ?? 0))
        end(status: 0)
    }
}
