internal import CLinuxSys

/// Macros of <asm-generic/ioctls.h> that compute their number, which Swift does not import; the same on x86-64 and arm64.
private enum TerminalRequest {
    static let lock: UInt = 0x4004_5431
    static let peer: UInt = 0x5441
}

extension Descriptor {
    /// A new pseudo-terminal (pty(7)): the end of who plays the terminal, and that of the program on it, which becomes nobody's controlling
    /// terminal. The second is opened without a path, so that no other devpts can come between.
    public static func pseudoTerminal() throws(SystemError) -> (master: Descriptor, slave: Descriptor) {
        let master = try open("/dev/ptmx", [.readWrite, .noControllingTerminal])
        var unlocked: Int32 = 0
        let result = withUnsafeMutablePointer(to: &unlocked) { berth_sys_ioctl(master.rawValue, TerminalRequest.lock, $0) }
        _ = try check(result, "unlock", "/dev/ptmx")
        let flags = UInt(BERTH_O_RDWR | BERTH_O_NOCTTY) | UInt(BERTH_O_CLOEXEC)
        let peer = berth_sys_ioctl_number(master.rawValue, TerminalRequest.peer, flags)
        return (master, Descriptor(adopting: Int32(try check(peer, "open peer of", "/dev/ptmx"))))
    }
}
