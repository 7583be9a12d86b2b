import API
import FoundationEssentials
import JobModel
import LinuxSys
import TestSupport
import Testing

@testable import berth

@Suite struct TopTests {
    // MARK: A machine of four cores

    private static func cpus(_ text: String) -> CpuSet { CpuSet(list: text) ?? CpuSet() }

    private static func row(_ id: String, owner: UInt32 = 1000, on cpus: String, state: AttemptState = .running, ran: Int64 = 60) -> UseReply.Row {
        var row = UseReply.Row(
            id: AttemptID(TaskID(id)!, 1), owner: UserID(owner), ownerName: owner == 1000 ? "ada" : "bob", queue: "default", state: state,
            placement: Placement(cpus: Self.cpus(cpus), memoryNodes: MemoryNodeSet([0])), memory: .gibibytes(1), timeLimit: .hours(1))
        row.ranFor = .seconds(ran)
        return row
    }

    private static func use(_ milliseconds: Int64, cpu: UInt64, memory: UInt64, read: UInt64 = 0) -> CurrentUse {
        var use = CurrentUse(readAt: BootTime(nanoseconds: milliseconds * 1_000_000))
        (use.cpuMicroseconds, use.memory, use.pids, use.readBytes, use.writtenBytes) = (cpu, .mebibytes(memory), 3, read, 0)
        return use
    }

    private static func reply(_ rows: [UseReply.Row]) -> UseReply {
        let cpus = (0..<4).map { MachineShape.Cpu(id: $0, core: $0, package: 0, node: MemoryNode(0), cache: 0) }
        let shape = MachineShape(
            cpus: cpus, nodes: [MachineShape.Node(id: MemoryNode(0), cpus: Self.cpus("0-3"), memory: .gibibytes(8), distances: [10])])
        var counts = TaskCounts()
        (counts.running, counts.pending, counts.held) = (rows.count, 7, 2)
        return UseReply(
            now: Fixtures.now, node: "n1", shape: shape, reservedCpus: Self.cpus("0"), freeCpus: Self.cpus("3"), sharedCpus: CpuSet(),
            freeMemory: .gibibytes(6), counts: counts, queues: [UseReply.Queue(name: "default", counts: counts)], attempts: rows)
    }

    /// Two replies a second apart: 12 uses 1.5 cores and 10 MB, 13 half a core and 900 MB and reads, 14 is another's.
    private static func state() -> TopState {
        var state = TopState(user: UserID(1000))
        for second: Int64 in 0...1 {
            var (a, b) = (row("12", on: "1", ran: 100), row("13", on: "2", ran: 50))
            a.use = use(second * 1000, cpu: UInt64(second) * 1_500_000, memory: 10)
            a.name = "fit"
            b.use = use(second * 1000, cpu: UInt64(second) * 500_000, memory: 900, read: UInt64(second) << 20)
            state.take(reply([a, b, row("14", owner: 1001, on: "3", ran: 10)]))
        }
        return state
    }

    private static func ids(_ state: TopState) -> [String] { state.rows.map(\.id) }

