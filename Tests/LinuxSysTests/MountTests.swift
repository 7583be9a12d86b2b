import LinuxSys
import Testing

@Suite(.enabled(if: isRoot, "needs root")) struct MountTests {
    private func tmpfs() throws -> Descriptor {
        let context = try FileSystemContext(type: "tmpfs")
        try context.set("size", "4M")
        try context.set("mode", "0755")
        try context.create()
        return try context.mount([.noDevices, .noSetUID])
    }

    @Test func attachesAndDetaches() throws {
        let scratch = try Scratch()
        let mount = try tmpfs()
        _ = try mount.open(at: "inside", [.writeOnly, .create])
        try Mount.attach(mount, to: scratch.directory)
        let entry = try #require(try MountTable().holding(scratch.path + "/inside"))
        #expect(entry.mountPoint == scratch.path)
        #expect(entry.type == "tmpfs")
        #expect(Set(entry.options).isSuperset(of: ["nosuid", "nodev"]))
        #expect(!entry.isReadOnly)
        try Mount.detach(scratch.path, lazily: true)
        #expect(try MountTable().holding(scratch.path)?.mountPoint != scratch.path)
    }

    @Test func kernelsReasonIsInTheError() throws {
        let context = try FileSystemContext(type: "tmpfs")
        let error = #expect(throws: SystemError.self) { try context.set("no-such-option", "1") }
        #expect(error?.errnoName == "EINVAL")
        #expect(error?.detail.contains("no-such-option") == true)
        #expect(throws: SystemError.self) { try FileSystemContext(type: "nosuchfs") }
    }

    @Test func idMappedCloneShiftsOwners() throws {
        let scratch = try Scratch()
        let source = try scratch.directory.makeAndOpenDirectory("source")
        _ = try source.open(at: "mine", [.writeOnly, .create])
        try source.changeOwner(of: "mine", uid: 5, gid: 6)
        let map = [IDMapExtent(inside: 0, outside: 700_000, count: 1000)]
        let namespace = try UserNamespace.make(uidMap: map, gidMap: map)
        let clone = try Mount.clone(of: source)
        try Mount.setAttributes(of: clone, set: [.readOnly, .noSetUID, .noDevices], idMap: namespace)
        let status = try clone.status(at: "mine")
        #expect(status.uid == 700_005 && status.gid == 700_006)
        let error = #expect(throws: SystemError.self) { try clone.open(at: "new", [.writeOnly, .create]) }
        #expect(error?.errnoName == "EROFS")
    }

    /// The arrangement that jobs use: an id-mapped detached lower, a plain upper owned by the slot.
    @Test(.enabled(if: OverlayLayering.ofThisKernel == .byDescriptor, "needs lowerdir+ by descriptor (6.13)"))
    func overlayByDescriptor() throws {
        let scratch = try Scratch()
        let lower = try scratch.directory.makeAndOpenDirectory("lower")
        _ = try lower.open(at: "file", [.writeOnly, .create]).write("lower")
        let map = [IDMapExtent(inside: 0, outside: 700_000, count: 65_536)]
        let clone = try Mount.clone(of: lower)
        try Mount.setAttributes(of: clone, idMap: UserNamespace.make(uidMap: map, gidMap: map))
        let upper = try scratch.directory.makeAndOpenDirectory("upper")
        let work = try scratch.directory.makeAndOpenDirectory("work")
        try upper.changeOwner(uid: 700_000, gid: 700_000)
        let below = try scratch.directory.makeAndOpenDirectory("below")
        _ = try below.open(at: "deep", [.writeOnly, .create])
        let overlay = try OverlayBuilder(lower: [clone, below], upper: upper, work: work).mount([.noSetUID, .noDevices])
        #expect(try overlay.status(at: "file").uid == 700_000)
        #expect(try overlay.names() == ["deep", "file"])
        #expect(try overlay.fileSystemStatus().type == FileSystemStatus.overlay)
        _ = try overlay.open(at: "new", [.writeOnly, .create]).write("upper")
        #expect(try upper.names() == ["new"])
        try overlay.unlink("file")
        #expect(try lower.names() == ["file"])
    }

    /// An id-mapped upper comes up read-only instead of failing; that has to be an error.
    @Test(.enabled(if: OverlayLayering.ofThisKernel == .byDescriptor, "needs lowerdir+ by descriptor (6.13)"))
    func readOnlySurpriseIsAnError() throws {
        let scratch = try Scratch()
        let lower = try scratch.directory.makeAndOpenDirectory("lower")
        let data = try scratch.directory.makeAndOpenDirectory("data")
        try data.makeDirectory("upper")
        try data.makeDirectory("work")
        let map = [IDMapExtent(inside: 0, outside: 700_000, count: 1000)]
        let clone = try Mount.clone(of: data)
        try Mount.setAttributes(of: clone, idMap: UserNamespace.make(uidMap: map, gidMap: map))
        let upper = try clone.open(at: "upper", .directory)
        let work = try clone.open(at: "work", .directory)
        let error = #expect(throws: SystemError.self) { try OverlayBuilder(lower: [lower], upper: upper, work: work).mount() }
        #expect(error?.errnoName == "EROFS")
    }

    @Test func stagedOverlayWorksOnEveryKernel() throws {
        let scratch = try Scratch()
        for name in ["l0", "l1", "upper", "work"] { try scratch.directory.makeDirectory(name) }
        _ = try scratch.directory.open(at: "l0/top", [.writeOnly, .create])
        _ = try scratch.directory.open(at: "l1/bottom", [.writeOnly, .create])
        let upper = try scratch.directory.open(at: "upper", .directory)
        let builder = OverlayBuilder(lower: [], upper: upper, work: upper)
        let layerings: [OverlayLayering] =
            OverlayLayering.ofThisKernel == .byStagedString ? [.byStagedString] : [.byStagedPath, .byStagedString]
        for layering in layerings {
            let overlay = try builder.mount(
                stagedLower: [scratch.path + "/l0", scratch.path + "/l1"], upperPath: scratch.path + "/upper",
                workPath: scratch.path + "/work", layering: layering)
            #expect(try overlay.names() == ["bottom", "top"])
        }
    }

    @Test func mountTableParsesEscapes() throws {
        let text = """
            36 35 98:0 /mnt1 /mnt/a\\040b rw,noatime master:1 - ext3 /dev/root rw,errors=continue
            37 36 0:44 / /mnt/a\\040b/c rw - overlay over\\134lay ro,lowerdir=/l
            rubbish
            """
        let table = MountTable(text: text)
        #expect(table.entries.count == 2)
        #expect(table.entries[0].mountPoint == "/mnt/a b")
        #expect(table.entries[0].device == DeviceNumber(major: 98, minor: 0))
        #expect(table.entries[1].source == "over\\lay")
        #expect(table.entries[1].isReadOnly && !table.entries[0].isReadOnly)
        #expect(table.holding("/mnt/a b/c/d")?.id == 37)
        #expect(table.holding("/mnt/a b/cd")?.id == 36)
        #expect(table.holding("/mnt") == nil)
    }
}
