import LinuxSys
import Testing

private func run(_ path: String, _ arguments: [String]) throws {
    let (reading, writing) = try Descriptor.pipe()
    let child = try Spawn(
        path: path, arguments: [path] + arguments, environment: ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"],
        descriptors: [1: writing, 2: writing]
    ).run()
    writing.close()
    let output = try reading.readText()
    let end = try child.wait()
    try #require(end == .exited(0), "\(path): \(output)")
}

private func has(_ path: String) -> Bool { (try? Descriptor.open(path, .path)) != nil }

private let canLoop = isRoot && has("/dev/loop-control")

/// A file system in a sparse file, mounted through a loop device that goes with the mount.
private func withFileSystem(_ maker: String, _ arguments: [String], options: String? = nil, _ body: (Descriptor, String) throws -> Void)
    throws
{
    let scratch = try Scratch()
    let image = try scratch.file("image")
    try image.truncate(to: 300 << 20)
    try run(maker, arguments + [scratch.path + "/image"])
    let loop = try LoopDevice.attach(image)
    #expect(LoopDevice.backingFile(of: loop.number) == scratch.path + "/image")
    try scratch.directory.makeDirectory("mnt")
    let type = maker.hasSuffix("btrfs") ? "btrfs" : maker.hasSuffix("xfs") ? "xfs" : "ext4"
    try Mount.mount(loop.path, at: scratch.path + "/mnt", type: type, data: options)
    loop.descriptor.close()
    defer { try? Mount.detach(scratch.path + "/mnt") }
    try body(Descriptor.open(scratch.path + "/mnt", .directory), scratch.path + "/mnt")
}

/// Whether this kernel can mount ext4 with quotas: they need CONFIG_QFMT_V2.
private let canProjectQuota: Bool = {
    guard canLoop, has("/sbin/mkfs.ext4") else { return false }
    return (try? withFileSystem("/sbin/mkfs.ext4", quotaFeatures, options: "prjquota") { _, _ in }) != nil
}()
private let quotaFeatures = ["-q", "-O", "quota,project", "-E", "quotatype=prjquota"]

@Suite(.serialized) struct StorageTests {
    @Test(.enabled(if: canLoop, "needs root and loop devices")) func loopDeviceGoesWithItsLastUser() throws {
        let scratch = try Scratch()
        let image = try scratch.file("image")
        try image.truncate(to: 1 << 20)
        let loop = try LoopDevice.attach(image)
        try loop.descriptor.write(Array("disk".utf8), at: 4096)
        try loop.descriptor.synchronize()
        #expect(try image.readFully(4, at: 4096) == Array("disk".utf8))
        #expect(LoopDevice.backingFile(of: loop.number)?.hasSuffix("/image") == true)
        loop.descriptor.close()
        // The kernel detaches after the last close, on a work queue.
        for _ in 0..<200 where LoopDevice.backingFile(of: loop.number)?.hasPrefix(scratch.path) == true {
            sleepBlocking(nanoseconds: 10_000_000)
        }
        #expect(LoopDevice.backingFile(of: loop.number)?.hasPrefix(scratch.path) != true)
        let kept = try LoopDevice.attach(image, autoClear: false)
        try kept.detach()
    }

    @Test(.enabled(if: canLoop && has("/sbin/mkfs.btrfs"), "needs root, loop devices and btrfs-progs")) func btrfsSubvolumeIsLimited()
        throws
    {
        try withFileSystem("/sbin/mkfs.btrfs", ["-q"]) { root, _ in
            try Btrfs.enableQuota(on: root)
            try Btrfs.waitForRescan(on: root)
            try Btrfs.createSubvolume("scratch", in: root)
            let scratch = try root.open(at: "scratch", .directory)
            let id = try Btrfs.subvolumeID(of: scratch)
            #expect(id >= 256)
            try Btrfs.setLimit(subvolume: id, on: root, referencedBytes: 20 << 20)
            let file = try scratch.open(at: "data", [.writeOnly, .create])
            let block = [UInt8](repeating: 1, count: 1 << 20)
            let error = #expect(throws: SystemError.self) { for _ in 0..<60 { try file.write(block) } }
            #expect(error?.errnoName == "EDQUOT")
            try Btrfs.synchronize(root)
            let group = try #require(try Btrfs.quotaGroup(subvolume: id, on: root))
            #expect(group.referencedBytes > 1 << 20 && group.referencedBytes <= 20 << 20)
            try Btrfs.setLimit(subvolume: id, on: root, referencedBytes: nil)
            for _ in 0..<30 { try file.write(block) }
            try Btrfs.createSnapshot(of: scratch, "snapshot", in: root, readOnly: true)
            #expect(try root.names() == ["scratch", "snapshot"])
            #expect(throws: SystemError.self) { try root.open(at: "snapshot/new", [.writeOnly, .create]) }
            file.close()
            scratch.close()
            try Btrfs.deleteSubvolume("snapshot", in: root)
            try Btrfs.deleteSubvolume(id: id, on: root)
            #expect(try root.names() == [])
            try Btrfs.removeQuotaGroup(subvolume: 9_999, on: root)
        }
    }

    @Test(.enabled(if: canProjectQuota, "needs root, loop devices and a kernel with ext4 quotas"))
    func projectQuotaLimitsBytesAndInodes() throws {
        try withFileSystem("/sbin/mkfs.ext4", quotaFeatures, options: "prjquota") { root, path in
            #expect(ProjectQuota.isEnforced(on: root))
            let scratch = try root.makeAndOpenDirectory("scratch")
            try ProjectQuota.setProject(4711, on: scratch)
            try ProjectQuota.setLimits(project: 4711, on: root, bytes: 10 << 20, inodes: 20)
            #expect(try ProjectQuota.account(project: 4711, on: root).byteLimit == 10 << 20)
            let child = try scratch.makeAndOpenDirectory("child")
            #expect(try ProjectQuota.project(of: child) == 4711)
            let file = try child.open(at: "data", [.writeOnly, .create])
            try file.write([UInt8](repeating: 1, count: 1 << 20))
            try file.synchronize()
            let account = try ProjectQuota.account(project: 4711, on: root)
            #expect(account.usedBytes >= 1 << 20 && account.usedInodes == 3 && account.inodeLimit == 20)
            // Root with CAP_SYS_RESOURCE is above quotas: somebody else has to meet the limits, EDQUOT being 122.
            try child.changeMode(0o777)
            let script = """
                $> = 4711; open(F, '>', '\(path)/scratch/child/big') or die; my $b = 'x' x (1 << 20); my $n = 0; $n++ while defined syswrite(F, $b) && $n < 50;
                print $! + 0, " "; for (1..50) { open(G, '>', "\(path)/scratch/child/f$_") or last; } print $! + 0;
                """
            let (reading, writing) = try Descriptor.pipe()
            let user = try Spawn(path: "/usr/bin/perl", arguments: ["perl", "-e", script], descriptors: [1: writing]).run()
            writing.close()
            #expect(try reading.readText() == "122 122")
            #expect(try user.wait() == .exited(0))
            let full = try ProjectQuota.account(project: 4711, on: root)
            #expect(full.usedInodes == 20 && full.usedBytes <= 10 << 20 && full.usedBytes > 8 << 20)
        }
    }

    @Test func withoutQuotaTheAnswerIsNo() throws {
        #expect(!ProjectQuota.isEnforced(on: try Descriptor.open("/proc", .directory)))
    }
}