    private static func page(_ state: TopState, width: Int? = 200, height: Int? = nil) -> [String] {
        TopPage(state: state, style: .plain, width: width, height: height, moments: MomentText(now: Fixtures.now)).render()
            .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    // MARK: Rates, order, filter

    @Test func ratesAreDifferencesOfTwoReadings() throws {
        let rows = Self.state().rows
        #expect(rows[0].cpu == 1.5 && rows[1].cpu == 0.5 && rows[1].reads == 1_048_576 && rows[0].reads == 0)
        // Nothing is known of another's, nor before the second reading.
        #expect(rows[2].cpu == nil && rows[2].row.use == nil)
        var first = TopState(user: UserID(1000))
        var only = Self.row("12", on: "1")
        only.use = Self.use(0, cpu: 5, memory: 1)
        first.take(Self.reply([only]))
        #expect(first.rows[0].cpu == nil)
        // A counter that fell, as of a group made anew, is no rate.
        only.use = Self.use(1000, cpu: 1, memory: 1)
        first.take(Self.reply([only]))
        #expect(first.rows[0].cpu == nil)
    }

    @Test(arguments: [
        ("C", ["12", "13", "14"]), ("M", ["13", "12", "14"]), ("I", ["13", "12", "14"]), ("T", ["12", "13", "14"]), ("N", ["12", "13", "14"]),
    ]) func keysChooseTheOrder(key: String, wanted: [String]) {
        var state = Self.state()
        #expect(state.press(.text(Character(key))) == nil)
        #expect(Self.ids(state) == wanted)
        _ = state.press(.text("R"))
        #expect(Self.ids(state) == wanted.reversed())
    }

    @Test func aFilterNarrowsAsItIsTyped() {
        var state = Self.state()
        for key: TopKey in [.text("/"), .text("F"), .text("i"), .text("T")] { #expect(state.press(key) == nil) }
        #expect(Self.ids(state) == ["12"] && state.prompt == "filter: FiT_")
        _ = state.press(.erase)
        _ = state.press(.enter)
        #expect(state.prompt == "" && state.filter == "Fi")
        // Letters are keys again.
        #expect(state.press(.text("q")) == .quit)
        _ = state.press(.text("/"))
        _ = state.press(.text("x"))
        #expect(Self.ids(state) == [])
        _ = state.press(.escape)
        #expect(state.filter == "Fi" && Self.ids(state) == ["12"])
        _ = state.press(.escape)
        #expect(Self.ids(state).count == 3)
        _ = state.press(.text("u"))
        #expect(Self.ids(state) == ["12", "13"])
    }

    // MARK: Acting

    @Test func whatIsChosenIsActedOn() throws {
        var state = Self.state()
        #expect(state.press(.text("p")) == .pause(TaskID("12")!))
        _ = state.press(.down)
        #expect(state.press(.text("r")) == .resume(TaskID("13")!))
        #expect(state.press(.text("c")) == nil && state.prompt == "cancel 13? y or n")
        // Anything but y is no.
        #expect(state.press(.enter) == nil && state.prompt == "not cancelled")
        _ = state.press(.text("c"))
        #expect(state.press(.text("y")) == .cancel(TaskID("13")!))
        _ = state.press(.text("c"))
        #expect(state.press(.interrupt) == .quit)
    }

    /// The choice stays on its task when others pass it by.
    @Test func theChoiceFollowsItsTask() {
        var state = Self.state()
        _ = state.press(.down)
        _ = state.press(.text("M"))
        #expect(state.selected?.task == TaskID("13") && state.rows[0].id == "13")
        _ = state.press(.last)
        #expect(state.selected?.task == TaskID("14"))
        state.take(Self.reply([Self.row("12", on: "1")]))
        #expect(state.selected?.task == TaskID("12"))
        state.take(Self.reply([]))
        #expect(state.selected == nil && state.press(.text("p")) == nil && state.press(.down) == nil)
    }

    // MARK: The page

    @Test func thePageShowsCoresAndTheirOwners() throws {
        let lines = Self.page(Self.state())
        #expect(lines[0].hasPrefix("n1  ") && lines[0].contains("2 of 3 cores, 2G of 8G memory given") && lines[0].hasSuffix("7 pending (2 held)"))
        #expect(lines[1] == "cores  0 system  1 ada 12  2 ada 13  3 bob 14")
        let table = lines.drop { !$0.contains("TASK") }.map { $0.split(separator: " ").map(String.init) }
        #expect(table[1] == ["12", "ada", "fit", "running", "1", "150", "10M", "1G", "3", "0", "B", "0", "B", "1:40", "58:20"])
        #expect(table[2] == ["13", "ada", "running", "2", "50.0", "900M", "1G", "3", "1M", "0", "B", "0:50", "59:10"])
        #expect(table[3] == ["14", "bob", "running", "3", "-", "-", "1G", "-", "-", "-", "0:10", "59:50"])
    }

    @Test func aLowTerminalShowsWhatIsAroundTheChoice() {
        var state = TopState(user: UserID(1000), order: .id)
        state.take(Self.reply((1...50).map { Self.row("\($0)", on: "1") }))
        for _ in 0..<30 { _ = state.press(.down) }
        let lines = Self.page(state, width: 80, height: 20)
        #expect(lines.count <= 21)
        #expect(lines.contains { $0.hasPrefix(">  31 ") })
        #expect(lines.contains { $0.hasSuffix(" more") })
        #expect(lines.allSatisfy { $0.unicodeScalars.count <= 110 })
    }

    @Test func namesOfOthersCannotPlayWithTheTerminal() {
        var state = TopState(user: UserID(1000))
        var row = Self.row("12", on: "1")
        row.name = "\u{1B}[2Jgone"
        state.take(Self.reply([row]))
        #expect(!Self.page(state).joined().contains("\u{1B}"))
    }

    // MARK: Keys

    @Test func bytesBecomeKeys() {
        var reader = TopKeyReader()
        #expect(
            reader.keys(Array("j\u{1B}[A\u{1B}OB\u{1B}[5~é\r\u{7F}\u{3}".utf8), isWhole: false) == [
                .text("j"), .up, .down, .pageUp, .text("é"), .enter, .erase, .interrupt,
            ])
        // In pieces; one that means nothing here is no letters.
        #expect(reader.keys([0x1B], isWhole: false) == [] && reader.keys(Array("[".utf8), isWhole: false) == [])
        #expect(reader.keys(Array("B".utf8), isWhole: false) == [.down])
        #expect(reader.keys(Array("\u{1B}[1;5Cq".utf8), isWhole: false) == [.text("q")])
        #expect(reader.keys([0x1B], isWhole: false) == [] && reader.keys([], isWhole: true) == [.escape])
        #expect(reader.keys([0xFF, 0xC3], isWhole: true) == [])
    }

    @Test func bytesOfAnyKindCrashNothing() {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededGenerator(seed: seed)
        var reader = TopKeyReader()
        for _ in 0..<2000 {
            let bytes = (0..<Int.random(in: 0...12, using: &random)).map { _ in UInt8.random(in: .min ... .max, using: &random) }
            _ = reader.keys(bytes, isWhole: Bool.random(using: &random))
        }
        #expect(reader.keys([], isWhole: true).count < 64, "seed \(seed)")
    }

    // MARK: The program on a terminal

    private static func json(_ reply: UseReply) throws -> String { String(decoding: try JSONEncoder().encode(reply), as: UTF8.self) }

    @Test func theProgramPlaysOnATerminalAndGivesItBack() throws {
        let terminal = try TerminalTests.Terminal()
        let before = terminal.localModes
        let reply = try Self.json(Self.reply([Self.row("12.3", on: "1"), Self.row("13", on: "2")]))
        let daemon = FakeDaemon(other: { request in
            if request.target == Route.use.path() { return (200, reply) }
            return request.target == Route.pause.path() ? (200, #"{"version":1,"done":["12.3"],"jobs":1,"tasks":1,"refused":[]}"#) : nil
        })
        let server = try daemon.serve()
        defer { server.stop() }
        let process = try terminal.start(server, ["top", "--interval", "100ms"])
        #expect(try terminal.readUntil("ada 12.3").contains("\u{1B}[?1049h"))
        #expect(terminal.localModes == 0)
        try terminal.master.write("p")
        daemon.waitForRequest(.pause)
        _ = try terminal.readUntil("paused")
        try terminal.master.write("c")
        _ = try terminal.readUntil("cancel 12.3? y or n")
        try terminal.master.write("y")
        daemon.waitForRequest(.cancel)
        try terminal.master.write("q")
        #expect(try process.wait()?.shellStatus == 0)
        #expect(try terminal.readUntil("\u{1B}[?1049l").contains("\u{1B}[?25h"))
        #expect(terminal.localModes == before && before != 0)
        #expect(try daemon.body(ActionRequest.self, of: .pause)?.selection.ids == [TaskSelector(JobID(12), indices: IntervalSet([3]))])
        #expect(try daemon.body(ActionRequest.self, of: .cancel)?.selection.ids == [TaskSelector(JobID(12), indices: IntervalSet([3]))])
    }

    @Test(arguments: [
        (["--sort", "colour"], "--sort: found 'colour', accepted are cpu, memory, io, time, id"),
        (["--interval", "1ms"], "--interval: found '1ms', accepted is from 100ms to 1h"),
        ([], "top: standard input and output are no terminal; --once prints one page"),
    ]) func wrongWordsAreRefused(words: [String], text: String) throws {
        let result = try Command([Program.path, "top"] + words).run()
        #expect(result.status == 2 && result.errors == "berth: \(text)\n", "\(result)")
    }
}
