import API

/// A system call as a person would write it: `read(3 pipe:[81], 0x7f00, 4096)`.
struct SyscallText {
    /// The process's open files, to say what a number means.
    var files: [InspectedFile]

    private enum Argument { case file, number, address, flags, process, directory }

    /// Of those that programs wait in; of others all six registers are shown.
    private static let known: [String: [Argument]] = [
        "read": [.file, .address, .number], "write": [.file, .address, .number], "readv": [.file, .address, .number],
        "writev": [.file, .address, .number], "pread64": [.file, .address, .number, .number], "pwrite64": [.file, .address, .number, .number],
        "poll": [.address, .number, .number], "ppoll": [.address, .number, .address], "select": [.number, .address, .address, .address, .address],
        "pselect6": [.number, .address, .address, .address, .address], "epoll_wait": [.file, .address, .number, .number],
        "epoll_pwait": [.file, .address, .number, .number], "epoll_pwait2": [.file, .address, .number, .address],
        "futex": [.address, .flags, .number], "wait4": [.process, .address, .flags], "waitid": [.number, .process, .address, .flags],
        "accept": [.file, .address], "accept4": [.file, .address], "connect": [.file, .address, .number],
        "recvfrom": [.file, .address, .number, .flags], "recvmsg": [.file, .address, .flags], "sendto": [.file, .address, .number, .flags],
        "sendmsg": [.file, .address, .flags], "nanosleep": [.address, .address], "clock_nanosleep": [.number, .flags, .address, .address],
        "pause": [], "rt_sigsuspend": [.address], "rt_sigtimedwait": [.address, .address, .address], "flock": [.file, .flags], "fsync": [.file],
        "fdatasync": [.file], "openat": [.directory, .address, .flags], "newfstatat": [.directory, .address, .address, .flags],
        "fcntl": [.file, .number, .flags], "ioctl": [.file, .flags, .address], "getdents64": [.file, .address, .number],
        "sched_yield": [], "restart_syscall": [], "mmap": [.address, .number, .flags, .flags, .file, .number], "munmap": [.address, .number],
        "madvise": [.address, .number, .number], "exit_group": [.number],
    ]

    func text(_ call: InspectedCall) -> String {
        let name = call.name ?? "call \(call.number)"
        let kinds = call.name.flatMap { Self.known[$0] } ?? [.flags, .flags, .flags, .flags, .flags, .flags]
        return "\(name)(\(zip(kinds, call.arguments).map(text).joined(separator: ", ")))"
    }

    private func text(_ kind: Argument, _ value: UInt64) -> String {
        // Most are of 32 bits, and the upper half is then nobody's.
        let short = Int32(truncatingIfNeeded: value)
        switch kind {
        case .number: return value >= 0xFFFF_FFFF_0000_0000 || value == 0xFFFF_FFFF ? "\(short)" : "\(value)"
        case .process: return "\(short)"
        case .address: return value == 0 ? "0" : "0x" + String(value, radix: 16)
        case .flags: return "0x" + String(value, radix: 16)
        case .directory: return short == -100 ? "cwd" : file(short)
        case .file: return file(short)
        }
    }

    private func file(_ number: Int32) -> String {
        guard let file = files.first(where: { $0.number == number }) else { return "\(number)" }
        return "\(number) \(Self.brief(file))"
    }

    /// What a file is, on one line.
    static func brief(_ file: InspectedFile) -> String {
        guard let socket = file.socket else { return file.path }
        var text = socket.kind
        if let local = socket.local { text += " \(local)" }
        if let remote = socket.remote { text += " to \(remote)" }
        return socket.state.map { "\(text) \($0)" } ?? text
    }
}
