import Glibc
import LinuxSys
import Synchronization

/// A small ext4 on a loop device, without a part for root, that a test can fill; gone with the object.
public final class SmallDisk: Sendable {
    /// Where it is mounted.
    public let path: String
    private let place: TemporaryDirectory
    private let filling = Switch()

    /// What it takes.
    public static let isThere = geteuid() == 0 && ["/dev/loop-control", "/sbin/mkfs.ext4"].allSatisfy { (try? Descriptor.open($0, .path)) != nil }

    public init(mebibytes: Int64) throws {
        place = try TemporaryDirectory("disk")
        path = place("mnt")
        let image = try Descriptor.open(place("image"), [.readWrite, .create], mode: 0o600)
        try image.truncate(to: mebibytes << 20)
        let made = try Command(["/sbin/mkfs.ext4", "-q", "-F", "-m", "0", "-b", "4096", place("image")]).run(seconds: 60)
        guard made.status == 0 else { throw SystemError("mkfs.ext4", place("image"), errno: EIO, detail: "\(made)") }
        try place.directory("mnt")
        let loop = try LoopDevice.attach(image)
        try Mount.mount(loop.path, at: path, type: "ext4")
        loop.descriptor.close()
    }

    deinit { remove() }

    /// Unmounts it. What still has it open keeps it until its end.
    public func remove() {
        stopFilling()
        try? Mount.detach(path, lazily: true)
        place.remove()
    }

    /// Writes a file until the disk takes nothing more, and goes on at every byte that becomes free, as fast as it can, until `stopFilling`.
    public func fill() throws {
        let file = try Descriptor.open(path + "/filler", [.writeOnly, .create, .append], mode: 0o600)
        while try Self.write(file) {}
        filling.isOn.withLock { $0 = true }
        let thread = FillingThread { [filling] in
            while filling.isOn.withLock({ $0 }) { if (try? Self.write(file)) != true { sleepBlocking(nanoseconds: 200_000) } }
        }
        thread.start()
    }

    private static let block = [UInt8](repeating: 7, count: 1 << 16)

    /// False when not one byte fits.
    private static func write(_ file: Descriptor) throws -> Bool {
        for size in [block.count, 4096, 1] {
            do throws(SystemError) {
                try file.write(Array(block.prefix(size)))
                return true
            } catch { guard error.errno == ENOSPC else { throw error } }
        }
        return false
    }

    /// Stops, and leaves the disk full.
    public func stopWriting() { filling.isOn.withLock { $0 = false } }

    /// Stops and gives the room back.
    public func stopFilling() {
        let was = filling.isOn.withLock { state in
            defer { state = false }
            return state
        }
        guard was || (try? Descriptor.open(path + "/filler", [.path])) != nil, let root = try? Descriptor.open(path, [.directory]) else { return }
        try? Descriptor.open(path + "/filler", [.writeOnly, .truncate]).synchronize()
        try? root.unlink("filler")
    }
}

private final class Switch: Sendable { let isOn = Mutex(false) }

/// A thread that may block.
private struct FillingThread: Sendable {
    let body: @Sendable () -> Void

    func start() {
        let box = Unmanaged.passRetained(Box(body))
        var thread = pthread_t()
        pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body()
                return nil
            }, box.toOpaque())
        pthread_detach(thread)
    }

    private final class Box: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
}
