import API
import JobModel
import JobStore
import Logging
import NodeAgent
import Scheduling
import Testing

@testable import Controller

/// A controller on a store in memory and a fake agent.
struct Bench: Sendable {
    let store: InMemoryStore
    let agent: FakeAgent
    let controller: Controller
    let clock: any AgentClock

    static let owner = Peer(user: UserID(1000), group: GroupID(1000), groups: [GroupID(1000)], name: "ada")
    static let other = Peer(user: UserID(1001), group: GroupID(1001), groups: [GroupID(1001)], name: "bob")
    static let operators = GroupID(900)
    static let chief = Peer(user: UserID(1002), group: GroupID(1002), groups: [GroupID(900)], name: "eve")

    init(
        cpus: Int = 4, store: InMemoryStore = InMemoryStore(), on durable: (any MachineStore)? = nil, clock: (any AgentClock)? = nil,
        account: MachineAccount? = nil, change: (inout ControllerSettings) -> Void = { _ in },
        surroundings around: (inout Surroundings) -> Void = { _ in }
    ) async throws {
        let clock = try clock ?? SystemClock()
        self.clock = clock
        self.store = store
        agent = FakeAgent(clock: clock)
        var settings = ControllerSettings()
        settings.access = Access(operators: Self.operators)
        change(&settings)
        var surroundings = Surroundings(
            resolveImage: { name, _, _ in name == "nowhere" ? nil : name },
            userNumber: { text in ["ada": UserID(1000), "bob": UserID(1001)][text] ?? UInt32(text).map { UserID($0) } },
            userName: { user in [1000: "ada", 1001: "bob"][user.value] ?? "\(user)" })
        around(&surroundings)
        controller = Controller(
            store: durable ?? store, agent: agent, clock: clock, surroundings: surroundings, settings: settings,
            scheduler: Scheduling.State(
                shape: .uniform(cpus: cpus, memory: .gibibytes(64)), settings: .init(reservedCores: 0, queues: settings.queues)),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        await agent.report(to: controller)
        await agent.setAccount(account)
        try await controller.start()
    }

    func submit(_ change: (inout JobSpec) -> Void = { _ in }, as peer: Peer = owner, key: String? = nil) async throws -> JobID {
        var spec = JobSpec()
        spec.command = ["true"]
        change(&spec)
        var request = SubmitRequest(jobs: [SubmittedSpec(spec)])
        request.requestKey = key.map { RequestKey($0) }
        return try #require(try await controller.submit(request, peer: peer).jobs.first?.id)
    }

    @discardableResult
    func act(_ route: Route, _ id: JobID, as peer: Peer = owner, _ change: (inout ActionRequest) -> Void = { _ in }) async throws -> ActionReply {
        var request = ActionRequest(Selection([TaskSelector(id)]))
        change(&request)
        return try await controller.act(route, request, peer: peer)
    }

    func detail(_ id: JobID, as peer: Peer = owner) async throws -> JobDetail { try await controller.show(id, ShowRequest(), peer: peer) }
    func state(_ id: JobID) async throws -> TaskState? { try await detail(id).job.groups.first?.state }
    func counts(_ id: JobID) async throws -> TaskCounts { try await detail(id).job.counts }

    /// Waits, without a fixed time, until something holds.
    func eventually(_ what: Comment, sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> Bool) async throws {
        for _ in 0..<3000 {
            if try await body() { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        Issue.record(what, sourceLocation: sourceLocation)
    }

    func becomes(_ id: JobID, _ wanted: TaskState, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        try await eventually("job \(id) becomes \(wanted)", sourceLocation: sourceLocation) { try await state(id) == wanted }
    }
}
