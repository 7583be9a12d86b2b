internal import CLinuxSys
import Glibc

/// A block device over a file (loop(4)).
public struct LoopDevice: Sendable {
    /// The open device; with `autoClear` the kernel gives it back when this and every mount of it are gone.
    public let descriptor: Descriptor
    /// N of `/dev/loopN`.
    public let number: Int
    /// `/dev/loopN`.
    public var path: String { "/dev/loop\(number)" }

    private static let getFree = UInt(0x4C82)
    private static let configure = UInt(0x4C0A)
    private static let clear = UInt(0x4C01)
    private static let getStatus = UInt(0x4C05)

    /// Attaches a file to a free loop device (LOOP_CONFIGURE); tried again when another process was faster.
    public static func attach(
        _ file: Descriptor, readOnly: Bool = false, autoClear: Bool = true, directIO: Bool = false
    ) throws(SystemError) -> LoopDevice {
        let control = try Descriptor.open("/dev/loop-control", .readWrite)
        var tries = 0
        while true {
            let number = try check(berth_sys_ioctl_number(control.rawValue, getFree, 0), "find free loop device")
            let device = try openDevice(number, readOnly: readOnly)
            // struct loop_config: file (4), block size (4), struct loop_info64 (232) whose flags are at 52, 64 reserved.
            var buffer = IoctlBuffer(size: 304)
            buffer.set(UInt32(bitPattern: file.rawValue), at: 0)
            buffer.set(UInt32((readOnly ? 1 : 0) | (autoClear ? 4 : 0) | (directIO ? 16 : 0)), at: 8 + 52)
            do throws(SystemError) {
                try buffer.call(configure, on: device, "attach \(file.displayPath) to", "/dev/loop\(number)")
                return LoopDevice(descriptor: device, number: number)
            } catch {
                tries += 1
                guard error.errno == EBUSY, tries < 64 else { throw error }
            }
        }
    }

    /// Detaches now, or when the last user is gone (LOOP_CLR_FD).
    public func detach() throws(SystemError) {
        _ = try check(berth_sys_ioctl_number(descriptor.rawValue, Self.clear, 0), "detach", path)
    }

    /// The path of the file behind a loop device; nil if it is not attached.
    public static func backingFile(of number: Int, sysRoot: String = "/sys") -> String? {
        (try? readTextFile("\(sysRoot)/block/loop\(number)/loop/backing_file")).map { String($0.prefix { !$0.isNewline }) }
    }

    /// The number of the loop device that a file is attached to, whoever did that and wherever its file system is mounted; nil if there is none.
    public static func attached(to file: Descriptor, sysRoot: String = "/sys") throws(SystemError) -> Int? {
        let wanted = try file.status()
        for name in try Descriptor.open("\(sysRoot)/block", [.readOnly, .directory]).names().sorted() where name.hasPrefix("loop") {
            guard let number = Int(name.dropFirst(4)), backingFile(of: number, sysRoot: sysRoot) != nil,
                let device = try? openDevice(number, readOnly: true)
            else { continue }
            // struct loop_info64 begins with the file's device and inode (8 each). ENXIO: detached meanwhile.
            var buffer = IoctlBuffer(size: 232)
            guard (try? buffer.call(getStatus, on: device, "look at", "/dev/loop\(number)")) != nil else { continue }
            let found = (DeviceNumber(buffer.get(UInt64.self, at: 0)), buffer.get(UInt64.self, at: 8))
            if found == (wanted.device, wanted.inode) { return number }
        }
        return nil
    }

    private static func openDevice(_ number: Int, readOnly: Bool) throws(SystemError) -> Descriptor {
        let path = "/dev/loop\(number)"
        let flags: OpenFlags = readOnly ? .readOnly : .readWrite
        do throws(SystemError) { return try Descriptor.open(path, flags) } catch {
            // Where nobody makes device nodes, make it: loop is major 7.
            guard error.isNotFound else { throw error }
            try Descriptor.open("/dev", .directory).makeDeviceNode(
                "loop\(number)", block: true, DeviceNumber(major: 7, minor: UInt32(number)), mode: 0o600)
            return try Descriptor.open(path, flags)
        }
    }
}
