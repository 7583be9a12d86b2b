import JobModel
import Scheduling
import TestSupport

/// A short random history: changes of every kind in any order, every plan judged by the model.
struct History {
    var random: SeededGenerator
    var state: State
    var model: HistoryModel
    var faults: [String] = []
    /// The reservation that stands, while nothing happened that may rightly move it.
    var promise: (task: TaskID, start: Int64)?
    /// A decision of the last plan was not committed.
    var withdrew = false
    /// At the end the costlier checks are left to the very last step.
    var draining = false
    private var nextJob: UInt64 = 1

    init(seed: UInt64) {
        random = SeededGenerator(seed: seed)
        let shape = Self.shape(&random)
        let settings = Self.settings(&random)
        state = State(shape: shape, settings: settings)
        model = HistoryModel(shape: shape, settings: settings)
    }

    mutating func chance(_ parts: Int) -> Bool { Int.random(in: 0..<parts, using: &random) == 0 }

    private static func shape(_ random: inout SeededGenerator) -> MachineShape {
        switch Int.random(in: 0...3, using: &random) {
        case 0: .uniform(cpus: Int.random(in: 1...6, using: &random), memory: .gibibytes(16))
        case 1: Fixture.numa(nodes: 2, cores: Int.random(in: 1...3, using: &random), memory: 8)
        case 2: Fixture.numa(nodes: 2, cores: 2, threads: 2, memory: 8, huge: 3)
        default: Fixture.numa(nodes: 3, cores: 2, memory: 6)
        }
    }

    private static func settings(_ random: inout SeededGenerator) -> State.Settings {
        func maybe(_ random: inout SeededGenerator) -> Bool { Int.random(in: 0...2, using: &random) == 0 }
        var settings = State.Settings(reservedCores: maybe(&random) ? nil : 0)
        if maybe(&random) { settings.scratchCapacity = .gibibytes(10) }
        if maybe(&random) { settings.named = [Fixture.named("gpu", "g0", "g1", "g2", node: 0), Fixture.named("licence", "l0", "l1")] }
        if maybe(&random) { settings.userLimits.activeTasks = 3 }
        if maybe(&random) { settings.users[UserID(1001)] = limits { $0.activeCores = 3 } }
        if maybe(&random) { settings.batchLimits.activeMemory = .gibibytes(8) }
        if maybe(&random) { settings.queues = [QueueDefinition(name: "fast", priority: 5, maximum: limits { $0.activeTasks = 2 })] }
        return settings
    }

    private static func limits(_ change: (inout ResourceLimits) -> Void) -> ResourceLimits {
        var limits = ResourceLimits()
        change(&limits)
        return limits
    }

    mutating func run(steps: Int) {
        for _ in 0..<steps where faults.isEmpty {
            step()
            check()
        }
        if faults.isEmpty { drain() }
    }

    mutating func check() {
        faults += state.checkInvariants()
        if let text = model.overcommitted() { faults.append("over-committed: \(text)") }
        if !draining { checkLikeness() }
    }

    /// Tasks that are said to wait for the same do.
    private mutating func checkLikeness() {
        let now = Fixture.now(model.now)
        for (id, job) in model.jobs where job.stored && job.job.isArray {
            var first: (task: TaskID, last: TaskIndex)?
            for slot in job.pending.sorted() {
                let task = TaskID(id, slot)
                guard let alike = first, slot <= alike.last else {
                    first = (task, state.lastAlike(task))
                    continue
                }
                let (one, other) = (state.reasons(for: task, now: now), state.reasons(for: alike.task, now: now))
                guard one != other || state.estimatedStart(of: task) != state.estimatedStart(of: alike.task) else { continue }
                faults.append("\(task) waits for \(one), \(alike.task) for \(other)")
            }
        }
    }

    private mutating func step() {
        switch Int.random(in: 0..<20, using: &random) {
        case 0...5: addJob()
        case 6...8: plan()
        case 9...11: endSome()
        case 12...13: advance(by: Int64.random(in: 1...40, using: &random))
        case 14: holdTasks()
        case 15: holdBatch()
        case 16: freezeOrThaw()
        case 17: cancelPending()
        case 18: updateJob()
        default: rarely()
        }
    }

