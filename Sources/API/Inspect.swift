public import JobModel

/// `GET /v1/jobs/{job}/inspect`: what the processes of a running job do at this moment; with `core` the memory of one of them.
///
/// Without `core` the reply is an `InspectReply`. With it, it is `application/octet-stream`: an ELF core file (core(5)) whose last
/// `CoreTrailer.size` bytes are a note of Berth's own that says what is not there. A stream that ends without it is not whole.
public struct InspectRequest: QueryRequest {
    /// Of an array; required there.
    public var index: TaskIndex?
    /// Nil: the newest; another than the one that runs is refused.
    public var attempt: UInt32?
    public var core = false
    /// Of `core`: which process, by its number inside the job; nil: the job's first.
    public var process: Int32?
    /// Look without freezing the job: its processes run on meanwhile, and what is shown is not of one moment.
    public var running = false

    public init(index: TaskIndex? = nil, attempt: UInt32? = nil) {
        self.index = index
        self.attempt = attempt
    }

    public init(query: Query) throws(APIError) {
        index = try query.value("index", accepted: "an index of the array") { TaskIndex($0) }
        attempt = try query.value("attempt", accepted: "a number from 1") { UInt32($0) }
        core = query.flag("core")
        process = try query.value("process", accepted: "the number of a process inside the job") { Int32($0).flatMap { $0 > 0 ? $0 : nil } }
        running = query.flag("running")
    }

    public var query: Query {
        var query = Query()
        query.add("index", index)
        query.add("attempt", attempt)
        query.add(flag: "core", core)
        query.add("process", process)
        query.add(flag: "running", running)
        return query
    }
}

/// The processes of an attempt, as they stood. All texts in it are the job's: whoever prints them makes them harmless first.
public struct InspectReply: Hashable, Sendable, Codable {
    public var version = APIVersion.current
    public var attempt: AttemptID
    public var takenAt: WallTime
    /// All of it is of one moment, in which the job stood still.
    public var frozen: Bool
    /// How long it stood still for this, in microseconds; nil when it ran on or was paused anyway.
    public var frozenMicroseconds: UInt64?
    /// The job's control group.
    public var group: String
    /// In the order of their start.
    public var processes: [InspectedProcess]
    /// Processes beyond `InspectLimit.processes`.
    public var processesOmitted: Int?
    /// What could not be read, and why; a line each.
    public var notes: [String]

    public init(attempt: AttemptID, takenAt: WallTime, frozen: Bool, group: String, processes: [InspectedProcess] = [], notes: [String] = []) {
        self.attempt = attempt
        self.takenAt = takenAt
        self.frozen = frozen
        self.group = group
        self.processes = processes
        self.notes = notes
    }
}

/// One process of a job.
public struct InspectedProcess: Hashable, Sendable, Codable {
    /// Its number in the job's own pid namespace, and on the machine.
    public var id: Int32
    public var hostID: Int32
    /// Its parent's number inside; 0 or absent where that is outside.
    public var parent: Int32?
    /// The file name of its program or what it calls itself, at most 15 bytes.
    public var name: String
    /// `R`, `S`, `D`, `Z`, `T` …, as it was before the job was frozen.
    public var state: String
    /// On the machine.
    public var user: UInt32
    /// On the boot clock, in milliseconds.
    public var startedAt: UInt64
    public var cpuUserMilliseconds: UInt64
    public var cpuSystemMilliseconds: UInt64
    public var threads: [InspectedThread] = []
    public var threadsOmitted: Int?
    public var executable: String?
    public var workingDirectory: String?
    /// Its words; nil where they could not be read without danger.
    public var command: [String]?
    public var files: [InspectedFile] = []
    public var filesOmitted: Int?
    public var memory: InspectedMemory?

    public init(
        id: Int32, hostID: Int32, name: String, state: String, user: UInt32, startedAt: UInt64, cpuUserMilliseconds: UInt64,
        cpuSystemMilliseconds: UInt64
    ) {
        self.id = id
        self.hostID = hostID
        self.name = name
        self.state = state
        self.user = user
        self.startedAt = startedAt
        self.cpuUserMilliseconds = cpuUserMilliseconds
        self.cpuSystemMilliseconds = cpuSystemMilliseconds
    }
}

/// One thread, and where it waits.
public struct InspectedThread: Hashable, Sendable, Codable {
    /// Inside the job.
    public var id: Int32
    public var name: String
    /// Before the job was frozen.
    public var state: String
    /// Where it waits in the kernel, looked at just before the job was frozen; nil when it ran.
    public var waitsIn: String?
    /// The kernel's stack at the same look, the innermost first.
    public var kernelStack: [String] = []
    /// The call it is in; nil when it ran in its program.
    public var call: InspectedCall?
    /// The program counter and stack pointer; nil when it ran on a processor as it was looked at.
    public var programCounter: UInt64?
    public var stackPointer: UInt64?

