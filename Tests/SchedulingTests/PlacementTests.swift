import JobModel
import Scheduling
import Testing

@Suite struct PlacementTests {
    @Test func coresAndMemoryComeFromOneNodeWhereBothFit() {
        var desk = Desk(Fixture.numa(nodes: 2, cores: 4))
        let first = desk.submit(1, cores: 3)
        let second = desk.submit(2, cores: 3)
        let given = desk.run()
        #expect(given[first] == Placement(cpus: CpuSet([0, 1, 2]), memoryNodes: MemoryNodeSet([0])))
        #expect(given[second] == Placement(cpus: CpuSet([4, 5, 6]), memoryNodes: MemoryNodeSet([1])))
        let wide = desk.submit(3, cores: 2)
        #expect(desk.run()[wide] == Placement(cpus: CpuSet([3, 7]), memoryNodes: MemoryNodeSet([0, 1])))
    }

    @Test func aNodeThatLacksMemoryIsPassedOver() {
        var desk = Desk(Fixture.numa(nodes: 2, cores: 4, memory: 16))
        desk.submit(1) { $0.demand = Fixture.demand(cores: 1, memory: 12) }
        let second = desk.submit(2) { $0.demand = Fixture.demand(cores: 1, memory: 8) }
        #expect(desk.run()[second]?.memoryNodes == MemoryNodeSet([1]))
        let both = desk.submit(3) { $0.demand = Fixture.demand(cores: 1, memory: 12) }
        #expect(desk.run()[both]?.memoryNodes == MemoryNodeSet([0, 1]))
        let none = desk.submit(4)
        #expect(desk.run().isEmpty)
        #expect(desk.texts(none) == ["needs 1G of memory, 0 of 32G free"])
    }

    @Test func theNearestNodesAreJoined() {
        var desk = Desk(Fixture.numa(nodes: 4, cores: 2))
        desk.submit(1, cores: 2)
        desk.submit(2, cores: 2)
        desk.run()
        desk.submit(3, cores: 1)
        desk.run()
        let spread = desk.submit(4, cores: 3)
        #expect(desk.run()[spread]?.memoryNodes == MemoryNodeSet([2, 3]))
    }

    @Test func siblingsStayTogetherWhereTheNumberAllows() {
        // Cores 0…3 with the siblings n and n + 4.
        var desk = Desk(Fixture.numa(nodes: 1, cores: 4, threads: 2))
        let pair = desk.submit(1, cores: 2)
        #expect(desk.run()[pair]?.cpus == CpuSet([0, 4]))
        let odd = desk.submit(2, cores: 3)
        #expect(desk.run()[odd]?.cpus == CpuSet([1, 2, 5]))
        let single = desk.submit(3, cores: 1)
        #expect(desk.run()[single]?.cpus == CpuSet([6]), "the broken core is used up before a whole one")
        let last = desk.submit(4, cores: 2)
        #expect(desk.run()[last]?.cpus == CpuSet([3, 7]))
    }

    @Test func oneCacheDomainIsPreferred() {
        let cpus = (0..<6).map { MachineShape.Cpu(id: $0, core: $0, package: 0, node: 0, cache: $0 < 3 ? 0 : 1) }
        let node = MachineShape.Node(id: 0, cpus: CpuSet(0..<6), memory: .gibibytes(64), distances: [10])
        var desk = Desk(MachineShape(cpus: cpus, nodes: [node]))
        desk.submit(1, cores: 1)
        desk.run()
        let three = desk.submit(2, cores: 3)
        #expect(desk.run()[three]?.cpus == CpuSet([3, 4, 5]))
    }

    @Test func instancesComeFromOneNodeAndDrawTheCoresThere() {
        var resource = Fixture.named("gpu", "g0")
        for name in ["g1", "g2"] { resource.instances.append(NamedResource.Instance(name: name, memoryNode: 1)) }
        resource.instances[0].memoryNode = 0
        var desk = Desk(Fixture.numa(nodes: 2, cores: 4), Fixture.settings { $0.named = [resource] })
        let two = desk.submit(1) { $0.demand.named = ["gpu": .count(2)] }
        let placement = desk.run()[two]
        #expect(placement?.named == ["gpu": ["g1", "g2"]])
        #expect(placement?.cpus == CpuSet([4]) && placement?.memoryNodes == MemoryNodeSet([1]))
        let chosen = desk.submit(2) { $0.demand.named = ["gpu": .instances(["g2"])] }
        #expect(desk.run().isEmpty && desk.texts(chosen) == ["needs gpu g2, in use"])
    }

