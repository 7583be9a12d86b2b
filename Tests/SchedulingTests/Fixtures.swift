import Foundation
import JobModel
import Scheduling
import TestSupport

/// Shorthand for states, jobs and moments.
enum Fixture {
    static func now(_ seconds: Int64) -> Instant {
        Instant(boot: BootTime(nanoseconds: seconds * 1_000_000_000), wall: WallTime(milliseconds: 1_800_000_000_000 + seconds * 1000))
    }

    static func wall(_ seconds: Int64) -> WallTime { now(seconds).wall }
    static func boot(_ seconds: Int64) -> BootTime { now(seconds).boot }

    static func machine(cpus: Int, memory: UInt64 = 1024) -> MachineShape { .uniform(cpus: cpus, memory: .gibibytes(memory)) }

    /// `nodes` memory nodes in a row, each with `cores` cores of `threads` siblings; siblings are numbered apart as the kernel does.
    ///
    /// - Parameter huge: huge pages of 2M on each node, part of its memory.
    static func numa(nodes: Int, cores: Int, threads: Int = 1, memory: UInt64 = 16, huge: UInt64 = 0) -> MachineShape {
        let all = nodes * cores
        let cpus = (0..<all * threads).map { id in
            MachineShape.Cpu(id: id, core: id % all, package: (id % all) / cores, node: (id % all) / cores, cache: (id % all) / cores)
        }
        return MachineShape(
            cpus: cpus,
            nodes: (0..<nodes).map { node in
                MachineShape.Node(
                    id: node, cpus: CpuSet(cpus.filter { $0.node == node }.map(\.id)), memory: .gibibytes(memory),
                    distances: (0..<nodes).map { 10 + 10 * abs($0 - node) }, hugePages: huge > 0 ? [pages(huge)] : nil)
            })
    }

    /// So many huge pages of 2M.
    static func pages(_ count: UInt64) -> HugePages { HugePages(size: .mebibytes(2), bytes: .mebibytes(2 * count)) }

    static func demand(cores: Int = 1, millis: Int = 0, memory: UInt64 = 1, scratch: UInt64 = 0, named: [String: NamedRequest] = [:])
        -> ResourceDemand
    {
        ResourceDemand(
            cores: millis > 0 ? 0 : cores, cpuMillis: millis, memory: .gibibytes(memory), scratch: .gibibytes(scratch), named: named)
    }

    static func settings(_ change: (inout State.Settings) -> Void = { _ in }) -> State.Settings {
        var settings = State.Settings(reservedCores: 0)
        change(&settings)
        return settings
    }

    static func named(_ name: String, _ instances: String..., node: MemoryNode? = nil) -> NamedResource {
        NamedResource(name: name, instances: instances.map { NamedResource.Instance(name: $0, memoryNode: node) })
    }
}

/// A scheduler with a controller's habits: commits whatever a plan proposes.
struct Desk {
    var state: State
    var attempts: [TaskID: AttemptID] = [:]
    var numbers: [TaskID: UInt32] = [:]
    var now: Int64 = 0
    private(set) var plan = Plan()

    init(_ shape: MachineShape, _ settings: State.Settings = Fixture.settings()) { state = State(shape: shape, settings: settings) }

    /// Submits a job; ids count as the order of submission.
    @discardableResult
    mutating func submit(
        _ id: UInt64, cores: Int = 1, limit: Int64 = 3600, priority: Int = 0, _ change: (inout State.Job) -> Void = { _ in }
    ) -> TaskID {
        var job = State.Job(
            id: JobID(id), user: UserID(1000), priority: priority, sequence: id, demand: Fixture.demand(cores: cores),
            timeLimit: .seconds(limit))
        change(&job)
        if job.indices != IntervalSet([0]) { job.isArray = true }
        state.apply(.jobAdded(job, tasks: TaskTable(pending: job.indices)))
        return job.task(job.indices.first!)
    }

    /// Plans and commits; returns what started or resumed.
    @discardableResult
    mutating func run(at seconds: Int64? = nil) -> [TaskID: Placement] {
        now = seconds ?? now
        plan = state.plan(now: Fixture.now(now))
        var given: [TaskID: Placement] = [:]
        for decision in plan.decisions {
            switch decision {
            case .start(let task, let placement):
                numbers[task, default: 0] += 1
                attempts[task] = AttemptID(task, numbers[task]!)
                state.apply(.started(attempts[task]!, placement, at: Fixture.boot(now)))
                given[task] = placement
            case .resume(let id, let placement):
                state.apply(.resumed(id, placement, at: Fixture.boot(now)))
                given[id.task] = placement
            default: break
            }
        }
        return given
    }

    mutating func end(_ task: TaskID, at seconds: Int64? = nil, _ ending: State.Ending = .finished(.attempt(.succeeded))) {
        now = seconds ?? now
        guard let id = attempts.removeValue(forKey: task) else { return }
        state.apply(.ended(id, ending))
    }

    func reasons(_ task: TaskID) -> [PendingReason.Kind] { state.reasons(for: task, now: Fixture.now(now)).map(\.kind) }
    func texts(_ task: TaskID) -> [String] { state.reasons(for: task, now: Fixture.now(now)).map(\.text) }
}

extension Seed {
    static let verbose = ProcessInfo.processInfo.environment["BERTH_VERBOSE"] != nil
}