    public init(id: Int32, name: String, state: String) {
        self.id = id
        self.name = name
        self.state = state
    }
}

/// A system call under way, with its six arguments as they stand in the registers.
public struct InspectedCall: Hashable, Sendable, Codable {
    public var number: Int64
    /// By the machine's table; nil when it has none of that number.
    public var name: String?
    public var arguments: [UInt64]
    public init(number: Int64, name: String?, arguments: [UInt64]) {
        self.number = number
        self.name = name
        self.arguments = arguments
    }
}

/// An open file.
public struct InspectedFile: Hashable, Sendable, Codable {
    public enum Kind: String, Hashable, Sendable, Codable, CaseIterable { case file, pipe, socket, anonymous }

    public var number: Int32
    public var kind: Kind
    /// As the kernel calls it: a path of the job, `pipe:[81]`, `anon_inode:[eventpoll]`.
    public var path: String
    public var position: UInt64?
    /// Of open(2).
    public var flags: UInt32?
    public var socket: InspectedSocket?

    public init(number: Int32, kind: Kind, path: String) {
        self.number = number
        self.kind = kind
        self.path = path
    }
}

/// A socket as the job's own network namespace lists it.
public struct InspectedSocket: Hashable, Sendable, Codable {
    /// `tcp`, `tcp6`, `udp`, `unix`, `netlink` …
    public var kind: String
    public var local: String?
    public var remote: String?
    /// `LISTEN`, `ESTABLISHED` …
    public var state: String?
    public init(kind: String, local: String? = nil, remote: String? = nil, state: String? = nil) {
        self.kind = kind
        self.local = local
        self.remote = remote
        self.state = state
    }
}

/// Sizes in bytes.
public struct InspectedMemory: Hashable, Sendable, Codable {
    public var resident: UInt64 = 0
    public var proportional: UInt64 = 0
    public var swapped: UInt64 = 0
    /// Of address space.
    public var mapped: UInt64 = 0
    /// How many mappings there are.
    public var mappings = 0
    /// Added up by what is mapped, the largest first.
    public var largest: [InspectedMapping] = []
    public var mappingsOmitted: Int?
    /// Each by itself, by address.
    public var maps: [InspectedRange] = []
    public var mapsOmitted: Int?
    public init() {}
}

/// One mapping (proc_pid_maps(5)).
public struct InspectedRange: Hashable, Sendable, Codable {
    public var start: UInt64
    /// Behind its last byte.
    public var end: UInt64
    /// `rwxp`; `s` in place of `p` is shared.
    public var rights: String
    /// In the file, in bytes.
    public var offset: UInt64
    public var what: String
    public var resident: UInt64
    public var swapped: UInt64
    public init(start: UInt64, end: UInt64, rights: String, offset: UInt64 = 0, what: String, resident: UInt64 = 0, swapped: UInt64 = 0) {
        self.start = start
        self.end = end
        self.rights = rights
        self.offset = offset
        self.what = what
        self.resident = resident
        self.swapped = swapped
    }
}

/// All mappings of one file, or of one kind.
public struct InspectedMapping: Hashable, Sendable, Codable {
    /// A path, `[heap]`, `[stack]`, `[anonymous]` …
    public var what: String
    public var mappings: Int
    public var mapped: UInt64
    public var resident: UInt64
    public var swapped: UInt64
    public init(what: String, mappings: Int = 0, mapped: UInt64 = 0, resident: UInt64 = 0, swapped: UInt64 = 0) {
        self.what = what
        self.mappings = mappings
        self.mapped = mapped
        self.resident = resident
        self.swapped = swapped
    }
}

/// Bounds of one `InspectReply`; what is beyond is counted, not shown.
public enum InspectLimit {
    public static let processes = 256
    /// In all.
    public static let threads = 2048
    /// Of one process, and in all.
    public static let files = 512
    public static let allFiles = 8192
    /// Of one process, largest first.
    public static let mappings = 24
    /// Each by itself: of one process, and in all.
    public static let maps = 1024
    public static let allMaps = 8192
    public static let kernelStack = 64
    /// Bytes of one text.
    public static let text = 4096
    /// Of one process.
    public static let words = 256
    /// Lines of notes.
    public static let notes = 100
    /// At once, of one user and in all; of one job there is one.
    public static let perUser = 2
    public static let inAll = 8
}
