internal import CLinux
internal import JobLog
internal import LaunchProgram

/// The files of an attempt. Making the directory is the start, so it is made once or not at all.
struct RunDirectory {
    var directory: Int32
    var record: Int32
    var control: Int32
    /// Negative when nothing goes to the log.
    var log: Int32 = -1
    /// Read and write end of the FIFO `stdin`; empty without it.
    var input: [Int32] = []

    /// Makes directory and files, all 0600 of root. None is close-on-exec: PID 1 takes them along when it executes itself anew.
    /// None has O_NOFOLLOW, which CRIU would repeat on a link of /proc; the directory was just made, and only root enters it.
    init(program: LaunchProgram, runRoot: Int32, table: DescriptorTable) throws(Fault) {
        let name = program.runDirectory
        try check(name.withCString { linux_mkdirat(runRoot, $0, 0o700) }, "mkdir " + name)
        directory = try check(
            name.withCString { linux_openat(runRoot, $0, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0) }, "open " + name)
        record = -1
        control = -1
        do throws(Fault) {
            try fill(program, table)
        } catch {
            close()
            throw error
        }
    }

    private mutating func fill(_ program: LaunchProgram, _ table: DescriptorTable) throws(Fault) {
        record = try Self.create(RunFile.record, in: directory, O_WRONLY)
        // Blocks are taken now: a full file system must not cost the exit status.
        try check(linux_fallocate(record, Int64(ExitRecord.size)), "allocate " + RunFile.record)
        control = try Self.fifo(RunFile.control, in: directory, O_RDWR)
        let place = try program.logDirectory.map { (index) throws(Fault) in try table.get(index) } ?? directory
        if program.writesLog {
            // In a directory of the job's attempts they bear the attempt's name.
            let name = program.logDirectory == nil ? RunFile.log : program.runDirectory + "." + RunFile.log
            log = try Self.create(name, in: place, O_WRONLY)
        }
        guard program.readsFIFO else { return }
        // Opened for both first: a read end alone would block, a write end alone fail.
        let both = try Self.fifo(RunFile.input, in: directory, O_RDWR)
        defer { _ = linux_close(both) }
        input.append(try Self.reopen(RunFile.input, in: directory, O_RDONLY))
        input.append(try Self.reopen(RunFile.input, in: directory, O_WRONLY | O_NONBLOCK))
        // So that the job can open /dev/stdin again.
        let user = program.uidMap.outside(program.streamOwner.user)
        try check(linux_fchown(input[0], user, program.gidMap.outside(program.streamOwner.group)), "chown of " + RunFile.input)
    }

    /// In a spare, which gets what the launcher made.
    init(record: Int32, control: Int32, log: Int32, input: [Int32]) {
        directory = -1
        self.record = record
        self.control = control
        self.log = log
        self.input = input
    }

    /// The proof that PID 1 exists, written before it goes on. Returns its time.
    func stamp(pid: Int32, startTicks: UInt64, group: ByteString) throws(Fault) -> UInt64 {
        let time = linux_boot_nanoseconds()
        let stamp = ClonedStamp(pid: pid, startTicks: startTicks, bootNanoseconds: time, groupName: group.bytes)
        let file = try Self.create(RunFile.cloned, in: directory, O_WRONLY)
        let result = writeOnce(stamp.encoded(), to: file)
        _ = linux_close(file)
        try check(result, "write " + RunFile.cloned)
        return time
    }

    /// By PID 1, before anything of the job happens: without this mark nothing ever did, and the start can be made anew. The record overwrites it.
    func markBegun() throws(Fault) {
        let mark: [UInt8] = [1]
        try check(mark.withUnsafeBytes { linux_pwrite(record, $0.baseAddress, 1, 0) }, "write " + RunFile.record)
    }

    /// Closes all of it in the process that is not PID 1.
    func close() {
        for descriptor in [directory, record, control, log] + input where descriptor >= 0 { _ = linux_close(descriptor) }
    }

    private static func create(_ name: ByteString, in directory: Int32, _ flags: Int32) throws(Fault) -> Int32 {
        try check(
            name.withCString { linux_openat_inherited(directory, $0, flags | O_CREAT | O_EXCL, 0o600) }, "create " + name)
    }

    private static func fifo(_ name: ByteString, in directory: Int32, _ flags: Int32) throws(Fault) -> Int32 {
        try check(name.withCString { linux_mkfifoat(directory, $0, 0o600) }, "create " + name)
        return try reopen(name, in: directory, flags | O_NONBLOCK)
    }

    private static func reopen(_ name: ByteString, in directory: Int32, _ flags: Int32) throws(Fault) -> Int32 {
        try check(name.withCString { linux_openat_inherited(directory, $0, flags, 0) }, "open " + name)
    }
}

extension LaunchProgram {
    var writesLog: Bool {
        switch streams {
        case .pipes(_, let output, let error): output == .log || error == .log
        case .terminal(_, let log): log
        }
    }

    var readsFIFO: Bool {
        guard case .pipes(let input, _, _) = streams else { return false }
        return input == .fifo
    }
}

/// Field 22 of /proc/PID/stat, counted behind the last `)`: a command name may hold spaces and parentheses (proc(5)).
func readStartTicks(of pid: Int32) throws(Fault) -> UInt64 {
    let path = "/proc/" + ByteString(number: Int(pid)) + "/stat"
    let file = try check(path.withCString { linux_openat(AT_FDCWD, $0, O_RDONLY, 0) }, "open " + path)
    defer { _ = linux_close(file) }
    let bytes = try contents(of: file, limit: 65_536)
    guard let end = bytes.lastIndex(of: UInt8(ascii: ")")) else { throw Fault(errno: EIO, detail: "read " + path) }
    let fields = bytes[(end + 1)...].split(separator: UInt8(ascii: " "))
    guard fields.count > 19, let ticks = ByteString(bytes: Array(fields[19])).number else {
        throw Fault(errno: EIO, detail: "read " + path)
    }
    return ticks
}
