import JobModel
import Testing

/// What is stored or sent reads back as it was.
@Suite struct CodableTests {
    private let stamp = Stamp(wall: WallTime(milliseconds: 5), boot: BootTime(nanoseconds: 6), bootID: "b")

    @Test func outcomes() throws {
        let all: [AttemptOutcome] = [
            .succeeded, .failed(code: 3), .killed(signal: 9), .timedOut, .outOfMemory, .cancelled,
            .startFailed(operation: "mount /x", errno: "EINVAL"),
            .preempted, .nodeLost, .monitorLost,
        ]
        #expect(Set(all.map(\.kind)) == Set(AttemptOutcome.Kind.allCases))
        #expect(try roundTrip(all) == all)
        let tasks = all.map(TaskOutcome.attempt) + [.cancelled, .dependencyFailed]
        #expect(try roundTrip(tasks) == tasks)
        #expect(all.map(\.description).contains("startFailed(mount /x: EINVAL)") && all.map(\.description).contains("killed(KILL)"))
    }

    @Test func exitStatuses() {
        let cases: [(TaskOutcome, Int32)] = [
            (.attempt(.succeeded), 0), (.attempt(.failed(code: 7)), 7), (.attempt(.killed(signal: 15)), 143), (.attempt(.timedOut), 124),
            (.attempt(.startFailed(operation: "exec /x", errno: "ENOENT")), 127),
            (.attempt(.startFailed(operation: "exec /x", errno: "EACCES")), 126),
            (.attempt(.startFailed(operation: "mount /x", errno: "EIO")), 125), (.dependencyFailed, 125),
        ]
        for (outcome, status) in cases { #expect(outcome.exitStatus == status) }
    }

    @Test func records() throws {
        var spec = JobSpec()
        spec.name = "n"
        spec.array = ArraySpec(indices: IntervalSet(list: "0-9,20")!, limit: 3)
        spec.user = .id(5, group: 6)
        spec.resources.named = ["gpu": .count(2), "licence": .instances(["l0"])]
        spec.dependencies = [Dependency(kind: .aftercorr, job: JobID(3))]
        let owner = Owner(user: UserID(1), group: GroupID(2), groups: [GroupID(3)], name: "u")
        let demand = ResourceDemand(cores: 2, memory: .gibibytes(1), named: spec.resources.named!)
        let record = JobRecord(
            id: JobID(4), owner: owner, spec: spec, demand: demand, queue: "default", priority: -1, timeLimit: .hours(1),
            submittedAt: WallTime(milliseconds: 9), sequence: 11, requestKey: RequestKey("k"))
        #expect(try roundTrip(record) == record)
        #expect(record.isArray && record.indices.count == 11 && record.task(20) == TaskID(JobID(4), 20))

        var table = TaskTable(pending: IntervalSet(0...9))
        table.holds = [
            TaskHold(
                hold: Hold(kind: .userPause, scope: .task, by: UserID(1), at: WallTime(milliseconds: 1), keepCores: true),
                tasks: IntervalSet([3]))
        ]
        table.attempts = [3: 2]
        table.notBefore = [3: WallTime(milliseconds: 8)]
        #expect(try roundTrip(table) == table)

        let placement = Placement(cpus: CpuSet([0, 1]), memoryNodes: MemoryNodeSet([0]), named: ["gpu": ["g1"]])
        let attempt = AttemptRecord(id: AttemptID(TaskID(JobID(4), 3), 1), placement: placement, assignedAt: stamp)
        #expect(try roundTrip(attempt) == attempt)
        #expect(try roundTrip(MachineShape.uniform(cpus: 2, memory: .gibibytes(1))) == .uniform(cpus: 2, memory: .gibibytes(1)))
    }

    @Test func shapesAddUp() {
        let shape = MachineShape.uniform(cpus: 3, memory: .gibibytes(2))
        #expect(shape.allCpus == CpuSet(0..<3) && shape.memory == .gibibytes(2) && shape.memoryNodes == MemoryNodeSet([0]))
    }

    @Test func signals() {
        #expect(["TERM", "SIGTERM", "15", "term"].map(SignalName.number) == [15, 15, 15, 15])
        #expect(
            SignalName.number("RTMIN+3") == 37 && SignalName.number("0") == nil && SignalName.number("65") == nil
                && SignalName.number("X") == nil)
        #expect(SignalName.text(9) == "KILL" && SignalName.text(40) == "40")
    }
}
