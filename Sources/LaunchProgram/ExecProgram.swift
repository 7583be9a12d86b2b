/// A further process in a running job: `berth exec`.
public struct ExecProgram: Equatable, Sendable {
    /// Standard streams of the process.
    public enum Streams: Equatable, Sendable {
        /// Descriptors given to it as they are.
        case descriptors(input: DescriptorIndex, output: DescriptorIndex, error: DescriptorIndex)
        /// A terminal of the container's devpts; its master comes with `running`.
        case terminal(TerminalSize)
    }

    /// A pidfd of PID 1.
    public var monitor: DescriptorIndex
    /// Namespaces to enter.
    public var namespaces: NamespaceSet = .all
    /// The attempt's v2 group, `taskFiles`, the `job` group below: as in `LaunchProgram`.
    public var group: DescriptorIndex?
    /// Opened v1 `tasks` files of the attempt's groups.
    public var taskFiles: [DescriptorIndex] = []
    /// The v2 group `job`, which the process is cloned into.
    public var jobGroup: DescriptorIndex?
    /// Opened `tasks` of the v1 freezer's group `job`.
    public var jobTaskFiles: [DescriptorIndex] = []
    /// As in `LaunchProgram`; what PID 1 has not in its bounding set is taken out.
    public var jobOperations: [JobOperation] = []
    /// Its standard streams.
    public var streams: Streams
    /// Who owns its terminal, as ids inside.
    public var streamOwner: Identity
    /// What is executed.
    public var command: JobCommand

    /// A program without groups and operations.
    public init(monitor: DescriptorIndex, streams: Streams, streamOwner: Identity, command: JobCommand) {
        self.monitor = monitor
        self.streams = streams
        self.streamOwner = streamOwner
        self.command = command
    }
}
