internal import CLinux
internal import JobLog
internal import LaunchProgram

/// One thing PID 1 drains: a pipe or the terminal's master, and where its bytes go.
struct MonitorSource {
    var descriptor: Int32
    var stream: LogStream
    /// An opened file of the submitter's, or -1 for the log.
    var file: Int32
}

/// Ends of the job's streams.
struct MonitorStreams {
    var sources: [MonitorSource] = []
    /// What the job gets as 0, 1 and 2; -1 for /dev/null or a terminal.
    var jobEnds: [Int32] = [-1, -1, -1]
    /// PID 1's own write end of the FIFO `stdin`, or -1.
    var inputWriter: Int32 = -1
    var terminalSize: TerminalSize?
    var terminalLog = false
    var terminal: Int32 = -1
    var terminalPeer: Int32 = -1

    /// Made by PID 1 as the mapped root, which may give pipes to any id inside; a terminal needs the container's devpts and comes later.
    init(program: LaunchProgram, run: RunDirectory, table: DescriptorTable) throws(Fault) {
        switch program.streams {
        case .terminal(let size, let log):
            terminalSize = size
            terminalLog = log
        case .pipes(let input, let output, let error):
            switch input {
            case .null: break
            case .file(let index): jobEnds[0] = try table.get(index)
            case .fifo:
                guard run.input.count == 2 else { throw Fault(errno: EBADF, detail: RunFile.input) }
                jobEnds[0] = run.input[0]
                inputWriter = run.input[1]
            }
            jobEnds[1] = try addPipe(.output, to: output, program.streamOwner, table)
            // One pipe keeps the order of what goes into one file.
            jobEnds[2] = output == error && output != .log ? jobEnds[1] : try addPipe(.error, to: error, program.streamOwner, table)
        }
    }

    private mutating func addPipe(
        _ stream: LogStream, to output: JobOutput, _ owner: Identity, _ table: DescriptorTable
    ) throws(Fault) -> Int32 {
        var ends: [Int32] = [-1, -1]
        try check(linux_pipe(&ends, 0), "pipe")
        try check(linux_set_nonblocking(ends[0], 1), "pipe")
        let file: Int32 = if case .file(let index) = output { try table.get(index) } else { -1 }
        sources.append(MonitorSource(descriptor: ends[0], stream: stream, file: file))
        // So that the job can open /dev/stdout again.
        try check(linux_fchown(ends[1], owner.user, owner.group), "chown of the job's streams")
        return ends[1]
    }

    /// A pseudo-terminal of the container's own devpts.
    mutating func openTerminal(owner: Identity) throws(Fault) {
        guard let size = terminalSize else { return }
        (terminal, terminalPeer) = try makeTerminal(size: size, owner: owner)
        try check(linux_set_nonblocking(terminal, 1), "terminal")
        if terminalLog { sources.append(MonitorSource(descriptor: terminal, stream: .output, file: -1)) }
    }

    /// PID 1 must not hold what it waits to see closed.
    mutating func closeJobEnds() {
        for descriptor in jobEnds + [terminalPeer] where descriptor >= 0 { _ = linux_close(descriptor) }
        jobEnds = [-1, -1, -1]
        terminalPeer = -1
    }
}

extension [IDMapExtent] {
    /// The host's id for an id inside; the same without a map. An id that is not mapped becomes nobody's (-1 changes nothing, chown(2)).
    func outside(_ id: UInt32) -> UInt32 {
        if isEmpty { return id }
        for extent in self where id >= extent.inside && id - extent.inside < extent.count {
            return extent.outside &+ (id - extent.inside)
        }
        return .max
    }
}

/// Master and slave of a new terminal in /dev/pts, which has to be a devpts: statfs(2) magic.
func makeTerminal(size: TerminalSize, owner: Identity) throws(Fault) -> (master: Int32, peer: Int32) {
    let path = ByteString("/dev/pts/ptmx")
    let flags = UInt64(O_RDWR | O_NOCTTY | O_NOFOLLOW)
    let master = try check(path.withCString { linux_openat2(AT_FDCWD, $0, flags, 0, UInt64(RESOLVE_NO_MAGICLINKS)) }, "open " + path)
    guard linux_filesystem_type(master) == 0x1cd1 else {
        _ = linux_close(master)
        throw Fault(errno: EXDEV, detail: path + " is not on devpts")
    }
    try check(linux_unlock_terminal(master), "unlock terminal")
    let peer = try check(linux_open_terminal_peer(master), "open terminal")
    try check(linux_fchown(peer, owner.user, owner.group), "chown of the terminal")
    try check(linux_set_terminal_size(master, size.rows, size.columns), "set size of the terminal")
    return (master, peer)
}
