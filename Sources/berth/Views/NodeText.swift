import API
import JobModel

/// `berth node`.
struct NodeText {
    var node: NodeReply
    var style: Style
    var moments: MomentText
    var width: Int?

    func render() -> String {
        var text = DetailText(style: style)
        text.add("Node", "\(node.name), kernel \(node.kernel)")
        text.add("Daemon", "berthd \(node.daemon), since \(moments.full(node.startedAt))")
        text.add(
            "Cores", "\(node.shape.cpus.count): \(node.shape.allCpus); free \(list(node.freeCpus)); kept for the system \(list(node.reservedCpus))")
        text.add("Shared pool", list(node.sharedCpus))
        text.add("Memory", "\(node.shape.memory), free for jobs \(node.freeMemory), kept for the system \(node.reservedMemory)")
        for part in node.shape.nodes where node.shape.nodes.count > 1 {
            text.add("Memory node \(part.id)", "cpus \(list(part.cpus)), \(part.memory)" + hugePages(part))
        }
        for pool in node.hugePages ?? [] {
            text.add("Huge pages \(pool.size)", "\(pages(pool.total, pool)) (\(pool.total)), free \(pages(pool.free, pool))")
        }
        text.add("Scratch", scratch)
        text.add("Disk", node.disk.map { "\($0.free) free, and \($0.held) of \($0.reserve) kept for the database" })
        text.add("IO weight", node.ioWeight.map(Escaping.oneLine))
        text.add("Groups", "cgroup \(node.cgroupLayout), \(node.cgroupParent)")
        for named in node.named { text.add(named.name, "\(named.free.count) of \(named.instances.count) free: \(named.free.joined(separator: ","))") }
        text.add("Tasks", ArrayProgress.summary(node.counts))
        text.add("A job gets", defaults)
        return text.render() + "\n" + queues()
    }

    private func pages(_ bytes: Bytes, _ pool: NodeReply.HugePagePool) -> UInt64 { HugePages(size: pool.size, bytes: bytes).pages }

    private func hugePages(_ part: MachineShape.Node) -> String { (part.hugePages ?? []).map { ", huge pages \($0)" }.joined() }

    private func list(_ set: CpuSet) -> String { set.isEmpty ? "none" : set.description }

    private var scratch: String {
        let space = node.scratchTotal.map { total in "\(total), free \(node.freeScratch.map(\.description) ?? "-"), " } ?? ""
        let methods = [
            "projectQuota": "a project quota (bytes and inodes)", "subvolumeQuota": "btrfs quotas of a file system of its own (bytes only)",
            "memory": "tmpfs",
        ]
        return space + "limited by \(methods[node.scratchMethod] ?? node.scratchMethod)"
    }

    private var defaults: String {
        var parts: [String] = []
        if let cores = node.defaults.cores { parts.append("\(cores) \(cores == 1 ? "core" : "cores")") }
        if let memory = node.defaults.memory { parts.append("\(memory) memory") }
        if let scratch = node.defaults.scratch { parts.append("\(scratch) scratch") }
        parts.append("\(node.defaultTimeLimit) of time")
        if let image = node.defaultImage { parts.append("image \(image)") }
        return parts.joined(separator: ", ") + ", unless it says otherwise"
    }

    private func queues() -> String {
        var table = Table([
            .init("QUEUE", shrinksTo: 8), .init("PRIORITY", right: true), .init("RUNNING", right: true), .init("PENDING", right: true),
            .init("MOST CORES", right: true), .init("MOST MEMORY", right: true), .init("MOST TIME", right: true),
        ])
        for queue in node.queues {
            let most = queue.definition.maximum
            table.add([
                Escaping.oneLine(queue.definition.name), "\(queue.definition.priority)", "\(queue.counts.running + queue.counts.paused)",
                "\(queue.counts.pending)", most.coresPerTask.map { "\($0)" } ?? "-", most.memoryPerTask.map(\.description) ?? "-",
                most.timeLimit.map(\.description) ?? "-",
            ])
        }
        return table.render(width: width, style: style)
    }
}
