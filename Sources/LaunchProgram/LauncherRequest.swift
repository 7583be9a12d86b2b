/// One SEQPACKET packet to the launcher, which is started as `berth-init launcher RUN-ROOT` with its end of a socketpair as
/// descriptor 3. Each carries descriptors by SCM_RIGHTS: first the **answer socket**, one end of a SEQPACKET
/// socketpair made for this request, then what the request names. All answers (`LauncherAnswer`) go there; its end of file without a final
/// answer means that the process died. The launcher's own socket carries one answer only: `ready`, once the lock is held.
///
///     berthd                               launcher                PID 1 / exec's parent
///       ◄─ ready ──────────────────────────┤
///       ├─ start [answer, memfd, table…] ─►│
///       ◄═ started(pid) [pidfd] ═══════════┤ clone3 ─────────────►│
///       ◄═ prepared or failed(…) ═════════════════════════════════┤ a start: all is ready but the job's exec
///       ├─ go ═══════════════════════════════════════════════════►│
///       ◄═ running(time, pid) [master] or failed(…) ══════════════┤
///       ◄═ exited(status) ════════════════════════════════════════┤ a start: the record is written
public enum LauncherRequest: Equatable, Sendable {
    /// Starts a job. Descriptors: answer socket, a file with the encoded `LaunchProgram`, then its table.
    case start
    /// Clones a PID 1 ahead. Descriptors: answer socket, a file with the encoded `SpareProgram`, then its table.
    case prepare
    /// Ends a spare that is not needed any more. No descriptors, no answer.
    case discard(number: UInt64)
    /// Starts a process in a running job. Descriptors: answer socket, a file with the encoded `ExecProgram`, then its table.
    case execute
    /// Makes a user namespace to id-map mounts with. Descriptors: answer socket. Answer: `descriptor`.
    case userNamespace(uidMap: [IDMapExtent], gidMap: [IDMapExtent])
    /// Builds an overlay where the kernel takes no layers by descriptor. Descriptors: answer socket, then its table. Answer: `descriptor`.
    case stagedOverlay(StagedOverlay)
    /// Descriptors that stand before those of the next packet, which is no `moreDescriptors` (SCM_MAX_FD).
    case moreDescriptors
}

/// An overlay built in a private mount namespace of one process; the detached mount outlives it.
public struct StagedOverlay: Equatable, Sendable {
    /// Detached mounts of the layers, uppermost first.
    public var layers: [DescriptorIndex]
    /// A detached mount whose root holds the directories `upper` and `work`: attached on the staging file system too, because overlayfs wants
    /// both by path and on one mount. Nil: a read-only overlay.
    public var scratch: DescriptorIndex?
    /// Further options.
    public var options: [FilesystemMount.Option]
    /// Attributes of the overlay's mount.
    public var attributes: MountAttributes
    /// Uses `lowerdir=` at once, without trying `lowerdir+` before.
    public var joinedLayers: Bool

    /// An overlay of the layers.
    public init(
        layers: [DescriptorIndex], scratch: DescriptorIndex? = nil,
        options: [FilesystemMount.Option] = [], attributes: MountAttributes = [], joinedLayers: Bool = false
    ) {
        self.joinedLayers = joinedLayers
        self.layers = layers
        self.scratch = scratch
        self.options = options
        self.attributes = attributes
    }
}

/// An answer on a request's own socket.
public enum LauncherAnswer: Equatable, Sendable {
    /// On the launcher's socket: the lock is held, requests are taken.
    case ready(version: UInt16)
    /// A helper opens the submitter's paths, which may take for ever; its host pid. With its pidfd.
    case helping(pid: Int32)
    /// PID 1, or exec's process, was cloned; its host pid. With its pidfd.
    case started(pid: Int32, LauncherTimes = LauncherTimes())
    /// The exec succeeded at this time of the boot clock. With the terminal's master if there is one. `pid` is the job's as PID 1 sees it;
    /// for exec the host's.
    case running(bootNanoseconds: UInt64, pid: Int32)
    /// An operation failed; final.
    case failed(LaunchFailure)
    /// A spare waits for its job; final. Or a start waits for its go.
    case prepared(MonitorTimes = MonitorTimes())
    /// Exec's process or the job ended with this wait status, and a job's record is written; final.
    case exited(waitStatus: Int32)
    /// With the descriptor that was asked for; final.
    case descriptor
}

/// When the launcher had done its part of a start: nanoseconds of the boot clock; 0 where there is no such step.
public struct LauncherTimes: Equatable, Sendable {
    /// The launch program was read.
    public var received: UInt64 = 0
    /// The run directory was made, the submitter's paths were opened.
    public var opened: UInt64 = 0
    /// PID 1 was cloned with its namespaces, or a spare taken, and stamped.
    public var cloned: UInt64 = 0

    /// Of no start.
    public init() {}
}

/// When PID 1 had done its part of a start, in the same way.
public struct MonitorTimes: Equatable, Sendable {
    /// It was in its groups, with its ids; 0 of a spare, which was so before.
    public var joined: UInt64 = 0
    /// The job's own process was cloned.
    public var forked: UInt64 = 0
    /// Root, file systems and mounts stood.
    public var mounted: UInt64 = 0
    /// It waited for its go.
    public var ready: UInt64 = 0

    /// Of no start.
    public init() {}
}

/// What failed in a launch.
public struct LaunchFailure: Equatable, Hashable, Error, Sendable {
    /// Where in the launch.
    public enum Stage: UInt8, Equatable, Sendable {
        /// Receiving and decoding; errno is EBADMSG, `index` a `DecodeError`.
        case request = 1
        /// Making the run directory: EEXIST means that this attempt was started before.
        case runDirectory
        case hostOperation
        /// clone3, maps, stamp.
        case clone
        /// Groups, ids and signals of PID 1.
        case monitor
        case containerOperation
        /// Cloning the job's process, its streams.
        case job
        case jobOperation
        case exec
        /// Entering the namespaces of a running job.
        case enter
        case stagedOverlay
        case userNamespace
        /// There is no such spare (any more): nothing of the job happened.
        case spare
    }

    /// Where it failed.
    public var stage: Stage
    /// Place of the operation in its list.
    public var index: UInt16
    /// The kernel's error number.
    public var errno: Int32
    /// What it was tried on, such as `mount proc on /proc`.
    public var detail: ByteString

    /// An overlay of the layers.
    public init(stage: Stage, index: UInt16 = 0, errno: Int32, detail: ByteString) {
        self.stage = stage
        self.index = index
        self.errno = errno
        self.detail = detail
    }
}

/// One message in the `control` FIFO; 16 bytes, written at once, so that messages of several writers do not mix (pipe(7)).
public enum ControlMessage: Equatable, Sendable {
    /// Sends a signal to the job's main process.
    case signalMain(UInt8)
    /// Sends a signal to every process in the job but PID 1.
    case signalAll(UInt8)
    /// Changes the terminal's size; the job gets SIGWINCH.
    case resize(TerminalSize)
    /// Ends the job's standard input.
    case closeInput
    /// PID 1 executes itself anew from /.berth/init, unless it did so before, and becomes dumpable, so that CRIU can dump it. The job must be
    /// frozen until `goOn` has taken effect.
    case prepareDump
    /// After a dump or a restore: PID 1 is not dumpable any more. No signal, because one from inside may be pending and hide that from outside.
    case goOn
    /// Before the `goOn` of a restored PID 1: what those of its processes that were in the dump had used until then, of one counter of the exit
    /// record, by its number there. What restored them begins to count anew.
    case usedBefore(counter: UInt16, UInt64)
}
