/// Where the job's standard input comes from.
public enum JobInput: Equatable, Sendable {
    /// /dev/null inside the container.
    case null
    /// An opened file, given to the job as it is.
    case file(DescriptorIndex)
    /// The FIFO `stdin` of the run directory; its end is `ControlMessage.closeInput`.
    case fifo
}

/// Where PID 1 writes what the job prints.
public enum JobOutput: Equatable, Sendable {
    /// Frames in the attempt's log.
    case log
    /// An opened file, without frames.
    case file(DescriptorIndex)
}

/// Standard streams of a job.
public enum JobStreams: Equatable, Sendable {
    /// Pipes that PID 1 drains; one pipe when both outputs are the same file.
    case pipes(input: JobInput, output: JobOutput, error: JobOutput)
    /// A pseudo-terminal of the container's devpts, which has to be mounted at /dev/pts. PID 1 keeps the master, the daemon gets a duplicate with
    /// `running`. With `log`, PID 1 reads the master into the log and the daemon only writes to it; without it the daemon reads.
    case terminal(TerminalSize, log: Bool)
}

/// Bounds of the attempt's log in bytes of file, frame headers included.
public struct LogLimits: Equatable, Sendable {
    /// Largest size of the beginning.
    public var head: UInt64
    /// Largest size of each of the two ends, which are emptied in turn.
    public var tail: UInt64

    /// Limits in bytes; a part that cannot hold a frame takes nothing.
    public init(head: UInt64, tail: UInt64) {
        self.head = head
        self.tail = tail
    }
}
