import Glibc
import LinuxSys
import Synchronization

/// A small ext4 on a loop device, without a part for root, that a test can fill, break and mend; gone with the object.
public final class SmallDisk: Sendable {
    /// Where it is mounted.
    public let path: String
    private let image: String
    /// Its own place, when it was given none.
    private let place: TemporaryDirectory?
    private let filling = Switch()

    /// What it takes.
    public static let isThere = geteuid() == 0 && ["/dev/loop-control", "/sbin/mkfs.ext4"].allSatisfy { (try? Descriptor.open($0, .path)) != nil }

    /// In a place of its own.
    public convenience init(mebibytes: Int64) throws {
        let place = try TemporaryDirectory("disk")
        try self.init(image: place("image"), at: place("mnt"), mebibytes: mebibytes, place: place)
    }

    /// - Parameters:
    ///   - image: the file to make; sparse.
    ///   - path: a directory to mount it on; made when missing.
    public convenience init(image: String, at path: String, mebibytes: Int64) throws {
        try self.init(image: image, at: path, mebibytes: mebibytes, place: nil)
    }

    private init(image: String, at path: String, mebibytes: Int64, place: TemporaryDirectory?) throws {
        (self.image, self.path, self.place) = (image, path, place)
        try Descriptor.open(image, [.readWrite, .create, .exclusive], mode: 0o600).truncate(to: mebibytes << 20)
        // So few inodes that a test can take them all.
        try Self.run(["/sbin/mkfs.ext4", "-q", "-F", "-m", "0", "-b", "4096", "-N", "4000", "-E", "lazy_itable_init=0", image])
        do throws(SystemError) { try Descriptor.workingDirectory.makeDirectory(path, mode: 0o755) } catch { if !error.alreadyExists { throw error } }
        try mount()
    }

    /// One that is there already.
    public init(mounted path: String) { (self.image, self.path, place) = ("", path, nil) }

    deinit { if place != nil { remove() } }

    @discardableResult
    private static func run(_ words: [String], accepting statuses: ClosedRange<Int32> = 0...0) throws -> String {
        let result = try Command(words).run(seconds: 60)
        guard statuses.contains(result.status) else { throw SystemError(words[0], words.last ?? "", errno: EIO, detail: "\(result)") }
        return result.output
    }

    public func mount() throws {
        let loop = try LoopDevice.attach(try Descriptor.open(image, .readWrite))
        try Mount.mount(loop.path, at: path, type: "ext4", data: "errors=remount-ro")
        loop.descriptor.close()
    }

    /// Waits until nothing uses it any more.
    public func unmount() throws {
        stopWriting()
        var last = ""
        let done = poll(seconds: 20) {
            do throws(SystemError) {
                try Mount.detach(path)
                return true
            } catch {
                last = "\(error)"
                return nil
            }
        }
        if done != true { throw TestDaemon.Failure(description: last) }
    }

    /// Unmounts it. What still has it open keeps it until its end.
    public func remove() {
        stopFilling()
        try? Mount.detach(path, lazily: true)
        place?.remove()
    }

    // MARK: Filling it

    private static let filler = "filler"
    private static let block = [UInt8](repeating: 7, count: 1 << 20)

    /// Takes every byte that is free, once.
    ///
    /// - Parameter name: of the file that takes them.
    public func fillOnce(_ name: String = "filler") throws {
        let file = try Descriptor.open("\(path)/\(name)", [.writeOnly, .create, .append], mode: 0o600)
        while try Self.write(file) {}
        try file.synchronize()
    }

    /// Writes a file until the disk takes nothing more, and goes on at every byte that becomes free, as fast as it can, until `stopFilling`.
    public func fill() throws {
        let file = try Descriptor.open("\(path)/\(Self.filler)", [.writeOnly, .create, .append], mode: 0o600)
        while try Self.write(file) {}
        filling.isOn.withLock { $0 = true }
        let thread = FillingThread { [filling] in
            while filling.isOn.withLock({ $0 }) { if (try? Self.write(file)) != true { sleepBlocking(nanoseconds: 200_000) } }
        }
        thread.start()
    }

    /// False when not one byte fits.
    private static func write(_ file: Descriptor) throws -> Bool {
        for size in [block.count, 1 << 16, 4096, 1] {
            do throws(SystemError) {
                try file.write(Array(block.prefix(size)))
                return true
            } catch { guard error.errno == ENOSPC else { throw error } }
        }
        return false
    }

    /// Takes every inode that is free.
    public func fillInodes(_ name: String = "filler-inodes") throws {
        let directory = try Descriptor.open(path, [.readOnly, .directory]).makeAndOpenDirectory(name, mode: 0o700)
        for number in 0... {
            do throws(SystemError) { _ = try directory.open(at: "\(number).log", [.writeOnly, .create], mode: 0o600) } catch {
                guard error.errno == ENOSPC else { throw error }
                return
            }
        }
    }

    /// Stops, and leaves the disk full.
    public func stopWriting() { filling.isOn.withLock { $0 = false } }

    /// Stops and gives the room back, bytes and inodes.
    public func stopFilling() {
        stopWriting()
        guard let root = try? Descriptor.open(path, [.readOnly, .directory]) else { return }
        if let file = try? root.open(at: Self.filler, [.writeOnly, .truncate]) {
            try? file.synchronize()
            try? root.unlink(Self.filler)
        }
        _ = try? removeTree(at: root, "\(Self.filler)-inodes")
    }

    // MARK: Breaking it

    /// An error of the disk: the file system turns read-only by itself.
    public func fail() throws {
        let device = try Self.run(["findmnt", "--noheadings", "--output", "SOURCE", path]).split(separator: "/").last.map {
            $0.filter { !$0.isWhitespace }
        }
        try Descriptor.open("/sys/fs/ext4/\(device ?? "")/trigger_fs_error", [.writeOnly]).write("test")
    }

    /// Mends the unmounted file system, as an administrator would.
    public func repair() throws { try Self.run(["e2fsck", "-fy", image], accepting: 0...1) }
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
