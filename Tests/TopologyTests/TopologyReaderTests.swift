import JobModel
import LinuxSys
import Testing
import Topology

/// Trees as sysfs has them on machines that this one is not.
@Suite struct TopologyReaderTests {
    private final class Tree {
        let path: String
        private let parent: Descriptor
        private let name = "berth-topology-\(UInt64.random(in: 0...UInt64.max))"

        init() throws {
            path = "/tmp/" + name
            parent = try Descriptor.open("/tmp", .directory)
            try parent.makeDirectory(name)
        }

        deinit { _ = try? removeTree(at: parent, name) }

        func write(_ file: String, _ text: String) throws {
            let parts = file.split(separator: "/").map(String.init)
            var place = try Descriptor.open(path, .directory)
            for part in parts.dropLast() { place = try place.makeAndOpenDirectory(part) }
            try place.open(at: parts[parts.count - 1], [.writeOnly, .create, .truncate], mode: 0o644).write(text + "\n")
        }

        func cpu(_ id: Int, package: Int, siblings: String, cache: String) throws {
            let directory = "sys/devices/system/cpu/cpu\(id)"
            try write("\(directory)/topology/physical_package_id", "\(package)")
            try write("\(directory)/topology/core_cpus_list", siblings)
            try write("\(directory)/cache/index0/level", "1")
            try write("\(directory)/cache/index0/shared_cpu_list", siblings)
            try write("\(directory)/cache/index1/level", "3")
            try write("\(directory)/cache/index1/shared_cpu_list", cache)
        }

        func node(_ id: Int, cpus: String, kibibytes: Int, distance: String) throws {
            let directory = "sys/devices/system/node/node\(id)"
            try write("\(directory)/cpulist", cpus)
            try write("\(directory)/meminfo", "Node \(id) MemTotal:       \(kibibytes) kB\nNode \(id) MemFree: 1 kB")
            try write("\(directory)/distance", distance)
        }

        func reader() -> TopologyReader { TopologyReader(sysRoot: path + "/sys", procRoot: path + "/proc") }
    }

    /// Two packages of two cores with two threads each; the second package's caches are split, and a third node has memory only.
    private func twoPackages(online: String = "0-7", allowed: String = "0-7") throws -> Tree {
        let tree = try Tree()
        try tree.write("sys/devices/system/cpu/online", online)
        for id in 0..<8 {
            let core = id % 4
            let package = core / 2
            try tree.cpu(id, package: package, siblings: "\(core),\(core + 4)", cache: package == 0 ? "0-1,4-5" : "\(core),\(core + 4)")
        }
        try tree.write("sys/devices/system/node/online", "0-2")
        try tree.node(0, cpus: "0-1,4-5", kibibytes: 1024, distance: "10 21 17")
        try tree.node(1, cpus: "2-3,6-7", kibibytes: 2048, distance: "21 10 28")
        try tree.node(2, cpus: "", kibibytes: 4096, distance: "17 28 10")
        try tree.write("proc/self/status", "Name:\tx\nCpus_allowed:\tff\nCpus_allowed_list:\t\(allowed)")
        return tree
    }

