internal import CLinux
internal import LaunchProgram

/// What a process of the job needs to start.
struct JobDescription {
    var operations: [JobOperation]
    var command: JobCommand
    /// Descriptors for 0, 1 and 2; -1 for /dev/null.
    var ends: [Int32]
    /// The terminal comes with the go and becomes the controlling one.
    var terminal: Bool
    var group: Int32?
    var taskFiles: [Int32] = []
    /// Its parent has dropped from the bounding set what neither of the two is to have.
    var inheritsBoundingSet = false
}

/// A process of the job, cloned early, which waits for its go.
///
///     PID 1 (or exec's parent)                 job's process
///       ├─ go [terminal] ─────────────────────►│ streams, operations
///       ◄─ failed(stage, index, errno, detail) ┤ ends
///       ◄─ about to exec ──────────────────────┤
///       ◄─ end of file: the exec succeeded ────┤ (close-on-exec)
struct JobProcess {
    let pid: Int32
    let pidfd: Int32
    private let socket: Int32

    /// Clones into the group, which on v2 avoids the kernel-wide lock of a later move.
    init(cloning description: JobDescription) throws(Fault) {
        var ends: [Int32] = [-1, -1]
        try check(linux_socketpair(&ends, 0), "socketpair")
        var pidfd: Int32 = -1
        let flags = UInt64(CLONE_PIDFD) | (description.group == nil ? 0 : UInt64(CLONE_INTO_CGROUP))
        pid = try check(linux_clone3(flags, SIGCHLD, &pidfd, description.group ?? 0), "clone3 of the job")
        if pid == 0 {
            _ = linux_close(ends[0])
            JobStart(description: description, socket: ends[1]).run()
        }
        self.pidfd = pidfd
        socket = ends[0]
        _ = linux_close(ends[1])
    }

    /// Lets it go on, with its terminal unless that is negative.
    func go(terminal: Int32) {
        let byte: [UInt8] = [1]
        _ = byte.withUnsafeBytes { linux_send(socket, $0.baseAddress, 1, terminal) }
    }

    /// Waits until the exec succeeded (nil) or something failed.
    func waitForExec() -> LaunchFailure? {
        defer { _ = linux_close(socket) }
        var execs = false
        while let bytes = receivePacket(socket)?.bytes {
            switch try? LauncherAnswer(decoding: bytes) {
            case .failed(let failure): return failure
            case .running: execs = true
            default: break
            }
        }
        return execs ? nil : LaunchFailure(stage: .job, errno: ECHILD, detail: "the process ended before its exec")
    }
}

/// One packet with its descriptors; nil at the end of file or on an error. The default limit holds every answer, whose longest part is a path.
func receivePacket(_ socket: Int32, limit: Int = 8192) -> (bytes: [UInt8], descriptors: [Int32])? {
    // Not arrays: they would be filled with zeros, and each page that is touched counts for every job.
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: limit, alignment: 16)
    let descriptors = UnsafeMutableBufferPointer<Int32>.allocate(capacity: Int(LINUX_MAXIMUM_DESCRIPTORS))
    defer {
        bytes.deallocate()
        descriptors.deallocate()
    }
    while true {
        var count = 0
        let result = linux_receive(socket, bytes.baseAddress, limit, descriptors.baseAddress, &count, 1)
        if result == -Int(EINTR) { continue }
        guard result > 0 else { return nil }
        return (Array(bytes[..<result]), Array(descriptors[..<count]))
    }
}
