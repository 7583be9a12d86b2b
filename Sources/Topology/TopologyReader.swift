public import JobModel
public import LinuxSys

/// Reads what the machine has from sysfs: packages, memory nodes, last-level caches, cores and their threads.
public struct TopologyReader: Sendable {
    private let cpuRoot: String
    private let nodeRoot: String
    private let hugePageRoot: String
    private let procRoot: String

    /// Reads the machine, or recorded trees.
    public init(sysRoot: String = "/sys", procRoot: String = "/proc") {
        cpuRoot = sysRoot + "/devices/system/cpu"
        nodeRoot = sysRoot + "/devices/system/node"
        hugePageRoot = sysRoot + "/kernel/mm/hugepages"
        self.procRoot = procRoot
    }

    /// The cpus that are online and that this process may use, and all memory nodes. Cores and caches are numbered from 0 in the order of
    /// their lowest cpu, because the kernel's core numbers repeat in every package.
    ///
    /// - Throws: naming the file that is missing or malformed.
    public func machineShape() throws(SystemError) -> MachineShape {
        let usable = try onlineCpus().intersection(allowedCpus())
        guard !usable.isEmpty else {
            throw SystemError("read topology", cpuRoot, errno: 0, detail: "no cpu is both online and allowed")
        }
        let nodes = try memoryNodes(usable)
        var cores = Numbering()
        var caches = Numbering()
        var cpus: [MachineShape.Cpu] = []
        for id in usable.members {
            let topology = "\(cpuRoot)/cpu\(id)/topology"
            let package = number("\(topology)/physical_package_id") ?? 0
            let siblings = list("\(topology)/core_cpus_list") ?? list("\(topology)/thread_siblings_list") ?? CpuSet([id])
            cpus.append(
                MachineShape.Cpu(
                    // Some ARM machines say -1 for "not told".
                    id: id, core: cores.number(of: siblings.members.first ?? id), package: max(0, package),
                    node: nodes.first { $0.cpus.contains(id) }?.id ?? 0, cache: caches.number(of: lastLevelCache(id).members.first ?? id)))
        }
        return MachineShape(cpus: cpus, nodes: nodes)
    }

    /// Logical cpus that run.
    public func onlineCpus() throws(SystemError) -> CpuSet { try requiredList("\(cpuRoot)/online") }

    /// Logical cpus that this process may run on: its cpuset and affinity.
    public func allowedCpus() throws(SystemError) -> CpuSet {
        let path = procRoot + "/self/status"
        for line in try readTextFile(path).split(whereSeparator: \.isNewline) where line.hasPrefix("Cpus_allowed_list:") {
            if let found = CpuSet(list: line.dropFirst("Cpus_allowed_list:".count)) { return found }
        }
        throw SystemError("read", path, errno: 0, detail: "no Cpus_allowed_list")
    }

    private func memoryNodes(_ usable: CpuSet) throws(SystemError) -> [MachineShape.Node] {
        guard let online = list("\(nodeRoot)/online") else {
            // A kernel without NUMA: one node of everything.
            let memory = Bytes(try SystemInfo(procRoot: procRoot).totalMemory)
            return [MachineShape.Node(id: 0, cpus: usable, memory: memory, distances: [10], hugePages: hugePages(in: hugePageRoot))]
        }
        var nodes: [MachineShape.Node] = []
        for id in online.members {
            let directory = "\(nodeRoot)/node\(id)"
            let cpus = try requiredList("\(directory)/cpulist").intersection(usable)
            let distances = (try? readTextFile("\(directory)/distance"))?.split(whereSeparator: \.isWhitespace).compactMap { Int($0) }
            nodes.append(
                MachineShape.Node(
                    id: id, cpus: cpus, memory: try memory(of: directory),
                    distances: distances ?? online.members.map { $0 == id ? 10 : 20 },
                    hugePages: hugePages(in: "\(directory)/hugepages")))
        }
        return nodes
    }

    /// What lies in directories such as `hugepages-2048kB`; nil when there is not one page.
    private func hugePages(in directory: String) -> [HugePages]? {
        let names = (try? Descriptor.open(directory, .directory).names()) ?? []
        let found = names.compactMap { name -> HugePages? in
            guard name.hasPrefix("hugepages-"), let size = Bytes(text: String(name.dropFirst("hugepages-".count))), size > .zero,
                let count = number("\(directory)/\(name)/nr_hugepages"), count > 0
            else { return nil }
            return HugePages(size: size, bytes: Bytes(size.count * UInt64(count)))
        }
        return found.isEmpty ? nil : found.sorted { $0.size < $1.size }
    }

    /// The line `Node 0 MemTotal:  16384 kB`.
    private func memory(of directory: String) throws(SystemError) -> Bytes {
        for line in try readTextFile(directory + "/meminfo").split(whereSeparator: \.isNewline) where line.contains(" MemTotal:") {
            let words = line.split(separator: " ")
            if words.count >= 4, let kibibytes = UInt64(words[3]) { return .kibibytes(kibibytes) }
        }
        throw SystemError("read", directory + "/meminfo", errno: 0, detail: "no MemTotal")
    }

    /// The cpus that share this one's cache of the highest level; itself where the kernel does not tell.
    private func lastLevelCache(_ id: Int) -> CpuSet {
        var best: (level: Int, cpus: CpuSet) = (0, CpuSet([id]))
        for index in 0..<16 {
            let directory = "\(cpuRoot)/cpu\(id)/cache/index\(index)"
            guard let level = number("\(directory)/level") else { break }
            if level > best.level, let cpus = list("\(directory)/shared_cpu_list"), !cpus.isEmpty { best = (level, cpus) }
        }
        return best.cpus
    }

    private func number(_ path: String) -> Int? {
        (try? readTextFile(path)).flatMap { Int($0.filter { !$0.isWhitespace }) }
    }

    private func list(_ path: String) -> CpuSet? { (try? readTextFile(path)).flatMap { CpuSet(list: $0) } }

    private func requiredList(_ path: String) throws(SystemError) -> CpuSet {
        let text = try readTextFile(path)
        guard let found = CpuSet(list: text) else {
            throw SystemError("read", path, errno: 0, detail: "found \(text.prefix(40)), a list such as 0-3,8 is accepted")
        }
        return found
    }
}

/// Numbers from 0 in the order of first appearance.
private struct Numbering {
    private var known: [Int: Int] = [:]

    mutating func number(of key: Int) -> Int {
        if let found = known[key] { return found }
        known[key] = known.count
        return known.count - 1
    }
}
