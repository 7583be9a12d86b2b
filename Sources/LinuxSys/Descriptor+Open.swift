internal import CLinuxSys
import Glibc

extension Descriptor {
    /// Stands for the working directory in calls by descriptor (AT_FDCWD).
    public static let workingDirectory = Descriptor(borrowing: Int32(BERTH_AT_FDCWD))

    /// Opens a path of the host (open(2)).
    public static func open(_ path: String, _ flags: OpenFlags = .readOnly, mode: UInt32 = 0o600) throws(SystemError) -> Descriptor {
        let result = uninterrupted { berth_sys_open(Int32(BERTH_AT_FDCWD), path, flags.kernelBits, mode) }
        return Descriptor(adopting: Int32(try check(result, "open", path)))
    }

    /// Opens a name relative to this directory (openat(2)); follows links as `flags` say.
    public func open(at path: String, _ flags: OpenFlags = .readOnly, mode: UInt32 = 0o600) throws(SystemError) -> Descriptor {
        let result = uninterrupted { berth_sys_open(rawValue, path, flags.kernelBits, mode) }
        return Descriptor(adopting: Int32(try check(result, "open", path)))
    }

    /// Opens a path relative to this directory under rules for the way there (openat2(2)). EAGAIN, a rename during `..`, is tried again.
    public func open(
        at path: String, _ flags: OpenFlags, resolve: ResolveFlags, mode: UInt32 = 0o600
    ) throws(SystemError) -> Descriptor {
        // The kernel refuses a mode without O_CREAT or O_TMPFILE.
        let makes = flags.contains(.create) || flags.contains(.temporary)
        var tries = 0
        while true {
            let bits = UInt64(UInt32(bitPattern: flags.kernelBits))
            let result = berth_sys_openat2(rawValue, path, bits, makes ? UInt64(mode) : 0, resolve.rawValue)
            tries += 1
            if result == -Int(EINTR) || (result == -Int(EAGAIN) && tries < 100) { continue }
            return Descriptor(adopting: Int32(try check(result, "open", path)))
        }
    }

    /// The open file again with other flags, through procfs: turns an O_PATH reference into a readable file.
    public func reopen(_ flags: OpenFlags) throws(SystemError) -> Descriptor {
        try Descriptor.open(procPath, flags)
    }

    /// An anonymous file in memory (memfd_create(2)); sealable when `sealable`, and never executable where the kernel can say so.
    public static func memoryFile(_ name: String, sealable: Bool = true) throws(SystemError) -> Descriptor {
        let flags: UInt32 = 1 | (sealable ? 2 : 0)
        return Descriptor(adopting: Int32(try check(berth_sys_memfd(name, flags), "memfd_create", name)))
    }

    /// Forbids later changes of a memory file: size, content and seals (fcntl(2) F_ADD_SEALS).
    public func seal() throws(SystemError) {
        _ = try check(berth_sys_fcntl(rawValue, Int32(BERTH_F_ADD_SEALS), 0xF), "seal")
    }

    /// A pipe: its reading and its writing end (pipe2(2)).
    public static func pipe(nonBlocking: Bool = false) throws(SystemError) -> (reading: Descriptor, writing: Descriptor) {
        var ends: [Int32] = [-1, -1]
        let flags = Int32(BERTH_O_CLOEXEC) | (nonBlocking ? Int32(BERTH_O_NONBLOCK) : 0)
        _ = try check(berth_sys_pipe(&ends, flags), "pipe")
        return (Descriptor(adopting: ends[0]), Descriptor(adopting: ends[1]))
    }
}
