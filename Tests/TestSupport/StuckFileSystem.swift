import LinuxSys

/// A file system in user space (FUSE) that does not answer who looks for a file in it: that one waits where no signal and no freezer reaches it,
/// as with a dead network file system.
public final class StuckFileSystem: Sendable {
    /// Where it is mounted.
    public let path: String
    private let place: TemporaryDirectory
    private let server: RunningCommand

    /// Answers INIT and GETATTR by the kernel's protocol (include/uapi/linux/fuse.h), and LOOKUP only on a signal: SIGUSR1, there is no such
    /// file, or SIGUSR2, it is a directory. There is a file `readable` that can be opened and mapped; reads of it are not answered either.
    private static let script = #"""
        import ctypes, os, signal, struct, sys
        fd = os.open('/dev/fuse', os.O_RDWR)
        options = b'fd=%d,rootmode=40755,user_id=0,group_id=0,allow_other' % fd
        if ctypes.CDLL(None).mount(b'stuck', sys.argv[1].encode(), b'fuse.stuck', 6, options) != 0: sys.exit(1)
        print('mounted', flush=True)
        waiting = []
        reads = True
        def reply(unique, error, body=b''): os.write(fd, struct.pack('<IiQ', 16 + len(body), error, unique) + body)
        def answer(*_):
            global reads
            reads = False
            while waiting: reply(waiting.pop(), -2)
        def find(*_):
            while waiting: reply(waiting.pop(), 0, struct.pack('<4Q2I', 2, 0, 3600, 3600, 0, 0) + attributes)
        signal.signal(signal.SIGUSR1, answer)
        signal.signal(signal.SIGUSR2, find)
        attributes = struct.pack('<6Q10I', 1, 0, 0, 0, 0, 0, 0, 0, 0, 0o40755, 2, 0, 0, 0, 4096, 0)
        readable = struct.pack('<6Q10I', 3, 1 << 20, 2048, 0, 0, 0, 0, 0, 0, 0o100644, 1, 0, 0, 0, 4096, 0)
        while True:
            request = os.read(fd, 1 << 20)
            _, operation, unique, node = struct.unpack_from('<IIQQ', request)
            if operation == 26: reply(unique, 0, struct.pack('<4I2HII2H8I', 7, 31, 65536, 0, 12, 10, 65536, 1, 0, 0, *[0] * 8))
            elif operation == 3: reply(unique, 0, struct.pack('<QII', 3600, 0, 0) + (readable if node == 3 else attributes))
            elif operation == 1 and request[40:].startswith(b'readable\0'):
                reply(unique, 0, struct.pack('<4Q2I', 3, 0, 3600, 3600, 0, 0) + readable)
            elif operation == 14: reply(unique, 0, struct.pack('<QII', 1, 0, 0))
            elif operation == 15 and not reads: reply(unique, -5)
            elif operation in (1, 15):
                waiting.append(unique)
                print('waiting', flush=True)
            elif operation not in (2, 36, 42): reply(unique, -38)
        """#

    public init() throws {
        place = try TemporaryDirectory("stuck", mode: 0o755)
        path = try place.directory("mount")
        server = try Command(["/usr/bin/python3", "-c", Self.script, path]).start()
        let server = server
        guard poll(seconds: 20, { server.output.contains("mounted") ? true : nil }) == true else {
            throw TestDaemon.Failure(description: "no FUSE: \(server.errors)")
        }
    }

    /// Whether FUSE is there at all.
    public static let canRun = Programs.exists("/dev/fuse") && Programs.exists("/usr/bin/python3")

    /// Waits until somebody waits for an answer.
    public func isWaitedFor(within seconds: Double) -> Bool { poll(seconds: seconds) { server.output.contains("waiting") ? true : nil } ?? false }

    /// Answers all who wait: there is no such file. Reads fail from now on.
    public func answer() { server.signal(10) }

    /// Answers all who wait: what they look for is a directory.
    public func answerFound() { server.signal(12) }

    /// Ends it; who still waits gets an error.
    public func remove() {
        server.signal(9)
        _ = try? server.finish()
        try? Mount.detach(path, lazily: true)
        place.remove()
    }
}
