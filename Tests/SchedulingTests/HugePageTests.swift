import JobModel
import Scheduling
import Testing

@Suite struct HugePageTests {
    /// Two nodes with four pages each.
    private static let shape = Fixture.numa(nodes: 2, cores: 4, huge: 4)

    private func submit(_ desk: inout Desk, _ id: UInt64, pages: UInt64, cores: Int = 1, memory: UInt64 = 1) -> TaskID {
        desk.submit(id) {
            $0.demand = Fixture.demand(cores: cores, memory: memory)
            $0.demand.hugePages = [Fixture.pages(pages)]
        }
    }

    @Test func pagesComeFromTheNodeOfTheCores() {
        var desk = Desk(Self.shape)
        let (first, second) = (submit(&desk, 1, pages: 3), submit(&desk, 2, pages: 3))
        let given = desk.run()
        #expect(given[first]?.memoryNodes == MemoryNodeSet([0]) && given[second]?.memoryNodes == MemoryNodeSet([1]))
        #expect(given[second]?.cpus == CpuSet([4]), "the node with pages left has the core too")
        // One page is left on each.
        let both = submit(&desk, 3, pages: 2)
        #expect(desk.run()[both]?.memoryNodes == MemoryNodeSet([0, 1]))
    }

    @Test func theyAreGivenOnceAndComeBack() {
        var desk = Desk(Self.shape)
        let first = submit(&desk, 1, pages: 6)
        let second = submit(&desk, 2, pages: 3)
        let plain = desk.submit(3, limit: 10)
        let given = desk.run()
        #expect(given[first] != nil && given[second] == nil && given[plain] != nil)
        #expect(desk.texts(second) == ["needs 3 huge pages of 2M, 2 of 8 free"])
        desk.end(first)
        #expect(desk.run()[second] != nil)
        #expect(desk.state.checkInvariants().isEmpty)
    }

    @Test func moreThanThereIsIsRefused() {
        let desk = Desk(Self.shape)
        func refusal(_ pages: HugePages) -> PendingReason? {
            var demand = Fixture.demand()
            demand.hugePages = [pages]
            return desk.state.refusal(of: demand)
        }
        #expect(refusal(Fixture.pages(8)) == nil)
        #expect(refusal(Fixture.pages(9)) == PendingReason(.impossible, "needs 9 huge pages of 2M, this machine has 8", field: "resources.hugePages"))
        #expect(refusal(HugePages(size: .gibibytes(1), bytes: .gibibytes(1)))?.text == "needs 1 huge pages of 1G, this machine has none")
    }

    @Test func theyAreNoMemoryForOthers() {
        // Of 16G on each node 15G are huge pages.
        var desk = Desk(Fixture.numa(nodes: 2, cores: 4, huge: 15 * 512))
        let all = desk.submit(1) { $0.demand = Fixture.demand(memory: 2) }
        let more = desk.submit(2) { $0.demand = Fixture.demand(memory: 1) }
        #expect(desk.run()[all] != nil)
        #expect(desk.texts(more) == ["needs 1G of memory, 0 of 2G free"])
    }

    @Test func whatRunsAtARestartHoldsThem() {
        var desk = Desk(Self.shape)
        let first = submit(&desk, 1, pages: 6)
        desk.run()
        let again = State(snapshot: desk.state.snapshot)
        #expect(again.checkInvariants().isEmpty)
        desk.state = again
        let second = submit(&desk, 2, pages: 3)
        #expect(desk.run()[second] == nil)
        desk.end(first)
        #expect(desk.run()[second] != nil)
    }

    /// While starts are held nothing starts, whatever is free; the reason is told, and it outlives a change of the machine.
    @Test func heldStartsSayWhy() {
        var desk = Desk(Self.shape)
        desk.state.apply(.startsHeld("1M free"))
        let task = desk.submit(1)
        #expect(desk.run().isEmpty)
        #expect(desk.texts(task) == ["waits for the disk: 1M free"])
        desk.state.apply(.shape(Fixture.numa(nodes: 2, cores: 5)))
        #expect(desk.run().isEmpty)
        desk.state.apply(.startsHeld(nil))
        #expect(desk.run()[task] != nil)
    }
}
