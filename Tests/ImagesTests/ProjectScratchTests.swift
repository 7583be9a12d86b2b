import Foundation
import Images
import JobModel
import LinuxSys
import Testing

/// An ext4 with project quotas on a loop device; nil where the kernel has none.
private final class QuotaFileSystem: Sendable {
    let path: String

    init?() {
        path = "/tmp/berth-quota-" + UUID().uuidString
        guard ProcessContext.effectiveUser == 0, (try? Descriptor.workingDirectory.makeDirectory(path)) != nil else { return nil }
        do {
            let image = try Descriptor.open(path + "/image", [.readWrite, .create])
            try image.truncate(to: 256 << 20)
            let arguments = ["mkfs.ext4", "-q", "-F", "-O", "quota,project", "-E", "quotatype=prjquota", path + "/image"]
            guard try Spawn(path: "/usr/sbin/mkfs.ext4", arguments: arguments).run().wait() == .exited(0) else {
                throw SystemError("mkfs.ext4", errno: 0)
            }
            try FileManager.default.createDirectory(atPath: path + "/mount", withIntermediateDirectories: false)
            let device = try LoopDevice.attach(image)
            try Mount.mount(device.path, at: path + "/mount", type: "ext4", data: "prjquota")
        } catch {
            remove()
            return nil
        }
    }

    deinit { remove() }

    private func remove() {
        try? Mount.detach(path + "/mount", lazily: true)
        if let parent = try? Descriptor.open("/tmp", .directory) { _ = try? removeTree(at: parent, String(path.dropFirst(5))) }
    }
}

@Suite("Scratch with project quotas", .enabled(if: QuotaFileSystem() != nil, "needs ext4 project quotas in the kernel"))
struct ProjectScratchTests {
    static let uid: UInt32 = 1_879_048_192
    func attempt(_ number: UInt64) -> AttemptID { AttemptID(TaskID(JobID(number)), 1) }

    @Test func limitsOfBytesAndInodesHold() async throws {
        let disk = try #require(QuotaFileSystem())
        let store = try await ScratchStore.open(ScratchSettings(root: disk.path + "/mount/scratch", prepared: 2), running: [])
        #expect(store.diskLimit == .projectQuota && store.diskLimit.limitsInodes)
        try await {
            let space = try await store.take(for: attempt(1), kind: .disk, bytes: .mebibytes(8), inodes: 50, uid: Self.uid, gid: Self.uid)
            try asJob(space, "for n in $(seq 60); do mkdir $n; done")
            let made = try space.upper.names().count
            #expect((45...50).contains(made), "\(made)")
            let other = try await store.take(for: attempt(2), kind: .disk, bytes: .mebibytes(8), inodes: nil, uid: Self.uid, gid: Self.uid)
            try asJob(other, "dd if=/dev/zero of=fill bs=64k count=512 conv=fsync")
            let written = try other.upper.status(at: "fill").size
            #expect((6 << 20...8 << 20).contains(written), "\(written)")
            let used = try #require(try await store.usage(of: attempt(2)))
            #expect(used.bytes.count >= 6 << 20 && (used.inodes ?? 0) >= 4)
        }()
        for number in 1...2 { try await store.remove(attempt(UInt64(number))) }
        try await store.tearDown()
    }

    @Test func adoptedAfterARestartWithItsLimit() async throws {
        let disk = try #require(QuotaFileSystem())
        let settings = ScratchSettings(root: disk.path + "/mount/scratch", prepared: 1)
        let first = try await ScratchStore.open(settings, running: [])
        _ = try await first.take(for: attempt(1), kind: .disk, bytes: .mebibytes(1), inodes: 10, uid: Self.uid, gid: Self.uid)
        try await first.close()
        let store = try await ScratchStore.open(settings, running: [attempt(1)])
        try await {
            let space = try #require(try await store.find(attempt(1)))
            try asJob(space, "for n in $(seq 20); do mkdir $n; done")
            let made = try space.upper.names().count
            #expect((5...10).contains(made), "\(made)")
        }()
        try await store.remove(attempt(1))
        try await store.tearDown()
    }

    /// Runs a shell in the upper directory without CAP_SYS_RESOURCE, before which quotas give way; overlayfs writes without it too, whoever
    /// mounted it. The script is to fail at the limit.
    private func asJob(_ space: ScratchSpace, _ script: String) throws {
        let shell = "cd /proc/self/fd/9 && { \(script); } 2>/dev/null"
        let arguments = ["setpriv", "--inh-caps=-sys_resource", "--bounding-set=-sys_resource", "--", "/bin/sh", "-c", shell]
        let end = try Spawn(
            path: "/usr/bin/setpriv", arguments: arguments, environment: ["PATH": "/usr/bin:/bin"], descriptors: [9: space.upper]
        ).run().wait()
        #expect(end != .exited(0), "\(script)")
    }
}
