public import API
public import JobModel

/// What of the configuration the agent works by.
public struct AgentSettings: Sendable {
    /// Database, slots, logs, scratch.
    public var stateDirectory: String
    /// On tmpfs; run directories lie below it, named by the boot.
    public var runDirectory: String
    public var imageDirectory: String
    public var socketPath: String
    /// Where `berth-init` and `berth-helper` lie.
    public var initProgram: String
    public var helperProgram: String
    /// The seccomp profile's JSON.
    public var seccompProfile: String
    /// The name of Berth's group in every hierarchy.
    public var cgroupParent: String
    /// Ids that slots are cut from.
    public var slots: ClosedRange<UInt32>
    /// Whether the state directory is the machine's; a private one leases its slots.
    public var isMachineWide: Bool
    public var memoryThresholds = [80, 95]
    public var freezeTimeout = TimeSpan.seconds(10)
    /// How long the paths that a start opens for its user may take.
    public var startTimeout = TimeSpan.minutes(10)
    /// How long a look into a job may take, and the job stand still for it.
    public var inspectTimeout = TimeSpan.seconds(30)
    public var named: [NamedResource] = []
    public var preparedScratch = 4
    /// Starts under way at once.
    public var simultaneousStarts = 4
    /// PID 1s cloned ahead for each of the users whose jobs started last.
    public var spares = 2
    /// Further directories that no bind may touch, such as the configuration's.
    public var protectedDirectories: [String] = []
    public var imageLimits: (bytes: Bytes, files: Int)?
    /// On the state file system, for the database: no import may take it.
    public var keptFree = Bytes.zero
    /// What a backup that the daemon is started on says of the users' slots.
    public var restoredSlots: String?
    /// Why less is free beside the database's own part of the disk than should be; nil as a whole: it has none.
    public var reserveShortage: (@Sendable () -> String?)?
    /// How that part stands, for the doctor.
    public var reserveCheck: @Sendable () -> DoctorCheck? = { nil }

    public init(
        stateDirectory: String, runDirectory: String, imageDirectory: String, socketPath: String, initProgram: String, helperProgram: String,
        seccompProfile: String, cgroupParent: String, slots: ClosedRange<UInt32>, isMachineWide: Bool
    ) {
        self.stateDirectory = stateDirectory
        self.runDirectory = runDirectory
        self.imageDirectory = imageDirectory
        self.socketPath = socketPath
        self.initProgram = initProgram
        self.helperProgram = helperProgram
        self.seccompProfile = seccompProfile
        self.cgroupParent = cgroupParent
        self.slots = slots
        self.isMachineWide = isMachineWide
    }
}
