import JobModel

extension JobField {
    private static let sizeAccepted = Bytes.accepted

    /// What the scheduler gives and the groups enforce.
    static let resourceFields: [JobField] = [
        JobField(
            "cores", ["cpus_per_task", "ncpus", "c"], paths: ["resources.cores"], example: "4", accepted: "1 to 8192 whole cores",
            "Whole cores for this job alone"
        ) { value, draft throws(DocumentError) in draft.spec.resources.cores = try value.integer() },
        JobField(
            "cpu", ["cpus"], paths: ["resources.cpuMillis"], example: "0.5",
            accepted: "a number of CPUs from 0.01 to 8192, such as 0.3, 2.5 or 300m",
            "A quota on the cores that jobs share, instead of cores"
        ) { value, draft throws(DocumentError) in draft.spec.resources.cpuMillis = try value.parsed(cpuMillis) },
        JobField(
            "memory", ["mem", "m"], paths: ["resources.memory"], example: "2G", accepted: sizeAccepted + ", at least 4M",
            "The most memory that the job may use, its files in memory included"
        ) { value, draft throws(DocumentError) in draft.spec.resources.memory = try value.bytes() },
        JobField(
            "memory_soft", ["memory_reservation", "mem_reservation", "soft_memory", "memory_low"], paths: ["resources.memorySoft"], example: "1G",
            accepted: sizeAccepted + ", 1M to the memory", "What the job keeps of its memory when the machine's is short"
        ) { value, draft throws(DocumentError) in draft.spec.resources.memorySoft = try value.bytes() },
        JobField(
            "swap", paths: ["resources.swap"], example: "1G", accepted: sizeAccepted + "; 0 for none", "Swap beyond the memory"
        ) { value, draft throws(DocumentError) in draft.spec.resources.swap = try value.bytes() },
        JobField(
            "pids", ["pids_limit"], paths: ["resources.pids"], example: "500", accepted: "1 to 4194304", "The most processes and threads"
        ) { value, draft throws(DocumentError) in draft.spec.resources.pids = try value.integer() },
        JobField(
            "io", paths: ["resources.io", "resources.ioWeight"], shape: .list, example: "read=5M,write=10M,path=/data",
            accepted:
                "read and write (bytes a second), read_ops and write_ops (operations a second), a path on the disk meant, and a weight (1 to 10000)",
            "Limits on a disk (that of the path, else that of the scratch), and the job's weight on all of them", read: readIO),
        JobField(
            "resources", ["resource", "gres", "licenses", "licences"], paths: ["resources.named"], shape: .list, example: "gpu=2,licence=1",
            accepted: "names with a count or with instances, such as gpu=2 or gpu=gpu0+gpu1",
            "Named, counted resources of the configuration, such as GPUs and licences", read: readNamed),
        JobField(
            "scratch", ["tmp"], paths: ["resources.scratch"], example: "20G",
            accepted: "a size (\(sizeAccepted)), disk, memory, memory:1G, or size, kind and inodes",
            "The writable space of the job: bytes, and on disk or in memory", read: readScratch),
        JobField(
            "scratch_kind", paths: ["resources.scratchKind"], example: "memory", accepted: "disk or memory",
            "Where the scratch lies; in memory it counts against the job's memory"
        ) { value, draft throws(DocumentError) in draft.spec.resources.scratchKind = try value.choice(ScratchKind.self) },
        JobField(
            "scratch_inodes", paths: ["resources.scratchInodes"], example: "100000", accepted: "16 to 4000000000",
            "The most files in the scratch"
        ) { value, draft throws(DocumentError) in draft.spec.resources.scratchInodes = try value.integer() },
        JobField(
            "shm_size", ["shm", "shared_memory"], paths: ["sharedMemory"], example: "256M", accepted: sizeAccepted + ", at most the memory",
            "The size of /dev/shm"
        ) { value, draft throws(DocumentError) in draft.spec.sharedMemory = try value.bytes() },
        JobField(
            "huge_pages", ["hugetlb"], paths: ["resources.hugePages"], shape: .list, example: "2M=64M,1G=2G",
            accepted: "SIZE=AMOUNT, whole pages of a size that the machine has, such as 2M=64M",
            "Huge pages by size; of others the job gets none", read: readHugePages),
    ]

    private static func readHugePages(_ value: FieldValue, _ draft: inout JobDraft) throws(DocumentError) {
        guard let pairs = value.pairs(commas: true) else { throw value.refused() }
        var asked: [HugePages] = []
        for (key, amount) in pairs {
            guard let size = Bytes(text: key) else { throw amount.refused(found: "the size \(DocumentText.quoted(key))") }
            let bytes = try amount.bytes()
            guard size > .zero, bytes.count % size.count == 0 else { throw amount.refused(accepted: "a multiple of \(size)") }
            if asked.contains(where: { $0.size == size }) { throw amount.refused(found: "the size a second time", accepted: "each once") }
            asked.append(HugePages(size: size, bytes: bytes))
        }
        draft.spec.resources.hugePages = asked
    }

