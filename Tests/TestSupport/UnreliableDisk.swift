import LinuxSys
import Synchronization

/// A disk with a cache that a power cut loses, and that can be made slow: an ext4 on a loop device on a file that a FUSE server holds in memory.
///
///     ext4 ── loop device ── FUSE ── what was written since the last flush ──flush──► what a power cut leaves
///
/// At a cut, of the blocks written since the last flush any may have reached the disk or not, and one may be torn between two sectors.
public final class UnreliableDisk: Sendable {
    /// Where its file system is mounted.
    public let path: String
    private let place: TemporaryDirectory
    private let guardian: Guardian
    private let server: RunningCommand
    private let device = Mutex("")
    private let orders = Mutex(0)

    /// Answers the kernel by its protocol (include/uapi/linux/fuse.h); the mount's root is the file itself. Orders come through a FIFO.
    private static let script = #"""
        import ctypes, os, random, select, struct, sys, time
        path, fifo, size, block = sys.argv[1], sys.argv[2], int(sys.argv[3]), 4096
        fuse = os.open('/dev/fuse', os.O_RDWR)
        if ctypes.CDLL(None).mount(b'disk', path.encode(), b'fuse.disk', 6, b'fd=%d,rootmode=100600,user_id=0,group_id=0' % fuse): sys.exit(1)
        orders = os.open(fifo, os.O_RDWR)
        print('mounted', flush=True)
        durable, current, since, left = {}, {}, [], {}
        zero, generation, delay = bytes(block), 0, 0.0
        def reply(unique, error, body=b''):
            try: os.write(fuse, struct.pack('<IiQ', 16 + len(body), error, unique) + body)
            except OSError: pass
        def attributes(): return struct.pack('<QII', 3600, 0, 0) + struct.pack('<6Q10I', 1, size, size // 512, 0, 0, 0, 0, 0, 0, 0o100600, 1, 0, 0, 0, block, 0)
        def read(offset, count):
            first = offset // block
            data = b''.join(current.get(n, zero) for n in range(first, (offset + count + block - 1) // block))
            return data[offset - first * block:][:count]
        def write(offset, data):
            first, last = offset // block, (offset + len(data) + block - 1) // block
            whole = read(first * block, offset - first * block) + data + read(offset + len(data), last * block - offset - len(data))
            for n in range(first, last):
                piece = bytes(whole[(n - first) * block:(n - first + 1) * block])
                current[n] = piece
                since.append((n, piece))
        def flush():
            durable.update(since)
            since.clear()
        def cut(seed):
            chance, image = random.Random(seed), dict(durable)
            kept = chance.choice([0, 0.3, 0.7, 1])
            for n, piece in since:
                if chance.random() >= kept: continue
                sector = 512 * chance.randrange(8) if chance.random() < 0.1 else block
                image[n] = piece[:sector] + image.get(n, zero)[sector:]
            return image
        def obey(line):
            global durable, current, since, left, generation, delay
            words = line.split()
            if words[1] == 'delay': delay = float(words[2])
            if words[1] == 'cut': left = cut(int(words[2]))
            if words[1] == 'restore': durable, current, since, generation = dict(left), dict(left), [], generation + 1
            print('done', words[0], time.clock_gettime_ns(time.CLOCK_BOOTTIME), flush=True)
        while True:
            ready, _, _ = select.select([fuse, orders], [], [])
            if orders in ready:
                for line in os.read(orders, 4096).decode().splitlines(): obey(line)
            if fuse not in ready: continue
            try: request = os.read(fuse, 1 << 21)
            except OSError: sys.exit(0)
            _, operation, unique = struct.unpack_from('<IIQ', request)
            if operation == 26: reply(unique, 0, struct.pack('<4I2HII2H8I', 7, 31, 1 << 20, 1 << 22 | 1 << 5, 12, 10, 1 << 20, 1, 256, 0, *[0] * 8))
            elif operation in (3, 4): reply(unique, 0, attributes())
            elif operation == 14: reply(unique, 0, struct.pack('<QIi', generation, 1, 0))
            elif operation == 15:
                _, offset, count = struct.unpack_from('<QQI', request, 40)
                reply(unique, 0, read(offset, min(count, size - offset)))
            elif operation == 16:
                handle, offset, count = struct.unpack_from('<QQI', request, 40)
                # What the machine that lost its power had still in its own memory never comes.
                if handle == generation: write(offset, request[80:80 + count])
                reply(unique, 0, struct.pack('<II', count, 0))
            elif operation in (18, 20, 25):
                if operation == 20 and struct.unpack_from('<Q', request, 40)[0] == generation:
                    if delay: time.sleep(delay)
                    flush()
                reply(unique, 0)
            elif operation not in (2, 36, 42): reply(unique, -38)
        """#

    /// Whether FUSE and loop devices are there.
    public static let canRun = StuckFileSystem.canRun && Programs.exists("/dev/loop-control") && Programs.exists("/usr/sbin/mkfs.ext4")

    /// Makes the disk with an empty file system and mounts it.
    ///
    /// - Parameter options: further ones of `mkfs.ext4`.
    public init(mebibytes: Int = 512, options: [String] = []) throws {
        place = try TemporaryDirectory("disk", mode: 0o755)
        guardian = try Guardian(place: place, runPlace: place, groupParent: "berth-no-group")
        path = try place.directory("state")
        try place.write("file", "", mode: 0o600)
        try Command(["mkfifo", place("orders")]).run()
        let server = try Command(["/usr/bin/python3", "-c", Self.script, place("file"), place("orders"), "\(mebibytes << 20)"]).start()
        self.server = server
        guard poll(seconds: 20, { server.output.contains("mounted") ? true : nil }) == true else {
            throw TestDaemon.Failure(description: "no FUSE: \(server.errors)")
        }
        try attach()
        let usual = ["-q", "-b", "4096", "-E", "nodiscard,lazy_itable_init=0,lazy_journal_init=0"]
        try Self.run(["mkfs.ext4"] + usual + options + [device.withLock { $0 }])
        try mount()
    }

    private static func run(_ words: [String]) throws {
        let result = try Command(words).run()
        guard result.status == 0 else { throw TestDaemon.Failure(description: "\(result)") }
    }

    private func attach() throws {
        let result = try Command(["losetup", "--find", "--show", place("file")]).run()
        guard result.status == 0 else { throw TestDaemon.Failure(description: "\(result)") }
        device.withLock { $0 = result.line }
    }

    private func mount() throws { try Self.run(["mount", "-t", "ext4", "-o", "noatime", device.withLock { $0 }, path]) }

    /// Has to have no users any more.
    private func unmount() throws {
        let isUnmounted: Bool? = try poll(seconds: 30) { try Command(["umount", path]).run().status == 0 ? true : nil }
        if isUnmounted == nil { throw TestDaemon.Failure(description: "\(path) is busy") }
        try Command(["losetup", "--detach", device.withLock { $0 }]).run()
    }

    /// Returns when it was obeyed, on the boot clock.
    @discardableResult
    private func order(_ words: String) throws -> UInt64 {
        let number = orders.withLock { number in
            number += 1
            return number
        }
        try Descriptor.open(place("orders"), [.writeOnly]).write("\(number) \(words)\n")
        let answer: UInt64? = poll(seconds: 60, every: 5) {
            let line = server.output.split(separator: "\n").last { $0.hasPrefix("done \(number) ") }
            return line?.split(separator: " ").last.flatMap { UInt64($0) }
        }
        guard let answer else { throw TestDaemon.Failure(description: "the disk does not answer: \(server.errors)") }
        return answer
    }

    /// Keeps what a power cut at this moment would leave, and returns the moment on the boot clock; the disk works on.
    public func cutPower(seed: UInt64) throws -> UInt64 { try order("cut \(seed)") }

    /// The disk as the last cut left it, mounted as after a boot. What used it has to be gone.
    public func restore() throws {
        try unmount()
        try order("restore")
        try attach()
        try mount()
    }

    /// How long each flush takes from now on.
    public func delayFlushes(seconds: Double) throws { try order("delay \(seconds)") }

    /// Unmounts and removes everything.
    public func remove() throws {
        try order("delay 0")
        try unmount()
        server.signal(9)
        _ = try? server.finish()
        try? Mount.detach(place("file"), lazily: true)
        place.remove()
        guardian.dismiss()
    }
}
