import LinuxSys
import Testing

@Suite struct DescriptorTests {
    @Test func closesWithTheLastReference() throws {
        var kept: Descriptor? = try Descriptor.memoryFile("x")
        let path = "/proc/self/fd/\(try #require(kept).rawValue)"
        let link = try readLink(path)
        #expect(link.contains("memfd:x"))
        kept = nil
        #expect((try? readLink(path)) != link)
    }

    @Test func releasedNumberStaysOpen() throws {
        let file = try Descriptor.memoryFile("y")
        let number = file.release()
        #expect(file.isClosed)
        let again = Descriptor(adopting: number)
        #expect(try again.status().size == 0)
        again.close()
        #expect(throws: SystemError.self) { try again.status() }
    }

    @Test func everyDescriptorIsCloseOnExec() throws {
        let scratch = try Scratch()
        let pipe = try Descriptor.pipe()
        let pair = try Descriptor.socketPair()
        let all = [
            try Descriptor.memoryFile("z"), pipe.reading, pipe.writing, pair.0, pair.1, try scratch.file("f"),
            try scratch.file("g").duplicate(),
            try Descriptor.eventCounter(), try Descriptor.bootTimer(), try FileWatcher().descriptor,
        ]
        for descriptor in all {
            let info = try readTextFile("/proc/self/fdinfo/\(descriptor.rawValue)")
            let flags = try #require(info.split(separator: "\n").first { $0.hasPrefix("flags:") }).split(separator: "\t").last
            let bits = try #require(flags.flatMap { UInt32($0, radix: 8) })
            #expect(bits & 0o2000000 != 0, "\(info)")
        }
    }

    @Test func readsAndWritesWhole() throws {
        let file = try Descriptor.memoryFile("rw")
        let bytes = (0..<200_000).map { UInt8(truncatingIfNeeded: $0) }
        try file.write(bytes)
        #expect(try file.readFully(200_001, at: 0) == bytes)
        #expect(try file.read(upTo: 10, at: 199_995).count == 5)
        try file.write([1, 2, 3], at: 5)
        #expect(try file.readFully(3, at: 5) == [1, 2, 3])
        try file.seek(to: 0)
        #expect(try file.readAll().count == 200_000)
        try file.seek(to: 0)
        #expect(throws: SystemError.self) { try file.readAll(limit: 100) }
    }

    @Test func sealedMemoryFileCannotChange() throws {
        let file = try Descriptor.memoryFile("sealed")
        try file.write("policy")
        try file.seal()
        #expect(throws: SystemError.self) { try file.write([0], at: 0) }
        #expect(throws: SystemError.self) { try file.truncate(to: 0) }
    }

    @Test func openat2StaysInside() throws {
        let scratch = try Scratch()
        try scratch.directory.makeDirectory("root")
        let root = try scratch.directory.open(at: "root", .directory)
        try scratch.file("secret", "outside")
        _ = try root.open(at: "inner", [.writeOnly, .create]).write("inside")
        try root.makeSymbolicLink("up", to: "../secret")
        try root.makeSymbolicLink("absolute", to: "/inner")
        #expect(throws: SystemError.self) { try root.open(at: "../secret", .readOnly, resolve: .beneath) }
        #expect(throws: SystemError.self) { try root.open(at: "up", .readOnly, resolve: .beneath) }
        #expect(try root.open(at: "absolute", .readOnly, resolve: .inRoot).readText() == "inside")
        #expect(throws: SystemError.self) { try root.open(at: "up", .readOnly, resolve: .inRoot) }
        #expect(throws: SystemError.self) { try root.open(at: "absolute", .readOnly, resolve: [.inRoot, .noSymlinks]) }
    }

    @Test func namelessFileGetsItsNameOnce() throws {
        let scratch = try Scratch()
        let file = try scratch.directory.open(at: ".", [.temporary, .readWrite])
        try file.write("whole")
        #expect(try scratch.directory.names() == [])
        try file.linkOpenFile(as: "final", in: scratch.directory)
        #expect(try scratch.directory.open(at: "final").readText() == "whole")
        let error = #expect(throws: SystemError.self) { try file.linkOpenFile(as: "final", in: scratch.directory) }
        #expect(error?.alreadyExists == true)
    }

    @Test func renameModes() throws {
        let scratch = try Scratch()
        try scratch.file("a", "a")
        try scratch.file("b", "b")
        #expect(throws: SystemError.self) { try scratch.directory.rename("a", to: "b", mode: .noReplace) }
        try scratch.directory.rename("a", to: "b", mode: .exchange)
        #expect(try scratch.directory.open(at: "a").readText() == "b")
        try scratch.directory.rename("a", to: "b")
        #expect(try scratch.directory.names() == ["b"])
    }