    /// `0.3`, `2`, `300m` in thousandths.
    private static func cpuMillis(_ text: String) -> Int? {
        if text.hasSuffix("m") { return Int(text.dropLast()) }
        guard text.utf8.allSatisfy({ (48...57).contains($0) || $0 == 46 }), let value = Double(text), value < 1e6 else { return nil }
        return Int((value * 1000).rounded())
    }

    private static func readIO(_ value: FieldValue, _ draft: inout JobDraft) throws(DocumentError) {
        let names = [
            "path": ["device"], "read": ["read_bps", "rbps"], "write": ["write_bps", "wbps"], "read_ops": ["read_iops", "riops"],
            "write_ops": ["write_iops", "wiops"], "weight": [],
        ]
        var limits: [IOLimit] = []
        var weight: Int?
        for item in value.items() {
            guard let members = try item.members(names) else { throw item.refused() }
            if let given = members["weight"] {
                if weight != nil { throw given.refused(found: "a second weight", accepted: "one, which counts on every disk") }
                if members["path"] != nil { throw given.refused(found: "a weight with a path", accepted: "one without, which counts on every disk") }
                weight = try given.with(given.node, label: given.label, accepted: "1 to 10000, 100 being the usual").integer()
                if members.count == 1 { continue }
            }
            var limit = IOLimit()
            limit.path = try members["path"]?.path()
            limit.readBytesPerSecond = try members["read"].map(rate)
            limit.writeBytesPerSecond = try members["write"].map(rate)
            limit.readOperationsPerSecond = try members["read_ops"].map(operations)
            limit.writeOperationsPerSecond = try members["write_ops"].map(operations)
            limits.append(limit)
        }
        draft.spec.resources.io = limits.isEmpty && weight != nil ? nil : limits
        draft.spec.resources.ioWeight = weight
    }

    private static func rate(_ value: FieldValue) throws(DocumentError) -> UInt64 {
        let accepted = "bytes a second from 1K, such as 5M or 5M/s"
        return try value.with(value.node, label: value.label, accepted: accepted).parsed { text in
            Bytes(text: text.hasSuffix("/s") ? String(text.dropLast(2)) : text)?.count
        }
    }

    private static func operations(_ value: FieldValue) throws(DocumentError) -> UInt64 {
        try value.with(value.node, label: value.label, accepted: "operations a second, a whole number").parsed { UInt64($0) }
    }

    private static func readNamed(_ value: FieldValue, _ draft: inout JobDraft) throws(DocumentError) {
        var named = draft.spec.resources.named ?? [:]
        var seen: Set<String> = []
        for item in value.items() {
            for (name, request) in try namedPairs(item) {
                guard seen.insert(name).inserted else {
                    throw request.refused(found: "\(DocumentText.quoted(name)) a second time", accepted: "each once")
                }
                named[name] = try namedRequest(request)
            }
        }
        draft.spec.resources.named = named
    }

    /// Slurm's `gpu:2` beside `gpu=2`; a name alone is one.
    private static func namedPairs(_ item: FieldValue) throws(DocumentError) -> [(String, FieldValue)] {
        guard case .scalar(let text) = item.node.content else {
            guard let pairs = item.pairs(commas: true) else { throw item.refused() }
            return pairs.map { ($0.key, $0.value) }
        }
        return text.split(separator: ",").map { part in
            let cut = part.firstIndex { $0 == "=" || $0 == ":" }
            let value = cut.map { trimmed(part[part.index(after: $0)...]) } ?? "1"
            let name = trimmed(part[..<(cut ?? part.endIndex)])
            let node = DocumentNode(.scalar(value), line: item.node.line)
            return (name, item.with(node, label: "\(item.label).\(DocumentText.oneLine(name))"))
        }
    }

    private static func namedRequest(_ value: FieldValue) throws(DocumentError) -> NamedRequest {
        if case .scalar(let text) = value.node.content {
            if let count = Int(text) { return .count(count) }
            return .instances(text.split(separator: "+", omittingEmptySubsequences: false).map(String.init))
        }
        guard case .list = value.node.content else { throw value.refused() }
        return .instances(try value.words())
    }

    private static func readScratch(_ value: FieldValue, _ draft: inout JobDraft) throws(DocumentError) {
        if case .map = value.node.content, let members = try value.members(["size": [], "kind": ["type"], "inodes": ["files"]]) {
            if let size = members["size"] { draft.spec.resources.scratch = try size.bytes() }
            if let kind = members["kind"] { draft.spec.resources.scratchKind = try kind.choice(ScratchKind.self) }
            if let inodes = members["inodes"] { draft.spec.resources.scratchInodes = try inodes.integer() }
            return
        }
        let text = try value.text()
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        if let kind = parts.first.flatMap({ ScratchKind(rawValue: $0.lowercased()) }) {
            draft.spec.resources.scratchKind = kind
            guard parts.count == 2 else { return }
            guard let size = Bytes(text: parts[1]) else { throw value.refused() }
            draft.spec.resources.scratch = size
        } else {
            draft.spec.resources.scratch = try value.bytes()
        }
    }
}