    @Test func theSystemKeepsNoCoreOnTwoAndOneOnMore() {
        for (cpus, most) in [(1, 1), (2, 2), (4, 3)] {
            let state = State(shape: Fixture.machine(cpus: cpus))
            #expect(state.refusal(of: Fixture.demand(cores: most)) == nil)
            #expect(state.refusal(of: Fixture.demand(cores: most + 1))?.text == "needs \(most + 1) cores, this machine gives jobs \(most)")
        }
        var desk = Desk(Fixture.machine(cpus: 4), Fixture.settings { $0.reservedCores = 2 })
        let task = desk.submit(1, cores: 2)
        #expect(desk.run()[task]?.cpus == CpuSet([2, 3]))
    }

    @Test func memoryAndScratchForTheSystemAreKept() {
        let settings = Fixture.settings {
            $0.reservedMemory = .gibibytes(8)
            $0.scratchCapacity = .gibibytes(100)
            $0.reservedScratch = .gibibytes(10)
        }
        var desk = Desk(Fixture.numa(nodes: 2, cores: 2, memory: 16), settings)
        #expect(desk.state.refusal(of: Fixture.demand(memory: 25))?.text == "needs 25G of memory, this machine gives jobs 24G")
        #expect(desk.state.refusal(of: Fixture.demand(scratch: 91))?.text == "needs 91G of scratch, this machine gives jobs 90G")
        let large = desk.submit(1) { $0.demand = Fixture.demand(memory: 12, scratch: 60) }
        #expect(desk.run()[large]?.memoryNodes == MemoryNodeSet([0]))
        let next = desk.submit(2) { $0.demand = Fixture.demand(memory: 1, scratch: 31) }
        #expect(desk.run().isEmpty && desk.texts(next) == ["needs 31G of scratch, 30G of 90G free"])
        let inMemory = desk.submit(3) {
            $0.demand = Fixture.demand(memory: 1, scratch: 31)
            $0.demand.scratchKind = .memory
        }
        #expect(desk.run().keys.contains(inMemory))
    }

    @Test func refusalsNameWhatIsWantedAndWhatIsThere() {
        let state = State(
            shape: Fixture.machine(cpus: 2, memory: 8), settings: Fixture.settings { $0.named = [Fixture.named("gpu", "g0")] })
        let cases: [(ResourceDemand, String, String?)] = [
            (Fixture.demand(cores: 3), "needs 3 cores, this machine gives jobs 2", "resources.cores"),
            (Fixture.demand(millis: 2001), "needs 2.001 cpu, this machine gives jobs 2", "resources.cpuMillis"),
            (Fixture.demand(memory: 9), "needs 9G of memory, this machine gives jobs 8G", "resources.memory"),
            (Fixture.demand(named: ["gpu": .count(2)]), "needs 2 gpu, this machine has 1", "resources.named"),
            (Fixture.demand(named: ["gpu": .instances(["g1"])]), "needs gpu g1, this machine has g0", "resources.named"),
            (Fixture.demand(named: ["tape": .count(1)]), "needs tape, this machine has only gpu", "resources.named"),
            (ResourceDemand(cores: 0, memory: .zero), "needs either whole cores or a share of the pool, asks for 0 cores and 0 cpu", nil),
            (
                ResourceDemand(cores: 1, cpuMillis: 500, memory: .zero),
                "needs either whole cores or a share of the pool, asks for 1 core and 0.5 cpu", nil
            ),
        ]
        for (demand, text, field) in cases { #expect(state.refusal(of: demand) == PendingReason(.impossible, text, field: field)) }
        #expect(state.refusal(of: Fixture.demand(cores: 2, memory: 8, named: ["gpu": .count(1)])) == nil)
    }
}