    @Test func readsHugePagesOfEachNode() throws {
        let tree = try twoPackages()
        #expect(try tree.reader().machineShape().hugePages == [])
        let nodes = "sys/devices/system/node"
        for (node, name, count) in [
            (0, "hugepages-2048kB", 512), (0, "hugepages-1048576kB", 0), (2, "hugepages-2048kB", 8), (2, "hugepages-1048576kB", 1),
        ] {
            try tree.write("\(nodes)/node\(node)/hugepages/\(name)/nr_hugepages", "\(count)")
        }
        let shape = try tree.reader().machineShape()
        let gigabyte = HugePages(size: .gibibytes(1), bytes: .gibibytes(1))
        #expect(
            shape.nodes.map(\.hugePages) == [
                [HugePages(size: .mebibytes(2), bytes: .gibibytes(1))], nil, [HugePages(size: .mebibytes(2), bytes: .mebibytes(16)), gigabyte],
            ])
        #expect(shape.hugePages == [HugePages(size: .mebibytes(2), bytes: .mebibytes(1040)), gigabyte])
    }

    @Test func readsHugePagesWithoutNuma() throws {
        let tree = try Tree()
        try tree.write("sys/devices/system/cpu/online", "0")
        try tree.cpu(0, package: 0, siblings: "0", cache: "0")
        try tree.write("proc/self/status", "Cpus_allowed_list:\t0")
        try tree.write("proc/meminfo", "MemTotal:       1048576 kB")
        try tree.write("sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "4")
        #expect(try tree.reader().machineShape().nodes[0].hugePages == [HugePages(size: .mebibytes(2), bytes: .mebibytes(8))])
    }

    @Test func readsCoresThreadsCachesAndNodes() throws {
        let tree = try twoPackages()
        let shape = try tree.reader().machineShape()
        #expect(shape.cpus.map(\.id) == Array(0..<8))
        #expect(shape.cpus.map(\.core) == [0, 1, 2, 3, 0, 1, 2, 3])
        #expect(shape.cpus.map(\.package) == [0, 0, 1, 1, 0, 0, 1, 1])
        #expect(shape.cpus.map(\.node) == [0, 0, 1, 1, 0, 0, 1, 1])
        #expect(shape.cpus.map(\.cache) == [0, 0, 1, 2, 0, 0, 1, 2])
        #expect(shape.nodes.map(\.memory) == [.mebibytes(1), .mebibytes(2), .mebibytes(4)])
        #expect(shape.nodes[1].distances == [21, 10, 28])
        #expect(shape.nodes[2].cpus.isEmpty)
    }

    @Test func leavesOutWhatIsOfflineOrNotAllowed() throws {
        let tree = try twoPackages(online: "0-6", allowed: "1-7")
        let shape = try tree.reader().machineShape()
        #expect(shape.allCpus == CpuSet(1...6))
        #expect(shape.nodes[0].cpus == CpuSet([1, 4, 5]))
        #expect(shape.nodes[1].cpus == CpuSet([2, 3, 6]))
        let disjoint = try twoPackages(online: "0-1", allowed: "4-5")
        let error = #expect(throws: SystemError.self) { try disjoint.reader().machineShape() }
        #expect(error?.detail == "no cpu is both online and allowed")
    }

    @Test func aKernelWithoutNUMAIsOneNode() throws {
        let tree = try Tree()
        try tree.write("sys/devices/system/cpu/online", "0-1")
        for id in 0..<2 { try tree.write("sys/devices/system/cpu/cpu\(id)/topology/physical_package_id", "-1") }
        try tree.write("proc/self/status", "Cpus_allowed_list:\t0-1")
        try tree.write("proc/meminfo", "MemTotal:       2048 kB")
        let shape = try tree.reader().machineShape()
        #expect(shape.nodes == [MachineShape.Node(id: 0, cpus: CpuSet([0, 1]), memory: .mebibytes(2), distances: [10])])
        #expect(shape.cpus.map(\.package) == [0, 0])
        #expect(shape.cpus.map(\.core) == [0, 1], "no siblings told: every cpu is a core")
    }

    @Test func malformedFilesAreNamed() throws {
        let tree = try twoPackages()
        try tree.write("sys/devices/system/node/node1/meminfo", "nothing")
        let error = #expect(throws: SystemError.self) { try tree.reader().machineShape() }
        #expect(error?.description.contains("node1/meminfo") == true)
        try tree.write("sys/devices/system/cpu/online", "0-x")
        #expect(throws: SystemError.self) { try tree.reader().machineShape() }
    }

    @Test func thisMachine() throws {
        let shape = try TopologyReader().machineShape()
        #expect(!shape.cpus.isEmpty)
        #expect(shape.nodes.reduce(CpuSet()) { $0.union($1.cpus) } == shape.allCpus, "every cpu is on a node")
        #expect(shape.memory > .mebibytes(100))
        #expect(Set(shape.cpus.map(\.core)).count <= shape.cpus.count)
    }
}
