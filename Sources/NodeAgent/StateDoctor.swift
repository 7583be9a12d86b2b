public import API
import JobModel
import LinuxSys

/// What can be wrong with the disk under the state directory; also without a daemon. Blocks.
public struct StateDoctor: Sendable {
    private let directory: String
    private let remedies: StateRemedy
    private let watch: StateRoom

    /// - Parameter room: what is watched; the directory and its logs by default.
    public init(directory: String, room: StateRoom? = nil) {
        self.directory = directory
        watch = room ?? StateRoom(directory)
        remedies = StateRemedy(directory: directory)
    }

    public func checks() -> [DoctorCheck] {
        let (room, speed) = (room, speed)
        // What is full or read-only takes no write either: that is told once.
        if let room, room.state == .broken, speed.state == .broken { return [room] }
        return (room.map { [$0] } ?? []) + [speed]
    }

    /// Bytes, inodes, and whether it can be written at all; of the logs too, which may lie on a disk of their own.
    var room: DoctorCheck? {
        guard let status = try? Descriptor.open(directory, [.path, .directory]).fileSystemStatus() else { return nil }
        let mounts = try? MountTable()
        guard let shortage = watch.shortage else {
            let files = status.totalInodes > 0 ? ", room for \(status.freeInodes) more files" : ""
            return DoctorCheck("state directory", .ok, "\(directory): \(Bytes(status.availableBytes)) free\(files)")
        }
        let mount = mounts?.holding(shortage.path)
        let place = mount.map { " (\($0.mountPoint), \($0.type) on \($0.source))" } ?? ""
        return DoctorCheck("state directory", .broken, "nothing starts: \(shortage)\(place)", remedy: remedies.room(shortage, mount))
    }

    /// An fsync that takes longer than this, in milliseconds, is felt in each submit.
    private static let slow: UInt64 = 100

    /// The fastest of three: one may have waited for others.
    var speed: DoctorCheck {
        var best = UInt64.max
        do throws(SystemError) {
            for _ in 0..<3 where best > Self.slow * 1_000_000 { best = min(best, try synchronizeOnce()) }
        } catch {
            // A file system that met an error of its disk takes nothing, and not each kernel calls it read-only.
            let mount = ["EROFS", "EIO"].contains(error.errnoName) ? (try? MountTable())?.holding(directory) : nil
            return DoctorCheck("disk", .broken, "a write in \(directory): \(error)", remedy: mount.map { remedies.repair($0) })
        }
        let milliseconds = best / 1_000_000
        guard milliseconds > Self.slow else { return DoctorCheck("disk", .ok, "an fsync takes \(milliseconds) ms") }
        return DoctorCheck(
            "disk", .warning, "an fsync in \(directory) takes \(milliseconds) ms: each submit waits for one; accepted is up to \(Self.slow) ms",
            remedy: remedies.move)
    }

    /// A page written and made durable, in nanoseconds.
    private func synchronizeOnce() throws(SystemError) -> UInt64 {
        let place = try Descriptor.open(directory, [.path, .directory])
        let name = ".doctor-\(ProcessContext.processID)-\(UInt32.random(in: .min ... .max))"
        let file = try place.open(at: name, [.writeOnly, .create, .exclusive], mode: 0o600)
        defer { try? place.unlink(name) }
        try file.write([UInt8](repeating: 0, count: 4096))
        let began = bootNanoseconds()
        try file.synchronize()
        return bootNanoseconds() - began
    }
}
