internal import CLinux
internal import LaunchProgram

/// The roles of `berth-init`: `launcher RUN-ROOT`, `monitor NUMBERS…` (PID 1 after its own exec), `version`.
public enum InitProgram {
    /// Descriptor of the launcher's socket.
    private static let socket: Int32 = 3

    /// The whole program; its exit status.
    public static func run() -> Int32 {
        var words: [ByteString] = []
        while let word = linux_argument(Int32(truncatingIfNeeded: words.count)) { words.append(ByteString(cString: word)) }
        switch words.dropFirst().first {
        case ByteString("launcher") where words.count == 3: return launch(runRoot: words[2])
        case ByteString("monitor"): Monitor.resume(arguments: Array(words.dropFirst(2)))
        case ByteString("version") where words.count == 2:
            say("berth-init, launch program version " + ByteString(number: Int(LaunchProgram.version)), to: 1)
            return 0
        default:
            say("usage: berth-init launcher RUN-ROOT | version", to: 2)
            return 2
        }
    }

    private static func launch(runRoot: ByteString) -> Int32 {
        do throws(Fault) {
            var loop = try LauncherLoop(socket: socket, runRoot: runRoot)
            loop.run()
        } catch {
            say("berth-init: " + error.detail + ": error " + ByteString(number: Int(error.errno)), to: 2)
            return 1
        }
    }

    private static func say(_ text: ByteString, to descriptor: Int32) {
        _ = writeOnce((text + "\n").bytes, to: descriptor)
    }
}
