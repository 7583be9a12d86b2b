import Cgroups
import LinuxSys
import Testing

@testable import NodeAgent

/// The commands that the doctor prints.
@Suite struct DoctorRemedyTests {
    private func mount(_ type: String, _ place: String) throws -> MountEntry {
        try #require(MountEntry(line: "22 1 254:0 / \(place) rw,relatime shared:1 - \(type) /dev/vdb rw"))
    }

    @Test("Each file system gets its project quotas in its own way, and what can have none gets no command") func quotas() throws {
        #expect(DoctorRemedy.projectQuota(on: try mount("ext4", "/srv"))?.contains("tune2fs -O project,quota -Q prjquota /dev/vdb && mount") == true)
        #expect(DoctorRemedy.projectQuota(on: try mount("ext4", "/"))?.hasPrefix("tune2fs -O project,quota -Q prjquota /dev/vdb") == true)
        #expect(DoctorRemedy.projectQuota(on: try mount("xfs", "/srv"))?.contains("umount /srv && mount -o prjquota /dev/vdb /srv") == true)
        #expect(DoctorRemedy.projectQuota(on: try mount("xfs", "/"))?.contains("rootflags=prjquota") == true)
        #expect(DoctorRemedy.projectQuota(on: try mount("btrfs", "/srv")) == nil)
    }

    @Test("Controllers are brought in by whoever has them") func controllers() {
        #expect(DoctorRemedy.controllers([.memory], .v2, hasSystemd: true).hasPrefix("systemctl set-property berthd.service Delegate=yes"))
        #expect(DoctorRemedy.controllers([.memory, .io], .v2, hasSystemd: false) == "echo '+memory +io' > /sys/fs/cgroup/cgroup.subtree_control")
        #expect(
            DoctorRemedy.controllers([.io], .hybrid, hasSystemd: true)
                == "mkdir -p /sys/fs/cgroup/blkio && mount -t cgroup -o blkio cgroup /sys/fs/cgroup/blkio")
    }

    @Test("Subordinate ids that jobs have too are found and taken back") func ids() {
        let range: ClosedRange<UInt32> = 1000...1999
        let found = DoctorRemedy.SubordinateIDs.clash(in: "a:1:999\nbroken\nb:18446744073709551615:2\nada:1999:10\n", with: range)
        #expect(found?.line == "ada:1999:10")
        #expect(found.map { DoctorRemedy.takeBack($0, "uids") } == "usermod --del-subuids 1999-2008 ada")
        #expect(DoctorRemedy.SubordinateIDs.clash(in: "a:1:999\nb:2000:65536\nc:1500:0\n", with: range) == nil)
    }
}
