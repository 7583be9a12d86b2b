internal import CLinux
internal import JobLog
internal import LaunchProgram

/// The way of a freshly cloned PID 1 to a running job. The order matters: see each step.
struct MonitorSetup {
    let launcher: LauncherDescriptors
    let answer: AnswerSocket
    let program: LaunchProgram
    let table: DescriptorTable
    let run: RunDirectory
    let go: Int32

    /// Never returns: PID 1 ends with the job.
    func run(_ prepared: MonitorStreams) -> Never {
        launcher.closeAll()
        // Everybody inside can read /proc/1/cmdline.
        linux_hide_arguments()
        do throws(StagedFault) {
            let signals = try stage(.monitor) { () throws(Fault) in try enterGroups() }
            var streams = prepared
            // Cloned before PID 1 takes the mapped ids: entering the group `job` needs the host root's id as owner of `cgroup.procs`.
            let job = try stage(.job) { () throws(Fault) in try cloneJob(streams) }
            try stage(.monitor) { () throws(Fault) in try becomeContainerRoot() }
            try executeContainerOperations()
            try stage(.job) { () throws(Fault) in try streams.openTerminal(owner: program.streamOwner) }
            try stage(.monitor) { () throws(Fault) in try giveUpRights() }
            let started = try letGo(job, &streams)
            var monitor = Monitor(job: job.pid, signals: signals, run: run, streams: streams, started: started, limits: program.logLimits)
            monitor.closeEverythingElse(but: answer.descriptor)
            answer.send(.running(bootNanoseconds: started, pid: job.pid), with: streams.terminal)
            answer.close()
            monitor.run()
        } catch {
            answer.fail(error.stage, error.fault, index: error.index)
            leaveRecord(
                LaunchFailure(
                    stage: error.stage, index: UInt16(truncatingIfNeeded: error.index), errno: error.fault.errno, detail: error.fault.detail))
            end(status: 1)
        }
    }

    /// For a daemon that was not there to hear the answer.
    private func leaveRecord(_ failure: LaunchFailure) {
        let outcome = ExitRecord.Outcome.startFailed(stage: failure.stage.rawValue, index: failure.index, errno: failure.errno)
        var record = ExitRecord(outcome: outcome)
        record.failure = failure.detail.bytes
        _ = writeOnce(record.encoded(), to: run.record)
    }

    /// v1 groups by `0`, which skips the kernel's global lock, then the cgroup namespace, or the job would see the host's paths.
    private func enterGroups() throws(Fault) -> Int32 {
        let signals = try check(linux_signal_descriptor(), "signalfd")
        linux_ignore_signal(SIGXFSZ)
        linux_ignore_signal(SIGPIPE)
        for index in program.taskFiles {
            let file = try table.get(index)
            try check(writeOnce([UInt8(ascii: "0")], to: file), "enter group")
        }
        var byte: UInt8 = 0
        // End of file: the launcher died before maps and stamp were written, so this start never happened.
        guard linux_read(go, &byte, 1) == 1 else { end(status: 1) }
        _ = linux_close(go)
        if program.namespaces.contains(.cgroup) { try check(linux_unshare(Int32(CLONE_NEWCGROUP)), "unshare cgroup namespace") }
        return signals
    }

    private func cloneJob(_ streams: MonitorStreams) throws(Fault) -> JobProcess {
        var description = JobDescription(
            operations: program.jobOperations, command: program.command, ends: streams.jobEnds, terminal: streams.terminalSize != nil)
        if let index = program.jobGroup { description.group = try table.get(index) }
        for index in program.jobTaskFiles { description.taskFiles.append(try table.get(index)) }
        return try JobProcess(cloning: description)
    }

    /// The mapped root, with all capabilities over the new namespaces. Before that the kernel id is unmapped and a new tmpfs refuses every
    /// file (EOVERFLOW). A session of its own, because CRIU wants PID 1 to lead one.
    private func becomeContainerRoot() throws(Fault) {
        if program.namespaces.contains(.user) {
            try check(linux_setgroups(0, nil), "setgroups")
            try check(linux_setresgid(0, 0, 0), "setresgid")
            try check(linux_setresuid(0, 0, 0), "setresuid")
        }
        try check(linux_setsid(), "setsid")
    }

    private func executeContainerOperations() throws(StagedFault) {
        var container = ContainerOperations(table: table)
        for (index, operation) in program.containerOperations.enumerated() {
            do throws(Fault) {
                try container.execute(operation)
            } catch {
                throw StagedFault(stage: .containerOperation, index: index, fault: error)
            }
        }
        container.close()
    }

    /// Three different ids that no process inside has, and CAP_KILL alone.
    private func giveUpRights() throws(Fault) {
        let ids = program.monitorIDs
        // PID 1 executes nothing; a later exec into the job reads here what the job may have at most.
        for operation in program.jobOperations {
            if case .boundingSet = operation { try operation.execute() }
        }
        try check(linux_prctl(PR_SET_SECUREBITS, linux_no_setuid_fixup, 0, 0, 0), "set secure bits")
        try check(linux_setresgid(ids.real, ids.effective, ids.saved), "setresgid")
        try check(linux_setresuid(ids.real, ids.effective, ids.saved), "setresuid")
        // The change of ids made it what fs.suid_dumpable says.
        try check(linux_prctl(PR_SET_DUMPABLE, 0, 0, 0, 0), "set dumpable")
        let kill = UInt64(1) << UInt64(CAP_KILL)
        try check(linux_capset(linux_capabilities(effective: kill, permitted: kill, inheritable: 0)), "capset")
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
