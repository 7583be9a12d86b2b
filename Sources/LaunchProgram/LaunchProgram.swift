/// All that happens between a start and the job's exec, compiled by `berthd`. The launcher decides nothing: it executes.
///
///     launcher or a forked helper            PID 1 (cloned)                       job's process (cloned by PID 1)
///     mkdirat run directory, files           "0" to `taskFiles`
///     hostOperations                         unshare cgroup namespace
///     clone3 into `group` ───────────────►   clone3 into `jobGroup` ──────────►   "0" to `jobTaskFiles`
///     maps, `cloned` stamp, go ──────────►   mapped 0, setsid                     waits
///     answers `started`                      containerOperations
///                                            three ids, CAP_KILL alone
///                                            go ──────────────────────────────►   streams, jobOperations, exec
///                                            answers `running` or `failed`
public struct LaunchProgram: Equatable, Sendable {
    /// The version this code writes and the only one it reads.
    public static let version: UInt16 = 3

    /// Name of the attempt's run directory below the run root; no slash. Making it is the start: at most once.
    public var runDirectory: ByteString
    /// Name of its groups, for the stamp.
    public var groupName = ByteString(bytes: [])
    /// The number of the spare that becomes its PID 1; 0 to clone one. Then `namespaces`, `owner`, `group` and `taskFiles` were the spare's, and the container
    /// operations begin with the root.
    public var spare: UInt64 = 0
    /// PID 1 answers `prepared` when only the job's exec is left, and goes on with one byte on the answer socket; at its end of file the start
    /// never happened. For a start that is made ready before it is decided.
    public var waitsForGo = false
    /// Where the log is made instead of in the run directory: a directory that only root can enter.
    public var logDirectory: DescriptorIndex?
    /// Namespaces to make.
    public var namespaces: NamespaceSet = .all
    /// The host's id in whose name the user namespace is made: what is used in it of the kernel's bounds for each user (inotify instances, message
    /// queues, pending signals) counts for this one too (user_namespaces(7)).
    public var owner: UInt32 = 0
    /// The uid map; at most 340 extents (user_namespaces(7)).
    public var uidMap: [IDMapExtent] = []
    /// The gid map.
    public var gidMap: [IDMapExtent] = []
    /// A v2 group's directory that PID 1 is cloned into.
    public var group: DescriptorIndex?
    /// Opened v1 `tasks` files; PID 1 writes `0` to each.
    public var taskFiles: [DescriptorIndex] = []
    /// The v2 group `job` below it that the job is cloned into.
    public var jobGroup: DescriptorIndex?
    /// v1: opened `tasks` of the freezer's `job` group, where v2 cannot freeze.
    public var jobTaskFiles: [DescriptorIndex] = []
    /// Whose rights open paths on the host.
    public var submitter: Identity
    /// Ids of PID 1 inside.
    public var monitorIDs = MonitorIDs()
    /// Executed first, in the host's namespaces.
    public var hostOperations: [HostOperation] = []
    /// Executed by PID 1 in the new namespaces.
    public var containerOperations: [ContainerOperation] = []
    /// Executed by the job's own process before its exec.
    public var jobOperations: [JobOperation] = []
    /// Standard streams.
    public var streams: JobStreams = .pipes(input: .null, output: .log, error: .log)
    /// Who owns the job's pipes, FIFO and terminal, as ids inside, so that it can open /dev/stdout again.
    public var streamOwner: Identity
    /// Bounds of the log files.
    public var logLimits = LogLimits(head: 8 << 20, tail: 4 << 20)
    /// Capabilities (one bit each) that the job loses from all its sets when a bind could not be id-mapped and became `plain`: with them it could
    /// act as another id there (contract §7).
    public var withoutIDMapDropsCapabilities: UInt64 = 0
    /// What is executed.
    public var command: JobCommand

    /// A program with nothing to do yet.
    public init(runDirectory: ByteString, submitter: Identity, streamOwner: Identity, command: JobCommand) {
        self.runDirectory = runDirectory
        self.submitter = submitter
        self.streamOwner = streamOwner
        self.command = command
    }
}

/// Names of the files in an attempt's run directory.
public enum RunFile {
    /// `ClonedStamp` of JobLog: PID 1 was cloned.
    public static let cloned: ByteString = "cloned"
    /// Stands from before PID 1 is dumped until the restored one is in `cloned`: meanwhile PID 1's end is not the job's. It holds the seconds since
    /// boot when it was made, as text.
    public static let dumped: ByteString = "dumped"
    /// `dumped`, once it is over.
    public static let restored: ByteString = "restored"
    /// `ExitRecord` of JobLog, preallocated with zeros.
    public static let record: ByteString = "record"
    /// FIFO of `ControlMessage`s to PID 1.
    public static let control: ByteString = "control"
    /// FIFO that is the job's standard input with `JobInput.fifo`.
    public static let input: ByteString = "stdin"
    /// What the job prints, in the format of JobLog.
    public static let log: ByteString = "log"
}
