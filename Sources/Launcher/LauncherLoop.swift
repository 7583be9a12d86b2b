internal import CLinux
internal import LaunchProgram

/// The launcher: receives requests until its socket closes. One thread, always; nothing here waits for a job or for a submitter's paths.
struct LauncherLoop {
    let descriptors: LauncherDescriptors
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
        let signals = try check(linux_signal_descriptor(), "signalfd")
        try check(linux_set_close_on_exec(socket, 1), "launcher's socket")
        descriptors = LauncherDescriptors(socket: socket, lock: lock, runRoot: runRoot, signals: signals)
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

    private func handleSignals() {
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

    private func reap() {
        var status: Int32 = 0
        while linux_wait(-1, &status, WNOHANG) > 0 {}
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

    private func execute(_ request: LauncherRequest, _ answer: AnswerSocket, _ table: inout DescriptorTable) {
        switch request {
        case .start, .execute: executeProgram(request, answer, &table)
        case .userNamespace(let uid, let gid): makeUserNamespace(uid: uid, gid: gid, launcher: descriptors, answer)
        case .stagedOverlay(let overlay): buildOverlay(overlay, answer, table)
        case .moreDescriptors: break
        }
    }

    private func executeProgram(_ request: LauncherRequest, _ answer: AnswerSocket, _ table: inout DescriptorTable) {
        let bytes: [UInt8]
        do throws(Fault) {
            let file = try table.takeFirst()
            defer { _ = linux_close(file) }
            bytes = try contents(of: file, limit: LaunchLimits.programBytes)
        } catch {
            return answer.fail(.request, error)
        }
        do throws(DecodeError) {
            if request == .execute {
                let program = try ExecProgram(decoding: bytes)
                return ExecSession(launcher: descriptors, answer: answer, program: program, table: table).start()
            }
            var launch = Launch(launcher: descriptors, answer: answer, program: try LaunchProgram(decoding: bytes), table: table)
            launch.start()
            table = launch.table
        } catch {
            fail(answer, error)
        }
    }

    private func buildOverlay(_ overlay: StagedOverlay, _ answer: AnswerSocket, _ table: DescriptorTable) {
        let result = forkHelper { () in
            _ = linux_close(descriptors.socket)
            _ = linux_close(descriptors.lock)
            do throws(Fault) {
                answer.send(.descriptor, with: try StagedOverlayBuilder(overlay: overlay, table: table).build())
            } catch {
                answer.fail(.stagedOverlay, error)
            }
        }
        if result < 0 { answer.fail(.stagedOverlay, Fault(errno: Int32(truncatingIfNeeded: -result), detail: "fork")) }
    }
}
