public import API
public import LinuxSys

/// Looks at all processes of a job's group and says what they do, in lines.
///
///     look: where every thread waits, while the job runs ─► (the daemon freezes the job) ─► read: all else, what may be stuck last
///
/// A process is read only between two looks at its group: one that has left, or whose number has come to mean another, is not shown.
public struct Inspector {
    private let order: InspectOrder
    private let group: GroupPlace
    private let proc: Descriptor
    private let members: Descriptor
    private let deadline: UInt64
    private let send: (InspectLine) throws -> Void

    private var held: [Int32: HeldProcess] = [:]
    private var looks: [Int32: [Int32: ThreadLook]] = [:]
    private var sockets: [String: SocketTable] = [:]
    private var threadsLeft = InspectLimit.threads
    private var filesLeft = InspectLimit.allFiles
    private var mapsLeft = InspectLimit.allMaps
    private var notes = 0
    private var omitted: Int?

    /// - Parameters:
    ///   - proc: procfs.
    ///   - members: the file `cgroup.procs` of the job's group.
    ///   - send: takes a line, or throws when nobody listens any more.
    public init(_ order: InspectOrder, proc: Descriptor, members: Descriptor, send: @escaping (InspectLine) throws -> Void) {
        self.order = order
        group = GroupPlace(controller: order.controller, path: order.groupPath)
        self.proc = proc
        self.members = members
        self.send = send
        deadline = bootNanoseconds() + order.milliseconds * 1_000_000
    }

    private var isLate: Bool { bootNanoseconds() > deadline }

    // MARK: Before the freeze

    /// Notes where every thread waits.
    public mutating func look() throws {
        var left = InspectLimit.threads
        for process in try processes() {
            var found: [Int32: ThreadLook] = [:]
            for thread in ((try? process.numbers(in: "task")) ?? []).prefix(left) {
                if let look = ThreadLook(process, thread) { found[thread] = look }
            }
            left -= found.count
            looks[process.pid] = found
        }
        var line = InspectLine()
        line.looked = true
        try send(line)
    }

