internal import CLinux
internal import LaunchProgram

/// The launcher: receives requests until its socket closes. One thread, always; nothing here waits for a job or for a submitter's paths.
struct LauncherLoop {
    private var descriptors: LauncherDescriptors
    private var waiting: [Int32] = []

    /// Takes the lock first: a new daemon scans only when no launcher is left that could still clone.
    init(socket: Int32, runRoot path: ByteString) throws(Fault) {
        linux_umask(0)
        try check(linux_prctl(PR_SET_DUMPABLE, 0, 0, 0, 0), "set dumpable")
        let runRoot = try check(path.withCString { linux_openat(AT_FDCWD, $0, O_RDONLY | O_DIRECTORY, 0) }, "open " + path)
        let flags = O_RDWR | O_CREAT | O_NOFOLLOW
        let lock = try check(ByteString("lock").withCString { linux_openat(runRoot, $0, flags, 0o600) }, "open lock in " + path)
        try check(linux_flock(lock, LOCK_EX), "lock " + path)
        try check(chdir("/") == 0 ? 0 : -Int(EACCES), "chdir /")
        // Second, or one launcher would count as another's successor while both live.
        let term = try LauncherTerm(runRoot: runRoot)
        let signals = try check(linux_signal_descriptor(), "signalfd")
        try check(linux_set_close_on_exec(socket, 1), "launcher's socket")
        descriptors = LauncherDescriptors(socket: socket, lock: lock, runRoot: runRoot, signals: signals, term: term)
    }

    mutating func run() -> Never {
        AnswerSocket(descriptor: descriptors.socket).send(.ready(version: LaunchProgram.version))
        while true {
            var polls = [
                pollfd(fd: descriptors.socket, events: Int16(POLLIN), revents: 0),
                pollfd(fd: descriptors.signals, events: Int16(POLLIN), revents: 0),
            ]
            _ = linux_poll(&polls, 2, -1)
            if polls[1].revents != 0 { handleSignals() }
            if polls[0].revents != 0 { handleRequest() }
        }
    }

    private mutating func handleSignals() {
        var information = signalfd_siginfo()
        let size = MemoryLayout<signalfd_siginfo>.size
        while linux_read(descriptors.signals, &information, size) == size {
            switch Int32(truncatingIfNeeded: information.ssi_signo) {
            case SIGCHLD: reap()
            case SIGTERM, SIGINT: end(status: 0)
            default: break
            }
        }
    }

    private mutating func reap() {
        var status: Int32 = 0
        while true {
            let pid = linux_wait(-1, &status, WNOHANG)
            guard pid > 0 else { return }
            takeSpare { $0.pid == Int32(truncatingIfNeeded: pid) }?.close()
        }
    }

    /// Takes a spare out of the list; nil when there is none of these.
    private mutating func takeSpare(_ isWanted: (Spare) -> Bool) -> Spare? {
        guard let place = descriptors.spares.firstIndex(where: isWanted) else { return nil }
        return descriptors.spares.remove(at: place)
    }

    private mutating func handleRequest() {
        // End of file: the daemon is gone, and so is the launcher.
        guard let packet = receivePacket(descriptors.socket, limit: 65_536) else { end(status: 0) }
        let passed = waiting + packet.descriptors
        waiting = []
        let request: LauncherRequest
        do throws(DecodeError) {
            request = try LauncherRequest(decoding: packet.bytes)
        } catch {
            return refuse(passed, error)
        }
        guard passed.count <= LaunchLimits.descriptors else { return refuse(passed, .tooMany) }
        if request == .moreDescriptors {
            waiting = passed
            return
        }
        if case .discard(let number) = request { takeSpare { $0.number == number }?.close() }
        guard let first = passed.first else { return }
        var table = DescriptorTable(Array(passed.dropFirst()))
        execute(request, AnswerSocket(descriptor: first), &table)
        table.closeAll()
        _ = linux_close(first)
    }

    private func refuse(_ passed: [Int32], _ error: DecodeError) {
        if let first = passed.first { fail(AnswerSocket(descriptor: first), error) }
        for descriptor in passed { _ = linux_close(descriptor) }
    }

    private func fail(_ answer: AnswerSocket, _ error: DecodeError) {
        answer.fail(.request, Fault(errno: EBADMSG, detail: "decode"), index: Int(error.rawValue))
    }

    private mutating func execute(_ request: LauncherRequest, _ answer: AnswerSocket, _ table: inout DescriptorTable) {
        switch request {
        case .start, .execute, .prepare: executeProgram(request, answer, &table)
        case .userNamespace(let uid, let gid): makeUserNamespace(uid: uid, gid: gid, launcher: descriptors, answer)
        case .stagedOverlay(let overlay): buildOverlay(overlay, answer, table)
        case .moreDescriptors, .discard: break
        }
    }

    private mutating func executeProgram(_ request: LauncherRequest, _ answer: AnswerSocket, _ table: inout DescriptorTable) {
        let bytes: [UInt8]
        var file: Int32 = -1
        defer { if file >= 0 { _ = linux_close(file) } }
        do throws(Fault) {
            file = try table.takeFirst()
            bytes = try contents(of: file, limit: LaunchLimits.programBytes)
        } catch {
            return answer.fail(.request, error)
        }
        do throws(DecodeError) {
            switch request {
            case .execute:
                let program = try ExecProgram(decoding: bytes)
                ExecSession(launcher: descriptors, answer: answer, program: program, table: table).start()
            case .prepare:
                let program = try SpareProgram(decoding: bytes)
                if let spare = Spare(launcher: descriptors, answer: answer, program: program, table: &table) { descriptors.spares.append(spare) }
            default: start(try LaunchProgram(decoding: bytes), file, answer, &table)
            }
        } catch {
            fail(answer, error)
        }
    }

    private mutating func start(_ program: LaunchProgram, _ file: Int32, _ answer: AnswerSocket, _ table: inout DescriptorTable) {
        var spare: Spare?
        if program.spare != 0 {
            spare = takeSpare { $0.number == program.spare }
            if spare == nil { return answer.fail(.spare, Fault(errno: ESRCH, detail: "use a PID 1 cloned ahead")) }
        }
        var launch = Launch(launcher: descriptors, answer: answer, program: program, table: table, file: file, spare: spare)
        launch.times.received = linux_boot_nanoseconds()
        launch.start()
        table = launch.table
        spare?.close()
    }

    private func buildOverlay(_ overlay: StagedOverlay, _ answer: AnswerSocket, _ table: DescriptorTable) {
        let result = forkHelper { () in
            _ = linux_close(descriptors.socket)
            _ = linux_close(descriptors.lock)
            for spare in descriptors.spares { spare.close() }
            do throws(Fault) {
                answer.send(.descriptor, with: try StagedOverlayBuilder(overlay: overlay, table: table).build())
            } catch {
                answer.fail(.stagedOverlay, error)
            }
        }
        if result.pidfd >= 0 { _ = linux_close(result.pidfd) }
        if result.pid < 0 { answer.fail(.stagedOverlay, Fault(errno: Int32(truncatingIfNeeded: -result.pid), detail: "fork")) }
    }
}
