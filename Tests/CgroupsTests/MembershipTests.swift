import LinuxSys
import Testing

@testable import Cgroups

/// How the kernel names a job's group in `/proc/PID/cgroup`, and where its processes are listed.
@Suite struct MembershipTests {
    private func membership(_ tree: FakeTree, _ layout: CgroupLayout, _ place: String) throws -> GroupMembership {
        let group = try GroupParent(layout: layout, name: "berth-test").prepare("12.1")
        try tree.populate(layout, "12.1")
        try tree.write(["\(place)/berth-test/12.1/job/cgroup.procs": "71\n72\n"])
        return try group.membership()
    }

    @Test func unified() throws {
        let tree = try FakeTree()
        let found = try membership(tree, tree.unified(), "cg")
        #expect(found.controller.isEmpty && found.path == "/berth-test/12.1/job")
        #expect(try found.processes.readText(limit: 100) == "71\n72\n")
    }

    @Test(arguments: [false, true]) func legacy(hybrid: Bool) throws {
        let tree = try FakeTree()
        let found = try membership(tree, tree.legacy(hybrid: hybrid), hybrid ? "v1/unified" : "v1/freezer")
        #expect(found.controller == (hybrid ? "" : "freezer") && found.path == "/berth-test/12.1/job")
        #expect(try found.processes.readText(limit: 100) == "71\n72\n")
    }
}
