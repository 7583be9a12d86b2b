import Cgroups
public import Containers
import Images
public import JobModel
public import LinuxSys

/// What a client may do with a running job's standard input and terminal.
public struct AttachedInput: Sendable {
    let container: Container
    /// The FIFO `stdin`, or a duplicate of the terminal's master; nil when the job reads none.
    let descriptor: Descriptor?
    var isTerminal = false

    /// Writes what fits now; the number of bytes taken, 0 when the job does not read at the moment.
    public func write(_ bytes: ArraySlice<UInt8>) throws(SystemError) -> Int {
        guard let descriptor else { return bytes.count }
        return try descriptor.writeWhatFits(Array(bytes))
    }

    public func close() throws(SystemError) {
        // Ours is a writer of the FIFO too: while it is open the job reads no end. A terminal's master stays.
        if !isTerminal { descriptor?.close() }
        try container.closeInput()
    }
    public func resize(_ size: JobModel.TerminalSize) throws(SystemError) { try container.resize(rows: size.rows, columns: size.columns) }
    public func signal(_ number: Int32) throws(SystemError) { try container.signal(number) }
}

extension Agent {
    /// The input of a running attempt; nil while it does not run.
    public func input(of attempt: AttemptID) async throws -> AttachedInput? {
        guard let supervisor = supervisor(of: attempt) else { return nil }
        return try await supervisor.attachInput()
    }

    /// Starts a further process in a running job, with the job's limits and rights (contract: `berth exec`).
    public func execute(_ request: ExecDescription, in attempt: AttemptID, streams: ExecStreams) async throws -> ExecProcess {
        guard let supervisor = supervisor(of: attempt) else {
            throw LaunchError(operation: "enter job \(attempt.task): it does not run here", errno: "ESRCH")
        }
        return try await supervisor.execute(request, streams: streams)
    }

    /// What a running attempt has used so far.
    public func usage(of attempt: AttemptID) async -> Usage? {
        guard let supervisor = supervisor(of: attempt) else { return nil }
        return await supervisor.currentUsage()
    }

    /// The process id of a running attempt's PID 1.
    public func monitorPID(of attempt: AttemptID) async -> Int32? {
        guard let supervisor = supervisor(of: attempt) else { return nil }
        return await supervisor.container?.monitor.pid
    }
}

/// What `exec` runs.
public struct ExecDescription: Sendable {
    public var command: [String]
    public var environment: [String: String]
    public var user: JobUser?
    public var workingDirectory: String?
    public init(command: [String], environment: [String: String] = [:], user: JobUser? = nil, workingDirectory: String? = nil) {
        self.command = command
        self.environment = environment
        self.user = user
        self.workingDirectory = workingDirectory
    }
}

extension Supervisor {
    func attachInput() async throws -> AttachedInput? {
        guard let container, !isFinished else { return nil }
        let (work, spec) = (services.work, desired.job.spec)
        return try await work.run {
            if spec.terminal != nil { return AttachedInput(container: container, descriptor: try container.terminalInput(), isTerminal: true) }
            guard spec.interactive == true else { return AttachedInput(container: container, descriptor: nil) }
            return AttachedInput(container: container, descriptor: try container.input())
        }
    }

    func currentUsage() async -> Usage? {
        guard let group, !isFinished else { return nil }
        return try? await services.work.run { group.usage() }
    }

    func execute(_ request: ExecDescription, streams: ExecStreams) async throws -> ExecProcess {
        guard let container, let group, !isFinished else {
            throw LaunchError(operation: "enter job \(id.task): it does not run", errno: "ESRCH")
        }
        guard observation.state == .running else {
            throw LaunchError(operation: "enter job \(id.task): it is \(observation.state.rawValue), accepted is running", errno: "EBUSY")
        }
        guard let lease = try await services.images.lease(heldBy: id) else {
            throw LaunchError(operation: "enter job \(id.task): its image is gone", errno: "ENOENT")
        }
        let planner = AttemptPlanner(services: services, record: desired.record, job: desired.job, lease: lease, scratch: nil)
        let network = desired.job.spec.network ?? .none
        let process: ContainerProcess
        let entry: GroupEntry
        do {
            (process, entry) = try await services.starts.run {
                (try planner.execProcess(request, monitor: container.monitor), try group.entry(devices: try planner.deviceRules()))
            }
        } catch let error as AccountMissing {
            throw LaunchError(operation: "enter job \(id.task): the account of user \(error.user) is gone", errno: "ENOENT")
        }
        return try await services.runtime.execute(process, in: container, network: network, groups: entry, streams: streams)
    }
}
