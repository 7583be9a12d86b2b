internal import CLinux
internal import JobLog
internal import LaunchProgram

/// A PID 1 cloned ahead, as the launcher holds it. It ends when the launcher's end of its socket is closed, the launcher's own end included.
struct Spare {
    let number: UInt64
    let pid: Int32
    let pidfd: Int32
    let startTicks: UInt64
    /// Takes one byte once the maps are written, then one `SpareHandover`.
    let socket: Int32

    /// Clones it and lets it prepare itself, which it does while the launcher goes on. Nil when that failed; the answer socket was told.
    init?(launcher: LauncherDescriptors, answer: AnswerSocket, program: SpareProgram, table: inout DescriptorTable) {
        var host = HostOperations(submitter: Identity(user: 0, group: 0), table: table)
        defer { table = host.table }
        for (index, operation) in program.hostOperations.enumerated() {
            do throws(Fault) {
                try host.execute(operation)
            } catch {
                answer.fail(.hostOperation, error, index: index)
                return nil
            }
        }
        do throws(Fault) {
            self = try Spare(cloning: program, launcher, answer, host.table)
        } catch {
            answer.fail(.clone, error)
            return nil
        }
    }

    private init(
        cloning program: SpareProgram, _ launcher: LauncherDescriptors, _ answer: AnswerSocket, _ table: DescriptorTable
    ) throws(Fault) {
        var ends: [Int32] = [-1, -1]
        try check(linux_socketpair(&ends, 0), "socketpair")
        var pidfd: Int32 = -1
        do throws(Fault) {
            let group: Int32? = if let index = program.group { try table.get(index) } else { nil }
            let flags = program.namespaces.cloneFlags | UInt64(CLONE_PIDFD) | (group == nil ? 0 : UInt64(CLONE_INTO_CGROUP))
            let pid = try cloneContainer(flags, SIGCHLD, &pidfd, group, owner: program.owner)
            if pid == 0 {
                _ = linux_close(ends[0])
                SpareSetup(launcher: launcher, answer: answer, program: program, table: table, socket: ends[1]).run()
            }
            try writeMaps(of: pid, uid: program.uidMap, gid: program.gidMap)
            number = program.number
            self.pid = pid
            startTicks = try readStartTicks(of: pid)
        } catch {
            if pidfd >= 0 {
                _ = linux_pidfd_send_signal(pidfd, SIGKILL)
                _ = linux_close(pidfd)
            }
            for end in ends { _ = linux_close(end) }
            throw error
        }
        _ = linux_close(ends[1])
        self.pidfd = pidfd
        socket = ends[0]
        answer.send(.started(pid: pid), with: pidfd)
        _ = [UInt8(1)].withUnsafeBytes { linux_send(socket, $0.baseAddress, 1, -1) }
    }

    /// Gives it its job: everything that a cloned PID 1 would have inherited.
    func handOver(_ handover: SpareHandover, answer: AnswerSocket, program: Int32, run: RunDirectory, table: DescriptorTable) throws(Fault) {
        var passed = [answer.descriptor, program, run.record, run.control]
        if run.log >= 0 { passed.append(run.log) }
        passed += run.input
        passed += try table.all()
        let bytes = handover.encoded()
        let count = passed.count
        let result = bytes.withUnsafeBytes { linux_send_all(socket, $0.baseAddress, $0.count, passed, count) }
        try check(result, "hand over to PID 1")
    }

    func close() {
        _ = linux_close(socket)
        _ = linux_close(pidfd)
    }
}

/// The way of a spare, from its clone until its job is known.
struct SpareSetup {
    let launcher: LauncherDescriptors
    let answer: AnswerSocket
    let program: SpareProgram
    let table: DescriptorTable
    let socket: Int32

    func run() -> Never {
        launcher.closeAll()
        do throws(StagedFault) {
            let signals = try stage(.monitor) { () throws(Fault) in try prepareMonitor() }
            // End of file: the launcher died or gave up.
            guard receivePacket(socket) != nil else { end(status: 1) }
            try stage(.monitor) { () throws(Fault) in
                try enterGroups(program.taskFiles, table, namespaces: program.namespaces)
                try becomeContainerRoot(program.namespaces)
            }
            var container = ContainerOperations(table: table)
            try container.execute(all: program.containerOperations)
            var ahead = table
            ahead.closeAll()
            answer.send(.prepared())
            answer.close()
            takeJob(signals, container)
        } catch {
            answer.fail(error.stage, error.fault, index: error.index)
            end(status: 1)
        }
    }

    /// Waits for the job. Without one it ends: the launcher died, or has no use for it.
    private func takeJob(_ signals: Int32, _ container: ContainerOperations) -> Never {
        guard let packet = receivePacket(socket), let handover = try? SpareHandover(decoding: packet.bytes) else { end(status: 1) }
        _ = linux_close(socket)
        var rest = packet.descriptors[...]
        guard let first = rest.popFirst(), let file = rest.popFirst(), let record = rest.popFirst(), let control = rest.popFirst() else {
            end(status: 1)
        }
        let answer = AnswerSocket(descriptor: first)
        let log = handover.hasLog ? rest.popFirst() ?? -1 : -1
        let input: [Int32] = handover.hasInput ? [rest.popFirst() ?? -1, rest.popFirst() ?? -1] : []
        let run = RunDirectory(record: record, control: control, log: log, input: input)
        var bytes: [UInt8] = []
        do throws(Fault) { bytes = try contents(of: file, limit: LaunchLimits.programBytes) } catch {
            answer.fail(.request, error)
            end(status: 1)
        }
        _ = linux_close(file)
        guard var program = try? LaunchProgram(decoding: bytes) else {
            answer.fail(.request, Fault(errno: EBADMSG, detail: "decode"))
            end(status: 1)
        }
        if handover.dropsCapabilities { program.jobOperations.drop(program.withoutIDMapDropsCapabilities) }
        let table = DescriptorTable(Array(rest))
        MonitorStart(answer: answer, program: program, table: table, run: run, signals: signals).run(container)
    }
}
