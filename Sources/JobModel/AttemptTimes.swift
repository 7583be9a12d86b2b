/// The steps of an attempt from its submit to its end, in the order in which an ordinary one takes them. Commits go on beside the start, so an
/// attempt may pass some in another order.
public enum TimingStage: String, Hashable, Sendable, Codable, CaseIterable {
    /// Its job was checked and taken; of first attempts only, as the next.
    case accepted
    /// The submit is on disk.
    case stored
    /// The plan that chose it began.
    case chosen
    /// It has cores and memory.
    case placed
    /// That is on disk: it may start.
    case committed
    /// Its image and its scratch are there.
    case scratch
    /// Its groups are there, with their limits.
    case groups
    /// Its root is mounted, and all is known that the launcher needs.
    case root
    /// The launcher was asked.
    case sent
    /// The launcher has read the launch program.
    case received
    /// The run directory is made, the submitter's paths are open.
    case opened
    /// PID 1 is cloned with its namespaces, or a spare is taken.
    case cloned
    /// PID 1 is in its groups, with its ids; a spare was before.
    case joined
    /// The job's own process is cloned.
    case forked
    /// File systems and mounts stand.
    case mounted
    /// All is there but the exec.
    case ready
    /// It was told to go on.
    case released
    /// The job's first instruction.
    case executed
    /// The job's main process ended.
    case exited
    /// The daemon heard of it.
    case seen
    /// The exit record is read.
    case recorded
    /// Nothing of it runs any more, and its counters are read.
    case counted
    /// Its end is on disk.
    case ended

    private static let all = allCases
    var place: Int { Self.all.firstIndex(of: self) ?? 0 }
}

/// When an attempt passed its steps.
public struct AttemptTimes: Sendable {
    /// Nanoseconds of the boot clock; 0: not known.
    private var times = InlineArray<23, Int64>(repeating: 0)
    /// Its PID 1 was cloned ahead; nil: not known.
    public var usedSpare: Bool?

    public init() {}

    public subscript(stage: TimingStage) -> BootTime? {
        get { times[stage.place] > 0 ? BootTime(nanoseconds: times[stage.place]) : nil }
        set { times[stage.place] = newValue?.nanoseconds ?? 0 }
    }

    /// A start that came to nothing begins anew: of its steps only the last try's count.
    public mutating func beginStart() {
        for place in TimingStage.scratch.place...TimingStage.executed.place { times[place] = 0 }
        usedSpare = nil
    }

    /// Those that are known, in the order of time.
    public var passed: [(stage: TimingStage, at: BootTime)] {
        TimingStage.allCases.compactMap { stage in self[stage].map { (stage, $0) } }
            .sorted { ($0.1, $0.0.place) < ($1.1, $1.0.place) }
    }
}
