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
    public var taskFiles: [DescriptorIndex] = []
    public var jobGroup: DescriptorIndex?
    public var jobTaskFiles: [DescriptorIndex] = []
    public var jobOperations: [JobOperation] = []
    public var streams: Streams
    public var streamOwner: Identity
    public var command: JobCommand

    /// A program without groups and operations.
    public init(monitor: DescriptorIndex, streams: Streams, streamOwner: Identity, command: JobCommand) {
        self.monitor = monitor
        self.streams = streams
        self.streamOwner = streamOwner
        self.command = command
    }
}
