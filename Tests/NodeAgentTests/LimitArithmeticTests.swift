import Cgroups
import JobModel
import Testing

@testable import NodeAgent

@Suite struct LimitArithmeticTests {
    private func limits(cores: Int, cpuMillis: Int) -> GroupLimits {
        let id = AttemptID(TaskID(JobID(1)), 1)
        let stamp = Stamp(wall: WallTime(milliseconds: 0), boot: BootTime(nanoseconds: 0), bootID: "b")
        let placement = Placement(cpus: CpuSet([0]), memoryNodes: MemoryNodeSet([0]), shared: cores == 0)
        let job = JobRecord(
            id: JobID(1), owner: Owner(user: .root, group: GroupID(0), groups: [], name: "root"), spec: JobSpec(),
            demand: ResourceDemand(cores: cores, cpuMillis: cpuMillis, memory: .mebibytes(1)), queue: "default", priority: 0,
            timeLimit: .hours(1), submittedAt: WallTime(milliseconds: 0), sequence: 1)
        return GroupLimits(AttemptRecord(id: id, placement: placement, assignedAt: stamp), job, sharedPool: nil, throttles: [])
    }

    /// Cpu weight; a whole cpu is the kernel's usual 100.
    @Test func aJobWeighsWhatItAskedFor() {
        #expect(limits(cores: 0, cpuMillis: 500).cpuWeight == 50)
        #expect(limits(cores: 0, cpuMillis: 1000).cpuWeight == 100)
        #expect(limits(cores: 0, cpuMillis: 1).cpuWeight == 1)
        #expect(limits(cores: 3, cpuMillis: 0).cpuWeight == 300)
        #expect(limits(cores: 4000, cpuMillis: 0).cpuWeight == 10_000)
    }

    /// A watch of memory.events must end with the attempt, however often the timer beside it fired.
    @Test func tokensThatLastAreGivenBack() {
        var tokens = WatchTokens()
        tokens.keep(1)
        tokens.keep(2)
        for token in 3..<100 { tokens.follow(with: UInt64(token)) }
        #expect(tokens.takeAll() == [1, 2, 99])
        #expect(tokens.takeAll().isEmpty)
    }
}
