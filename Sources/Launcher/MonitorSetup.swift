internal import CLinux
internal import JobLog
internal import LaunchProgram

/// The way of a PID 1 that is cloned for its job.
struct MonitorSetup {
    let launcher: LauncherDescriptors
    let start: MonitorStart
    /// Gives one byte once maps and stamp are written.
    let go: Int32

    /// Never returns: PID 1 ends with the job.
    func run() -> Never {
        launcher.closeAll()
        var start = start
        let program = start.program
        do throws(StagedFault) {
            start.signals = try stage(.monitor) { () throws(Fault) in
                let signals = try prepareMonitor()
                var byte: UInt8 = 0
                // End of file: the launcher died before maps and stamp were written, so this start never happened.
                guard linux_read(go, &byte, 1) == 1 else { end(status: 1) }
                _ = linux_close(go)
                try enterGroups(program.taskFiles, start.table, namespaces: program.namespaces)
                try becomeContainerRoot(program.namespaces)
                return signals
            }
            start.times.joined = linux_boot_nanoseconds()
        } catch {
            start.fail(error)
        }
        start.run(ContainerOperations(table: start.table))
    }
}

/// Everybody inside can read /proc/1/cmdline. The job inherits the session keyring, which is made while PID 1 is the host's root: others have
/// a quota of 200 keys for all their processes (keyrings(7)). Returns the descriptor of all signals.
func prepareMonitor() throws(Fault) -> Int32 {
    linux_hide_arguments()
    try check(linux_join_session_keyring(), "join session keyring")
    let signals = try check(linux_signal_descriptor(), "signalfd")
    linux_ignore_signal(SIGXFSZ)
    linux_ignore_signal(SIGPIPE)
    return signals
}

/// v1 groups by `0`, which skips the kernel's global lock, then the cgroup namespace, or the job would see the host's paths.
func enterGroups(_ taskFiles: [DescriptorIndex], _ table: DescriptorTable, namespaces: NamespaceSet) throws(Fault) {
    for index in taskFiles {
        let file = try table.get(index)
        try check(writeOnce([UInt8(ascii: "0")], to: file), "enter group")
    }
    if namespaces.contains(.cgroup) { try check(linux_unshare(Int32(CLONE_NEWCGROUP)), "unshare cgroup namespace") }
}

/// The mapped root, with all capabilities over the new namespaces. Before that the kernel id is unmapped and a new tmpfs refuses every
/// file (EOVERFLOW). A session of its own, because CRIU wants PID 1 to lead one.
func becomeContainerRoot(_ namespaces: NamespaceSet) throws(Fault) {
    if namespaces.contains(.user) {
        try check(linux_setgroups(0, nil), "setgroups")
        try check(linux_setresgid(0, 0, 0), "setresgid")
        try check(linux_setresuid(0, 0, 0), "setresuid")
    }
    try check(linux_setsid(), "setsid")
}

/// The way of a PID 1, the mapped root by now, to a running job. The order matters: see each step.
struct MonitorStart {
    let answer: AnswerSocket
    let program: LaunchProgram
    let table: DescriptorTable
    let run: RunDirectory
    var signals: Int32
    var times = MonitorTimes()

    /// Never returns: PID 1 ends with the job.
    func run(_ container: ContainerOperations) -> Never {
        var times = times
        do throws(StagedFault) {
            var streams = try stage(.job) { () throws(Fault) in try MonitorStreams(program: program, run: run, table: table) }
            try stage(.monitor) { () throws(Fault) in try limitCapabilities() }
            let job = try stage(.job) { () throws(Fault) in try cloneJob(streams) }
            times.forked = linux_boot_nanoseconds()
            var container = container
            container.table = table
            try container.execute(all: program.containerOperations)
            container.close()
            times.mounted = linux_boot_nanoseconds()
            try stage(.job) { () throws(Fault) in try streams.openTerminal(owner: program.streamOwner) }
            try stage(.monitor) { () throws(Fault) in try giveUpRights() }
            times.ready = linux_boot_nanoseconds()
            waitForGo(times)
            try stage(.monitor) { () throws(Fault) in try run.markBegun() }
            let started = try letGo(job, &streams)
            var monitor = Monitor(
                job: job.pid, signals: signals, run: run, streams: streams, started: started, limits: program.logLimits, answer: answer)
            monitor.closeEverythingElse()
            answer.send(.running(bootNanoseconds: started, pid: job.pid), with: streams.terminal)
            monitor.run()
        } catch {
            fail(error)
        }
    }

