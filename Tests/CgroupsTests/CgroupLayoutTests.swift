import LinuxSys
import Testing

@testable import Cgroups

@Suite struct CgroupLayoutTests {
    @Test func findsTheUnifiedTree() throws {
        let layout = try FakeTree().unified()
        #expect(layout.kind == .v2)
        #expect(layout.legacy.isEmpty)
        #expect(layout.version(of: .memory) == .v2)
        #expect(layout.version(of: .devices) == nil)
    }

    @Test func findsSeparateHierarchies() throws {
        let layout = try FakeTree().legacy(hybrid: false)
        #expect(layout.kind == .v1)
        #expect(layout.unified == nil)
        #expect(layout.legacy[.io]?.hasSuffix("/v1/blkio") == true)
        #expect(layout.version(of: .freezer) == .v1)
    }

    @Test func findsTheHybrid() throws {
        let layout = try FakeTree().legacy(hybrid: true)
        #expect(layout.kind == .hybrid)
        #expect(layout.unified?.hasSuffix("/v1/unified") == true)
        #expect(layout.version(of: .memory) == .v1)
    }

    @Test func controllersMountedTogetherShareAPlace() throws {
        let tree = try FakeTree()
        var lines = [
            "30 1 0:30 / /cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct", "31 1 0:31 /docker/x /bound rw - cgroup cgroup rw,memory",
        ]
        for controller in ["memory", "pids", "cpuset", "freezer"] {
            lines.append("32 1 0:32 / /\(controller) rw - cgroup cgroup rw,\(controller)")
        }
        let layout = try CgroupLayout.discover(mounts: MountTable(text: lines.joined(separator: "\n")), root: tree.path)
        #expect(layout.legacy[.cpu] == tree.path + "/cpu,cpuacct")
        #expect(layout.legacy[.cpuacct] == layout.legacy[.cpu])
        #expect(layout.legacy[.memory] == tree.path + "/memory", "a bind of a part of a hierarchy is not it")
    }

    @Test func aMissingControllerIsNamed() throws {
        let error = #expect(throws: CgroupError.self) {
            try CgroupLayout.discover(mounts: MountTable(text: "30 1 0:30 / /cpu rw - cgroup cgroup rw,cpu"), root: "/nowhere")
        }
        #expect(error?.description.contains("memory") == true)
        #expect(error?.description.contains("\n") == false)
        #expect(throws: CgroupError.self) { try CgroupLayout.discover(mounts: MountTable(text: ""), root: "/nowhere") }
    }

    @Test func thisMachineHasALayout() throws {
        let layout = try CgroupLayout.discover()
        for controller in [Controller.cpu, .cpuset, .memory, .pids] { #expect(layout.version(of: controller) != nil) }
    }
}
