import Cgroups
import Images
import JobLog
import JobModel
import LinuxSys
import TestSupport
import Testing

@testable import NodeAgent

/// What the agent told, in order.
actor Recorder: AgentObserver {
    private(set) var seen: [AttemptID: [AttemptObservation]] = [:]
    private(set) var stops: [AttemptID: StopReason] = [:]
    private(set) var notices: [(attempt: AttemptID, kind: Event.Kind, detail: String)] = []

    func observed(_ observation: AttemptObservation) { seen[observation.id, default: []].append(observation) }
    func requestStop(_ attempt: AttemptID, _ reason: StopReason) { stops[attempt] = reason }
    func noticed(_ attempt: AttemptID, _ kind: Event.Kind, _ detail: String) { notices.append((attempt, kind, detail)) }

    func last(_ id: AttemptID) -> AttemptObservation? { seen[id]?.last }
    func states(_ id: AttemptID) -> [AttemptState] { (seen[id] ?? []).map(\.state) }
    func details(_ id: AttemptID, _ kind: Event.Kind) -> [String] { notices.filter { $0.attempt == id && $0.kind == kind }.map(\.detail) }
}

/// An agent on the real kernel, with directories and groups of its own and no controller: the test says what should be.
actor Node {
    let place: TemporaryDirectory
    let runPlace: TemporaryDirectory
    let groupParent: String
    let recorder = Recorder()
    let logged = CapturedLog()
    let clock: any AgentClock
    private(set) var services: NodeServices
    private(set) var agent: Agent
    private var desired: [AttemptID: DesiredAttempt] = [:]
    private var lastJob: UInt64 = 0

    /// Whether the kernel has cpus 0 and 1.
    static let hasTwoCpus =
        CpuSet(list: ((try? readTextFile("/sys/devices/system/cpu/online")) ?? "").filter { !$0.isWhitespace })
        .map { $0.members.count > 1 } ?? false

    typealias Edit = @Sendable (inout AgentSettings, TemporaryDirectory) throws -> Void
    private let edit: Edit

    init(clock given: (any AgentClock)? = nil, _ edit: @escaping Edit) async throws {
        self.edit = edit
        place = try TemporaryDirectory("agent", mode: 0o755)
        runPlace = try TemporaryDirectory("agent", in: "/run", mode: 0o755)
        groupParent = "berth-test-\(place.path.split(separator: "-").last ?? "x")"
        clock = try given ?? SystemClock()
        try place.directory("bin")
        // A copy, so that a test can take it away.
        try Command(["cp", Programs.path("berth-init"), place("bin/berth-init")]).run()
        services = try await Self.open(place, runPlace, groupParent, clock, logged, edit, running: [])
        agent = Agent(services: services)
        await agent.report(to: recorder)
        guard let name = ImageReference("busybox") else { throw SystemError("name image", errno: 22) }
        let archive = try Descriptor.open(try TestImage.busybox(in: place), .readOnly)
        _ = try await services.images.importArchive(archive, as: name, owner: .operators)
    }

    private static func open(
        _ place: TemporaryDirectory, _ runPlace: TemporaryDirectory, _ groupParent: String, _ clock: any AgentClock, _ log: CapturedLog,
        _ edit: Edit, running: Set<AttemptID>
    ) async throws -> NodeServices {
        var settings = AgentSettings(
            stateDirectory: place("state"), runDirectory: runPlace("run"), imageDirectory: place("state/images"),
            socketPath: runPlace("berthd.sock"), initProgram: place("bin/berth-init"), helperProgram: Programs.path("berth-helper"),
            seccompProfile: Programs.path("../../../Config/seccomp/default.json"), cgroupParent: groupParent,
            slots: 1_879_048_192...2_147_352_575, isMachineWide: false)
        settings.freezeTimeout = TimeSpan(milliseconds: 2500)
        try edit(&settings, place)
        return try await NodeServices.open(settings, clock: clock, running: running, logger: log.logger)
    }

    // MARK: What should be

    /// A job of a real user that runs a shell script.
    func job(_ script: String, _ edit: (inout JobRecord) -> Void = { _ in }) -> JobRecord {
        lastJob += 1
        var spec = JobSpec()
        spec.image = "busybox"
        spec.command = ["/bin/sh", "-c", script]
        let user = TestUser.first
        var job = JobRecord(
            id: JobID(lastJob), owner: Owner(user: UserID(user.uid), group: GroupID(user.gid), groups: [], name: user.name), spec: spec,
            demand: ResourceDemand(cores: 1, memory: .mebibytes(32), pids: 64, scratch: .mebibytes(8)), queue: "default", priority: 0,
            timeLimit: .minutes(5), submittedAt: clock.now().wall, sequence: lastJob)
        edit(&job)
        return job
    }

    /// Assigned, and not committed yet.
    func prepare(_ job: JobRecord) async -> AttemptID { await assign(job, isCommitted: false) }

    func assign(
        _ job: JobRecord, cpus: CpuSet = CpuSet([0]), shared: Bool = false, bootID: String? = nil, isCommitted: Bool = true
    ) async -> AttemptID {
        let id = AttemptID(TaskID(job.id), 1)
        var stamp = clock.stamp()
        if let bootID { stamp.bootID = bootID }
        let record = AttemptRecord(id: id, placement: Placement(cpus: cpus, memoryNodes: MemoryNodeSet([0]), shared: shared), assignedAt: stamp)
        desired[id] = DesiredAttempt(record: record, job: job, frozen: false)
        desired[id]?.isCommitted = isCommitted
        await tell(id)
        return id
    }

    func change(_ id: AttemptID, _ edit: (inout DesiredAttempt) -> Void) async {
        if var wanted = desired[id] {
            edit(&wanted)
            desired[id] = wanted
        }
        await tell(id)
    }

    private func tell(_ id: AttemptID) async {
        guard let wanted = desired[id] else { return }
        await agent.reconcile(wanted)
    }

    /// Forgets everything but what was stored, and takes over what runs.
    ///
    /// - Parameter losing: changes what was stored, as if its commit had not come to pass.
    func restart(losing: (inout DesiredAttempt) -> Void = { _ in }) async throws {
        await services.shutDown()
        let living = desired.filter { $0.key.number > 0 }
        for id in living.keys {
            desired[id]?.lastSeen = await recorder.last(id)
            if var wanted = desired[id] {
                losing(&wanted)
                desired[id] = wanted
            }
        }
        services = try await Self.open(place, runPlace, groupParent, clock, logged, edit, running: Set(living.keys))
        agent = Agent(services: services)
        await agent.report(to: recorder)
        for id in living.keys.sorted() { await tell(id) }
    }

    /// Its end is in the ledger.
    func release(_ id: AttemptID) async {
        desired[id] = nil
        await agent.release(id)
    }

    // MARK: What is

    var desiredAttempts: [AttemptID] { desired.keys.sorted() }

    func becomes(_ id: AttemptID, _ state: AttemptState, seconds: Double = 30, sourceLocation: SourceLocation = #_sourceLocation) async {
        await eventually("\(id) is \(state)", seconds: seconds, sourceLocation: sourceLocation) { await self.recorder.last(id)?.state == state }
        if await recorder.last(id)?.state != state {
            Issue.record("\(String(describing: await recorder.last(id)))", sourceLocation: sourceLocation)
        }
    }

    func eventually(
        _ what: Comment, seconds: Double = 30, sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> Bool
    ) async rethrows {
        let end = bootNanoseconds() + UInt64(seconds * 1e9)
        while bootNanoseconds() < end {
            if try await body() { return }
            try? await Task.sleep(for: .milliseconds(10))
        }
        Issue.record(what, sourceLocation: sourceLocation)
    }

    func outcome(_ id: AttemptID) async -> AttemptOutcome? {
        await becomes(id, .finished, seconds: 60)
        return await recorder.last(id)?.outcome
    }

    /// The cpus that the kernel gives it.
    func kernelCpus(_ id: AttemptID) async throws -> CpuSet? { try await group(id)?.effectivePlacement().cpus }

    /// The attempt's groups, whatever they are called.
    func group(_ id: AttemptID) async throws -> AttemptGroup? {
        let name = await agent.supervisor(of: id)?.observation.groupName
        return try services.groups.open(name ?? containerName(id))
    }

    func log(_ id: AttemptID) async throws -> String {
        guard let follower = try await agent.follow(id, from: 0) else { return "" }
        var text = ""
        while true {
            let items = try await follower.read()
            if items.isEmpty { return text }
            for item in items { if case .frame(let frame) = item { text += String(decoding: frame.bytes, as: UTF8.self) } }
        }
    }

    func prints(_ id: AttemptID, _ text: String, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        try await eventually("\(id) prints \(text)", sourceLocation: sourceLocation) { try await self.log(id).contains(text) }
    }

    // MARK: The end

    /// Ends what runs and takes everything down; tells what is left.
    func end(sourceLocation: SourceLocation = #_sourceLocation) async {
        for id in desired.keys {
            if await recorder.last(id)?.state != .finished {
                await change(id) {
                    $0.record.stop = .cancelled
                    $0.record.grace = .zero
                }
                await becomes(id, .finished, sourceLocation: sourceLocation)
            }
            await release(id)
        }
        await services.shutDown()
        let groups = Leftovers.groups(below: groupParent)
        #expect(groups.isEmpty, sourceLocation: sourceLocation)
        place.remove()
        runPlace.remove()
        #expect(!Programs.exists(place.path), sourceLocation: sourceLocation)
    }
}

/// Runs a test on a node of its own.
func withNode(
    startTimeout: TimeSpan = .minutes(10), clock: (any AgentClock)? = nil, edit: @escaping Node.Edit = { _, _ in },
    sourceLocation: SourceLocation = #_sourceLocation, _ body: (Node) async throws -> Void
) async throws {
    let node = try await Node(clock: clock) { settings, place in
        settings.startTimeout = startTimeout
        try edit(&settings, place)
    }
    do { try await body(node) } catch {
        await node.end(sourceLocation: sourceLocation)
        throw error
    }
    await node.end(sourceLocation: sourceLocation)
}
