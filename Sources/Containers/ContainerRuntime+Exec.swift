import LaunchProgram
public import Cgroups
public import JobModel
public import LinuxSys

/// Streams of a process started in a running container.
public enum ExecStreams: Sendable {
    case descriptors(input: Descriptor, output: Descriptor, error: Descriptor)
    case terminal(JobModel.TerminalSize)
}

/// A process started by `exec`: ends with its wait status.
public final class ExecProcess: Sendable {
    public let process: ProcessHandle
    /// The terminal's master, when it has one.
    public let master: Descriptor?
    private let exchange: Exchange

    init(process: ProcessHandle, master: Descriptor?, exchange: Exchange) {
        self.process = process
        self.master = master
        self.exchange = exchange
    }

    /// What a shell would say of its end: the exit code, or 128 + signal; nil when the launcher died with it unknown.
    public func status() async -> Int32? {
        while let (answer, _) = await exchange.next() {
            guard case .exited(let status) = answer else { continue }
            return status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f)
        }
        return nil
    }
}

extension ContainerRuntime {
    /// Starts a further process in a running container, in its groups and with rights derived from the job's spec again.
    public func execute(
        _ process: ContainerProcess, in container: Container, network: NetworkMode, groups: GroupEntry, streams: ExecStreams
    ) async throws(LaunchError) -> ExecProcess {
        var table = DescriptorTable()
        let monitor: DescriptorIndex = table.pass(container.monitor.descriptor)
        let programStreams: ExecProgram.Streams
        switch streams {
        case .descriptors(let input, let output, let error):
            programStreams = .descriptors(input: table.pass(input), output: table.pass(output), error: table.pass(error))
        case .terminal(let size): programStreams = .terminal(LaunchTerminalSize(rows: size.rows, columns: size.columns))
        }
        let command = JobCommand(arguments: process.arguments.map { ByteString($0) }, environment: process.environment.map { ByteString($0) })
        var program = ExecProgram(
            monitor: monitor, streams: programStreams, streamOwner: Identity(user: process.user, group: process.group), command: command)
        program.namespaces = network == .host ? NamespaceSet.all.subtracting(.network) : .all
        program.group = table.pass(groups.cloneInto)
        program.taskFiles = groups.tasks.map { table.pass($0) }
        program.jobGroup = table.pass(groups.jobCloneInto)
        program.jobTaskFiles = groups.jobTasks.map { [table.pass($0)] } ?? []
        program.jobOperations = [.sessionKeyring] + LaunchCompiler.jobOperations(process)
        return try await run(program, table.passed)
    }

    private func run(_ program: ExecProgram, _ table: [Descriptor]) async throws(LaunchError) -> ExecProcess {
        let exchange = try launcher.send(.execute, program: program.encoded(), table: table)
        while let (answer, descriptors) = await exchange.next() {
            switch answer {
            case .running:
                guard let process = exchange.process else { break }
                return ExecProcess(process: process, master: descriptors.first, exchange: exchange)
            case .failed(let failure): throw LaunchError(failure)
            default: break
            }
        }
        throw LaunchError(operation: "exec: the process or the launcher died", errno: "ESRCH")
    }
}