    private func waitForGo(_ times: MonitorTimes) {
        guard program.waitsForGo else { return }
        answer.send(.prepared(times))
        guard receivePacket(answer.descriptor) != nil else { end(status: 1) }
    }

    func fail(_ error: StagedFault) -> Never {
        answer.fail(error.stage, error.fault, index: error.index)
        leaveRecord(
            LaunchFailure(
                stage: error.stage, index: UInt16(truncatingIfNeeded: error.index), errno: error.fault.errno, detail: error.fault.detail))
        end(status: 1)
    }

    /// For a daemon that was not there to hear the answer.
    private func leaveRecord(_ failure: LaunchFailure) {
        let outcome = ExitRecord.Outcome.startFailed(stage: failure.stage.rawValue, index: failure.index, errno: failure.errno)
        var record = ExitRecord(outcome: outcome)
        record.failure = failure.detail.bytes
        _ = writeOnce(record.encoded(), to: run.record)
    }

    /// The job inherits the bounding set, and a later exec into it reads here what the job may have at most; what PID 1 keeps over an exec of its
    /// own stays in it.
    private func limitCapabilities() throws(Fault) {
        for operation in program.jobOperations {
            if case .boundingSet(let set) = operation { try JobOperation.boundingSet(set | MonitorCapabilities.permitted).execute() }
        }
    }

    private func cloneJob(_ streams: MonitorStreams) throws(Fault) -> JobProcess {
        var description = JobDescription(
            operations: program.jobOperations, command: program.command, ends: streams.jobEnds, terminal: streams.terminalSize != nil)
        if let index = program.jobGroup { description.group = try table.get(index) }
        for index in program.jobTaskFiles { description.taskFiles.append(try table.get(index)) }
        description.inheritsBoundingSet = true
        return try JobProcess(cloning: description)
    }

    /// Three different ids that no process inside has, and hardly a capability.
    private func giveUpRights() throws(Fault) {
        let ids = program.monitorIDs
        try check(linux_prctl(PR_SET_SECUREBITS, linux_no_setuid_fixup, 0, 0, 0), "set secure bits")
        try check(linux_setresgid(ids.real, ids.effective, ids.saved), "setresgid")
        try check(linux_setresuid(ids.real, ids.effective, ids.saved), "setresuid")
        // The change of ids made it what fs.suid_dumpable says.
        try check(linux_prctl(PR_SET_DUMPABLE, 0, 0, 0, 0), "set dumpable")
        try check(MonitorCapabilities.take(), "capset")
    }

    /// Lets the job's process go on and waits for its exec; the time of it.
    private func letGo(_ job: JobProcess, _ streams: inout MonitorStreams) throws(StagedFault) -> UInt64 {
        job.go(terminal: streams.terminalPeer)
        streams.closeJobEnds()
        if let failure = job.waitForExec() {
            answer.send(.failed(failure))
            leaveRecord(failure)
            end(status: 1)
        }
        return linux_boot_nanoseconds()
    }
}

/// Where in a launch something failed.
struct StagedFault: Error {
    var stage: LaunchFailure.Stage
    var index = 0
    var fault: Fault
}

func stage<Value>(_ stage: LaunchFailure.Stage, _ body: () throws(Fault) -> Value) throws(StagedFault) -> Value {
    do throws(Fault) {
        return try body()
    } catch {
        throw StagedFault(stage: stage, fault: error)
    }
}

func end(status: Int32) -> Never {
    while true { linux_exit(status) }
}