    mutating func newJob() -> State.Job {
        let id = JobID(nextJob)
        nextJob += 1
        var job = State.Job(
            id: id, user: UserID(chance(2) ? 1000 : 1001), queue: chance(3) ? "fast" : "default", sequence: id.value, demand: demand(),
            timeLimit: .seconds(Int64.random(in: 1...60, using: &random)))
        if chance(3) { job.batch = BatchID(owner: job.user, name: chance(2) ? "a" : "b") }
        if chance(5) { job.priority = Int.random(in: -3...3, using: &random) }
        if chance(6) { job.begin = Fixture.wall(model.now + Int64.random(in: 0...30, using: &random)) }
        if chance(3) {
            job.isArray = true
            job.indices = IntervalSet(list: chance(2) ? "0-3" : "1,4-5")!
            if chance(2) { job.arrayLimit = Int.random(in: 1...2, using: &random) }
        }
        if chance(3) { job.dependencies = dependencies(of: job) }
        return job
    }

    private mutating func demand() -> ResourceDemand {
        let most = model.shape.cpus.count + (chance(20) ? 2 : 0)
        var demand = Fixture.demand(
            cores: Int.random(in: 1...max(1, most), using: &random), memory: UInt64.random(in: 0...6, using: &random))
        if chance(4) { demand = Fixture.demand(millis: Int.random(in: 1...3000, using: &random), memory: 1) }
        if chance(8) { demand.memory = .gibibytes(UInt64.random(in: 6...17, using: &random)) }
        if chance(4) { demand.scratch = .gibibytes(UInt64.random(in: 1...6, using: &random)) }
        if chance(4), !model.shape.hugePages.isEmpty { demand.hugePages = [Fixture.pages(UInt64.random(in: 1...5, using: &random))] }
        if chance(4), !model.settings.named.isEmpty {
            demand.named["gpu"] = chance(2) ? .count(Int.random(in: 1...3, using: &random)) : .instances([chance(2) ? "g0" : "g2"])
            if chance(2) { demand.named["licence"] = .count(1) }
        }
        return demand
    }

    private mutating func dependencies(of job: State.Job) -> [Dependency] {
        guard let other = model.jobs.keys.sorted().suffix(4).randomElement(using: &random) else { return [] }
        let source = model.jobs[other]!.job
        let kind = Dependency.Kind.allCases.randomElement(using: &random)!
        if kind == .aftercorr { return source.indices == job.indices ? [Dependency(kind: kind, job: other)] : [] }
        let index = source.isArray && chance(2) ? source.indices.first : nil
        return [Dependency(kind: kind, job: other, index: index)]
    }

    private mutating func addJob() {
        let job = newJob()
        if job.priority > 0 || job.queue == "fast" { promise = nil }
        for dependency in job.dependencies where !model.jobs[dependency.job]!.stored { tellElsewhere(dependency.job) }
        if let error = state.refusal(ofDependencies: job) { faults.append("refused \(error)") }
        model.jobs[job.id] = HistoryModel.JobState(job: job, pending: Set(job.indices.members))
        state.apply(.jobAdded(job, tasks: TaskTable(pending: job.indices)))
    }

    private func outcomes(_ id: JobID) -> JobOutcomes {
        let entry = model.jobs[id]!
        return JobOutcomes(
            job: id, isArray: entry.job.isArray, indices: entry.job.indices, started: IntervalSet(entry.started),
            succeeded: IntervalSet(entry.outcomes.filter(\.value).keys), unsuccessful: IntervalSet(entry.outcomes.filter { !$0.value }.keys)
        )
    }

    private mutating func tellElsewhere(_ id: JobID) { state.apply(.finishedElsewhere(outcomes(id))) }

    private mutating func rarely() {
        switch Int.random(in: 0...2, using: &random) {
        case 0:
            let finished = model.jobs.filter { $0.value.stored && $0.value.pending.isEmpty && model.active($0.key) == 0 }
            guard let id = finished.keys.sorted().randomElement(using: &random) else { return }
            model.jobs[id]!.stored = false
            state.apply(.jobRemoved(id))
        case 1:
            model.settings.userLimits.activeTasks = chance(2) ? nil : 4
            promise = nil
            state.apply(.settings(model.settings))
        default:
            let ended = model.jobs.filter { $0.value.stored && !$0.value.outcomes.isEmpty }
            guard let id = ended.keys.sorted().randomElement(using: &random), let slot = model.jobs[id]!.outcomes.keys.sorted().first else {
                return
            }
            // What was let go by the old outcome and has ended already stays as it is.
            promise = nil
            model.jobs[id]!.outcomes[slot] = nil
            model.jobs[id]!.pending.insert(slot)
            state.apply(.pendingAgain(id, IntervalSet([slot])))
        }
    }
}