    /// The group's processes of now, in the order of their numbers; those that were held before are the same still.
    private mutating func processes() throws -> [HeldProcess] {
        var bytes: [UInt8] = []
        while bytes.count < 1 << 20 {
            let part = try members.read(upTo: 1 << 16, at: Int64(bytes.count))
            if part.isEmpty { break }
            bytes += part
        }
        let pids = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace).compactMap { Int32($0) }.filter { $0 > 0 }.sorted()
        var result: [HeldProcess] = []
        for pid in pids.prefix(InspectLimit.processes) {
            if let known = held[pid], known.isOf(group) {
                result.append(known)
            } else {
                held[pid] = try HeldProcess.open(pid, in: proc, group: group)
                if let fresh = held[pid] { result.append(fresh) }
            }
        }
        omitted = pids.count > InspectLimit.processes ? pids.count - InspectLimit.processes : nil
        return result
    }

    // MARK: After it

    /// Reads everything, safe things first.
    public mutating func read() throws {
        let processes = try processes()
        var line = InspectLine()
        line.processesOmitted = omitted
        if omitted != nil { try send(line) }
        var shown: [(HeldProcess, StatLine, Mappings?)] = []
        for (at, process) in processes.enumerated() {
            if isLate {
                try note("\(processes.count - at) processes are not shown: the time for it is over")
                break
            }
            if let (stat, mappings) = try read(process) { shown.append((process, stat, mappings)) }
        }
        for (process, stat, mappings) in shown {
            if isLate { return try note("some commands are not shown: the time for it is over") }
            try readCommand(process, stat, mappings)
        }
    }

    private mutating func note(_ text: String) throws {
        notes += 1
        guard notes <= InspectLimit.notes else { return }
        var line = InspectLine()
        line.note = notes == InspectLimit.notes ? "and more that could not be read" : ProcText.bounded(text)
        try send(line)
    }

    private func tell(_ doing: String) throws {
        var line = InspectLine()
        line.doing = doing
        try send(line)
    }

    private mutating func read(_ process: HeldProcess) throws -> (StatLine, Mappings?)? {
        guard process.isOf(group), let text = try? process.read("stat"), let stat = StatLine(text),
            let status = (try? process.read("status")).map(ProcText.fields)
        else {
            held[process.pid] = nil
            return nil
        }
        let inside = InspectedThread.inside(status) ?? process.pid
        try tell("the process \(inside)")
        let user = status["Uid"]?.split(whereSeparator: \.isWhitespace).first.flatMap { UInt32($0) } ?? .max
        var found = InspectedProcess(
            id: inside, hostID: process.pid, name: stat.name, state: stat.state, user: user, startedAt: stat.startTicks * 10,
            cpuUserMilliseconds: stat.userTicks * 10, cpuSystemMilliseconds: stat.systemTicks * 10)
        found.parent = held[stat.parent].flatMap { InspectedThread.inside(ProcText.fields((try? $0.read("status")) ?? "")) }
        readThreads(of: process, into: &found)
        try readFiles(of: process, into: &found)
        found.executable = process.link("exe")
        found.workingDirectory = process.link("cwd")
        try tell("the mappings of process \(inside)")
        let mappings = try readMappings(of: process, into: &found)
        guard process.isOf(group) else {
            try note("process \(inside) left the job while it was read")
            return nil
        }
        var line = InspectLine()
        line.process = found
        try send(line)
        return (stat, mappings)
    }

    private mutating func readThreads(of process: HeldProcess, into found: inout InspectedProcess) {
        let numbers = (try? process.numbers(in: "task")) ?? []
        found.threads = numbers.prefix(threadsLeft).compactMap { InspectedThread(process, $0, look: looks[process.pid]?[$0]) }
        threadsLeft -= found.threads.count
        if numbers.count > found.threads.count { found.threadsOmitted = numbers.count - found.threads.count }
        // The thread that bears the process's number tells of it.
        if let main = found.threads.first(where: { $0.id == found.id }) { found.state = main.state }
    }

    private mutating func readFiles(of process: HeldProcess, into found: inout InspectedProcess) throws {
        guard let numbers = try? process.numbers(in: "fd"), !numbers.isEmpty else { return }
        let namespace = process.link("ns/net") ?? ""
        if sockets[namespace] == nil {
            let table = SocketTable(process)
            for name in table.cut { try note("the table of \(name) sockets is too long: not all are named") }
            sockets[namespace] = table
        }
        let table = sockets[namespace] ?? SocketTable()
        found.files = numbers.prefix(min(InspectLimit.files, filesLeft)).compactMap { InspectedFile(process, $0, sockets: table) }
        filesLeft -= found.files.count
        if numbers.count > found.files.count { found.filesOmitted = numbers.count - found.files.count }
    }

    private mutating func readMappings(of process: HeldProcess, into found: inout InspectedProcess) throws -> Mappings? {
        do throws(SystemError) {
            let mappings = try Mappings(process)
            // A zombie and a thread of the kernel have none.
            if mappings.all.isEmpty { return nil }
            var memory = mappings.summary
            memory.maps = mappings.all.prefix(min(InspectLimit.maps, mapsLeft)).map(\.shown)
            mapsLeft -= memory.maps.count
            if mappings.all.count > memory.maps.count { memory.mapsOmitted = mappings.all.count - memory.maps.count }
            found.memory = memory
            if mappings.isCut { try? note("process \(found.id) has more than \(mappings.all.count) mappings: the rest is left out") }
            return mappings
        } catch {
            // ESRCH: it has no memory any more.
            if !error.isNoSuchProcess { try note("mappings of process \(found.id): \(error.errnoName)") }
            return nil
        }
    }

    /// The words lie in the job's own memory, where it may have put a page that only somebody else can bring; so it is looked at before.
    private mutating func readCommand(_ process: HeldProcess, _ stat: StatLine, _ mappings: Mappings?) throws {
        guard let mappings, !stat.arguments.isEmpty else { return }
        let inside = InspectedThread.inside(ProcText.fields((try? process.read("status")) ?? "")) ?? process.pid
        // The kernel reads on into the environment where the words were written over.
        let isBelow = stat.environment.lowerBound >= stat.arguments.upperBound
        let end = isBelow ? max(stat.arguments.upperBound, stat.environment.upperBound) : stat.arguments.upperBound
        if let why = mappings.hindrance(in: stat.arguments.lowerBound..<end) {
            return try note("command of process \(inside): its memory is \(why)")
        }
        try tell("the command of process \(inside)")
        guard let bytes = try? process.directory.open(at: "cmdline").read(upTo: 64 << 10), process.isOf(group) else { return }
        var line = InspectLine()
        let words = bytes.split(separator: 0, omittingEmptySubsequences: false).prefix(InspectLimit.words)
        line.command = InspectLine.Words(hostID: process.pid, words: words.map { ProcText.bounded(String(decoding: $0, as: UTF8.self)) })
        if line.command?.words.last == "" { line.command?.words.removeLast() }
        try send(line)
    }

    // MARK: Core

    /// Writes the memory of one process to `output`; throws a line that says why not.
    public mutating func writeCore(to output: Descriptor, systems: FileSystems, isFrozen: Bool) throws {
        let processes = try processes()
        let wanted = order.process
        let found = processes.compactMap { process -> (HeldProcess, StatLine, Int32)? in
            guard let stat = (try? process.read("stat")).flatMap({ StatLine($0) }),
                let inside = InspectedThread.inside(ProcText.fields((try? process.read("status")) ?? ""))
            else { return nil }
            return wanted == nil || wanted == inside ? (process, stat, inside) : nil
        }
        guard let (process, stat, inside) = found.min(by: { ($0.1.startTicks, $0.0.pid) < ($1.1.startTicks, $1.0.pid) }) else {
            throw InspectRefusal(wanted.map { "the job has no process \($0)" } ?? "the job has no process any more")
        }
        try tell("the memory of process \(inside)")
        let looked = looks[process.pid] ?? [:]
        let threads = ((try? process.numbers(in: "task")) ?? []).compactMap { InspectedThread(process, $0, look: looked[$0]) }
        var systems = systems
        systems.add((try? process.read("mountinfo", limit: 16 << 20)) ?? "")
        var writer = try CoreWriter(process, stat, inside: inside, threads: threads, systems: systems, output: output)
        if !isFrozen { writer.note("the job ran on meanwhile: this is not of one moment") }
        let group = group
        try writer.write { process.isOf(group) }
    }
}

/// One line for whoever asked.
public struct InspectRefusal: Error, CustomStringConvertible {
    public let description: String
    public init(_ description: String) { self.description = description }
}

extension Mappings {
    /// Why a range of memory had better not be read, as a property of it; nil when it can be.
    func hindrance(in range: Range<UInt64>) -> String? {
        let touched = all.filter { $0.range.overlaps(range) }
        guard !touched.isEmpty else { return "not mapped" }
        for mapping in touched {
            if !mapping.flags.isDisjoint(with: ["um", "uw", "ui"]) { return "under userfaultfd" }
            if mapping.isFile { return "a file's (\(mapping.path))" }
        }
        return nil
    }
}