    @Test func listsThousandsOfNames() throws {
        let scratch = try Scratch()
        for index in 0..<3_000 { try scratch.file("file-with-a-name-of-some-length-\(index)") }
        try scratch.directory.makeFifo("fifo")
        let entries = try scratch.directory.entries()
        #expect(entries.count == 3_001)
        #expect(entries.first { $0.name == "fifo" }?.kind == .fifo)
        #expect(try scratch.directory.entries().count == 3_001, "a second listing starts anew")
    }

    @Test func attributesByDescriptor() throws {
        let scratch = try Scratch()
        let file = try scratch.file("f", "x")
        try file.changeMode(0o640)
        #expect(try file.status().permissions == 0o640)
        let place = try scratch.directory.open(at: "f", .path)
        try place.changeMode(0o4755)
        #expect(try file.status().permissions == 0o4755)
        try scratch.directory.setTimes(of: "f", accessedNanoseconds: 5, modifiedNanoseconds: -1_500_000_000)
        #expect(try file.status().modifiedNanoseconds == -1_500_000_000)
        try scratch.directory.makeSymbolicLink("l", to: "f")
        #expect(throws: SystemError.self) { try scratch.directory.changeMode(of: "l", 0o777) }
        #expect(try file.extendedAttribute("user.berth") == nil)
        try file.setExtendedAttribute("user.berth", [1, 0, 2])
        #expect(try file.extendedAttribute("user.berth") == [1, 0, 2])
        #expect(try file.extendedAttributeNames().contains("user.berth"))
        try file.removeExtendedAttribute("user.berth")
        #expect(try file.extendedAttribute("user.berth") == nil)
        try file.removeExtendedAttribute("user.berth")
    }

    @Test(.enabled(if: isRoot, "needs root")) func ownerIsChangedWithoutFollowing() throws {
        let scratch = try Scratch()
        let file = try scratch.file("f")
        try scratch.directory.makeSymbolicLink("l", to: "f")
        try scratch.directory.changeOwner(of: "l", uid: 1234, gid: 5678)
        #expect(try file.status().uid == 0)
        #expect(try scratch.directory.status(at: "l").uid == 1234)
        try file.changeOwner(uid: nil, gid: 77)
        #expect(try file.status().uid == 0)
        #expect(try file.status().gid == 77)
        try scratch.directory.makeDeviceNode("null", block: false, DeviceNumber(major: 1, minor: 3), mode: 0o600)
        #expect(try scratch.directory.status(at: "null").specialDevice == DeviceNumber(major: 1, minor: 3))
    }

    @Test func locksExcludeEachOther() throws {
        let scratch = try Scratch()
        let one = try scratch.file("lock")
        let two = try scratch.directory.open(at: "lock", .readWrite)
        #expect(try one.lock())
        #expect(try !two.lock())
        try one.unlock()
        #expect(try two.lock())
        #expect(try one.lockRange(offset: 0, length: 10))
        #expect(try !two.lockRange(offset: 5, length: 1))
        #expect(try two.lockRange(offset: 10, length: 1))
        one.close()
        #expect(try two.lockRange(offset: 5, length: 1), "the lock goes with its open file description")
    }

    @Test func spaceIsReservedAndGivenBack() throws {
        let scratch = try Scratch()
        let file = try scratch.file("space")
        try file.allocate(1 << 20, keepSize: true)
        #expect(try file.status().size == 0)
        #expect(try file.status().allocatedBytes >= 1 << 20)
        try file.truncate(to: 1 << 20)
        try file.punchHole(1 << 20, at: 0)
        #expect(try file.status().allocatedBytes < 1 << 20)
        try file.synchronize()
        try file.synchronizeData()
    }

    @Test(arguments: [(0, 0), (8, 16), (254, 1), (4095, 255), (4096, 256), (1_048_575, 1_048_575)])
    func deviceNumbersRoundTrip(major: UInt32, minor: UInt32) {
        let device = DeviceNumber(major: major, minor: minor)
        #expect(DeviceNumber(device.rawValue) == device)
    }

    @Test func errorsAreOneLine() {
        #expect(SystemError("mount overlay on", "/x", errno: 22).description == "mount overlay on /x: EINVAL (Invalid argument)")
        #expect(
            SystemError("open", "/x", errno: 2, detail: "found nothing").description
                == "open /x: ENOENT (No such file or directory): found nothing")
        let error = #expect(throws: SystemError.self) { try Descriptor.open("/no/such/file") }
        #expect(error?.description == "open /no/such/file: ENOENT (No such file or directory)")
    }
}
