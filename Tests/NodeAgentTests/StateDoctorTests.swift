import API
import JobModel
import LinuxSys
import TestSupport
import Testing

@testable import NodeAgent

/// What is said of a state directory, and the commands that mend it.
@Suite struct StateDoctorTests {
    private func status(free: UInt64 = 1 << 40, files: UInt64 = 1 << 20, ofFiles: UInt64 = 1 << 21, isReadOnly: Bool = false) throws
        -> FileSystemStatus
    {
        var status = try Descriptor.open("/", [.path, .directory]).fileSystemStatus()
        (status.availableBytes, status.freeInodes, status.totalInodes, status.isReadOnly) = (free, files, ofFiles, isReadOnly)
        return status
    }

    @Test("Room is wanted in bytes and inodes, and where it can be written") func shortages() throws {
        #expect(StateRoom.shortage(try status()) == nil)
        #expect(StateRoom.shortage(try status(free: StateRoom.leastBytes.count)) == nil)
        let free = StateRoom.leastBytes.count - 1
        #expect(StateRoom.shortage(try status(free: free)) == .bytes(free: Bytes(free), needed: .mebibytes(32)))
        #expect(StateRoom.shortage(try status(free: 1), needed: .zero) == nil)
        #expect(StateRoom.shortage(try status(files: 499)) == .files(free: 499))
        #expect(StateRoom.shortage(try status(files: 0, ofFiles: 0)) == nil, "btrfs counts none")
        #expect(StateRoom.shortage(try status(isReadOnly: true)) == .readOnly)
    }

    private func mount(_ type: String, _ place: String) throws -> MountEntry {
        try #require(MountEntry(line: "22 1 254:0 / \(place) rw,relatime shared:1 - \(type) /dev/vdb rw"))
    }

    @Test("Each fault has its command") func remedies() throws {
        let remedy = StateRemedy(directory: "/var/lib/berth", hasSystemd: true)
        #expect(
            remedy.room(StateRoom.Shortage(path: "/var/lib/berth", kind: .files(free: 0)), nil)
                == "find /var/lib/berth/logs -name '*.log' -mtime +7 -delete")
        #expect(
            remedy.repair(try mount("ext4", "/srv"))
                == "mount -o remount,rw /srv || { systemctl stop berthd; umount /srv && e2fsck -fy /dev/vdb && mount /dev/vdb /srv "
                + "&& systemctl start berthd || reboot; }")
        #expect(remedy.repair(try mount("xfs", "/srv")).contains("xfs_repair /dev/vdb"))
        #expect(remedy.repair(try mount("ext4", "/")) == "mount -o remount,rw / || { touch /forcefsck; reboot; }")
        #expect(remedy.repair(try mount("btrfs", "/srv")) == "mount -o remount,rw /srv")
        #expect(
            remedy.restore("cd x && y")
                == "apt-get install -y sqlite3 && systemctl stop berthd; (cd x && y) && systemctl start berthd")
        #expect(remedy.move.contains("rsync -aHAX /var/lib/berth/ /OTHER/berth/"))
        #expect(remedy.end(77) == "kill -9 77; systemctl restart berthd")
        #expect(StateRemedy(directory: "/a b/it's", hasSystemd: false).move.contains(#"rsync -aHAX '/a b/it'\''s'/ "#))
    }

    @Test("What can be written to is fast and has room, and nothing stays behind") func healthy() throws {
        let place = try TemporaryDirectory("doctor", in: "/dev/shm")
        defer { place.remove() }
        let checks = StateDoctor(directory: place.path).checks()
        #expect(checks.map(\.name) == ["state directory", "disk"] && checks.allSatisfy { $0.state == .ok }, "\(checks)")
        #expect(try Descriptor.open(place.path, [.readOnly, .directory]).names().isEmpty)
    }

    @Test("A read-only disk is found by the mount and by the write", .enabled(if: ProcessContext.effectiveUser == 0, "needs root"))
    func readOnly() throws {
        let place = try TemporaryDirectory("doctor")
        defer { place.remove() }
        try Mount.mount("none", at: place.path, type: "tmpfs", flags: 1)
        defer { try? Mount.detach(place.path) }
        let checks = StateDoctor(directory: place.path).checks()
        #expect(checks.count == 1, "told once: \(checks)")
        #expect(checks.first?.state == .broken && checks.first?.detail.contains("\(place) is read-only") == true, "\(checks)")
        #expect(checks.first?.remedy == "mount -o remount,rw \(place)", "\(checks)")
        let write = StateDoctor(directory: place.path).speed
        #expect(write.state == .broken && write.detail.contains("EROFS") && write.remedy == "mount -o remount,rw \(place)", "\(write)")
    }

    @Test(
        "Of several shortages that of the database comes first, and a reserve has its room",
        .enabled(if: ProcessContext.effectiveUser == 0, "needs root"))
    func order() throws {
        let place = try TemporaryDirectory("room")
        defer { place.remove() }
        var mounts: [String] = []
        defer { for path in mounts.reversed() { try? Mount.detach(path) } }
        func mount(_ path: String, _ data: String, flags: UInt = 0) throws {
            try Mount.mount("none", at: path, type: "tmpfs", flags: flags, data: data)
            if !mounts.contains(path) { mounts.append(path) }
        }
        try mount(place.path, "size=8m,nr_inodes=1000")
        try place.directory("logs", mode: 0o700)
        let bare = StateRoom(place.path).shortage
        #expect(bare?.path == place.path && bare?.isOfDatabase == true, "\(String(describing: bare))")
        #expect(StateRoom(place.path, reserveShortage: { nil }).shortage == nil, "the bytes are the reserve's affair, of the logs on its disk too")
        let short = StateRoom(place.path, reserveShortage: { "1M free" }).shortage
        #expect(short?.description == "1M free" && short?.isOfDatabase == false)
        try mount(place("logs"), "size=8m")
        let logs = StateRoom(place.path, reserveShortage: { nil }).shortage
        #expect(logs?.description.hasPrefix("\(place("logs")) is full: 8M free") == true, "\(String(describing: logs))")
        #expect(logs?.isOfDatabase == false)
        try mount(place.path, "nr_inodes=400", flags: 32)
        let files = StateRoom(place.path, reserveShortage: { nil }).shortage
        #expect(files?.description.contains("inodes") == true && files?.isOfDatabase == false, "\(String(describing: files))")
        try mount(place.path, "nr_inodes=400", flags: 32 | 1)
        let readOnly = StateRoom(place.path, reserveShortage: { "1M free" }).shortage
        #expect(readOnly?.kind == .readOnly && readOnly?.isOfDatabase == true, "\(String(describing: readOnly))")
    }
}
