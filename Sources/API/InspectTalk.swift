/// What the daemon asks of `berth-helper inspect`.
///
///     berthd                                   berth-helper inspect
///       │ spawn: the job's cgroup.procs, socket, with a core its pipe │
///       │ ◄── lines: `doing` … "looked" ─────────────┤  where each thread waits, while the job runs
///       ├─ freezes the job ── "frozen" or "running" ─►│
///       │ ◄── lines: processes, notes … "done" ──────┤  what may be stuck comes last; the core, if wanted, goes down the pipe
///       ├─ thaws the job; ends the helper            │
///
/// A line is one `InspectLine` in JSON. What came is used even when the helper has to be killed before it is done.
public struct InspectOrder: Hashable, Sendable, Codable {
    public static let version = 1

    public var version = Self.version
    /// Where `/proc/PID/cgroup` has to say that a process is, for it to be the job's: in which hierarchy (a controller's name of v1, empty for
    /// v2), and its path.
    public var controller: String
    public var groupPath: String
    /// After so long the helper reads nothing more and says what it has left out, in milliseconds.
    public var milliseconds: UInt64
    /// The memory of one process is wanted.
    public var core = false
    /// Which, by its number inside; nil: the first.
    public var process: Int32?

    public init(controller: String, groupPath: String, milliseconds: UInt64) {
        self.controller = controller
        self.groupPath = groupPath
        self.milliseconds = milliseconds
    }
}

/// One line of what the helper says; each has one field.
public struct InspectLine: Hashable, Sendable, Codable {
    /// What it is about to read, in case that is its last word.
    public var doing: String?
    public var looked: Bool?
    public var process: InspectedProcess?
    /// The words of one that came before.
    public var command: Words?
    public var processesOmitted: Int?
    public var note: String?
    /// The core cannot be had: the whole is refused with this line.
    public var refusal: String?
    public var done: Bool?

    public init() {}

    public struct Words: Hashable, Sendable, Codable {
        public var hostID: Int32
        public var words: [String]
        public init(hostID: Int32, words: [String]) {
            self.hostID = hostID
            self.words = words
        }
    }

    /// The longest that is read, in bytes, and of all together.
    public static let sizeLimit = 4 << 20
    public static let sizeLimitOfAll = 64 << 20
}

/// The last note of a core file of Berth's: what is not in it, as text with a line each. Always this long, so that it can be found from the end.
public enum CoreTrailer {
    /// Of the whole note: its head (12 bytes), name (8) and text.
    public static let size = 4096
    public static let name = "BERTH"
    /// `BRTH`.
    public static let type: UInt32 = 0x4252_5448
    static let head = 12 + 8

    /// The note's bytes (elf(5), Elf64_Nhdr); text that does not fit is cut.
    public static func encode(_ lines: [String]) -> [UInt8] {
        let room = size - head
        var text = Array(lines.joined(separator: "\n").utf8.prefix(room - 1))
        while let last = text.last, last & 0xC0 == 0x80 || last & 0x80 != 0, text.count == room - 1 { text.removeLast() }
        var bytes: [UInt8] = []
        for number in [UInt32(name.utf8.count + 1), UInt32(room), type] { withUnsafeBytes(of: number.littleEndian) { bytes += $0 } }
        bytes += Array(name.utf8) + [0, 0, 0]
        bytes += text
        return bytes + [UInt8](repeating: 0, count: size - bytes.count)
    }

    /// The lines at the end of a core file; nil when it does not end with such a note.
    public static func decode(_ end: some Collection<UInt8>) -> [String]? {
        guard end.count >= size else { return nil }
        let note = Array(end.suffix(size))
        guard Array(note[..<head]) == Array(encode([])[..<head]) else { return nil }
        return String(decoding: note[head...].prefix { $0 != 0 }, as: UTF8.self).split(separator: "\n").map(String.init)
    }
}
