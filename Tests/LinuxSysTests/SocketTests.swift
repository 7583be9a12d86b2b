import LinuxSys
import Testing

@Suite struct SocketTests {
    @Test func messagesStayWholeAndBringDescriptors() throws {
        let (one, two) = try Descriptor.socketPair()
        let file = try Descriptor.memoryFile("passed")
        try file.write("hello")
        try one.send([1, 2, 3], descriptors: [file, file])
        try one.send([4])
        let message = try two.receive()
        #expect(message.bytes == [1, 2, 3])
        #expect(message.descriptors.count == 2)
        #expect(try message.descriptors[1].readFully(5, at: 0) == Array("hello".utf8))
        #expect(!message.isTruncated)
        #expect(try two.receive().bytes == [4])
        one.close()
        #expect(try two.receive().bytes.isEmpty)
        #expect(throws: SystemError.self) { try two.send([1]) }
    }

    @Test func cutOffMessagesAreMarked() throws {
        let (one, two) = try Descriptor.socketPair()
        try one.send([UInt8](repeating: 7, count: 100))
        let message = try two.receive(limit: 10)
        #expect(message.isTruncated)
        #expect(message.bytes.count == 10)
    }

    @Test func manyDescriptorsGoInOneMessage() throws {
        let (one, two) = try Descriptor.socketPair()
        let file = try Descriptor.memoryFile("many")
        try one.send([0], descriptors: [Descriptor](repeating: file, count: 253))
        #expect(try two.receive().descriptors.count == 253)
        #expect(throws: SystemError.self) { try one.send([0], descriptors: [Descriptor](repeating: file, count: 254)) }
    }

    @Test func peerIsKnownByPidfdAndIds() throws {
        let scratch = try Scratch()
        let listener = try Descriptor.listen(at: scratch.path + "/s")
        let client = try Descriptor.connect(to: scratch.path + "/s")
        let server = try listener.accept()
        let peer = try PeerCredentials(of: server)
        let me = try ProcessStatus(pid: peer.process.pid)
        #expect(me.startTime == (try readOwnStat()).startTime)
        #expect(peer.uid == (try Descriptor.open("/proc/self", .path).status().uid))
        #expect(peer.isPinned == (KernelVersion.running >= KernelVersion(6, 5)))
        #expect(try peer.sharesUserNamespace())
        #expect(try peer.cgroupPaths() == ProcessPlace.cgroupPaths(of: peer.process.pid))
        withExtendedLifetime(client) {}
    }

    private func readOwnStat() throws -> ProcessStatus {
        let pid = try #require(Int32(readLink("/proc/self")))
        return try ProcessStatus(pid: pid)
    }

    @Test(.enabled(if: isRoot, "needs root")) func peerOfAnotherUserWithGroups() throws {
        let scratch = try Scratch()
        let listener = try Descriptor.listen(at: scratch.path + "/s")
        try scratch.directory.changeMode(0o777)
        try scratch.directory.changeMode(of: "s", 0o666)
        let groups = (1...300).map { String($0 + 1000) }.joined(separator: " ")
        let program = """
            use Socket; $) = "77 \(groups)"; $( = 77; $> = 4321; $< = 4321;
            socket(S, AF_UNIX, SOCK_STREAM, 0); connect(S, sockaddr_un("\(scratch.path)/s")) or die $!; sysread(STDIN, $b, 1);
            """
        let (reading, writing) = try Descriptor.pipe()
        let child = try Spawn(path: "/usr/bin/perl", arguments: ["perl", "-e", program], descriptors: [0: reading]).run()
        reading.close()
        let server = try listener.accept()
        let peer = try PeerCredentials(of: server)
        #expect(peer.uid == 4321)
        #expect(peer.gid == 77)
        #expect(peer.groups.contains(1300) && peer.groups.count >= 300)
        #expect(peer.process.pid == child.pid)
        #expect(peer.process.isAlive)
        writing.close()
        _ = try child.wait()
        #expect(!peer.process.isAlive)
        #expect(throws: SystemError.self) { try peer.sharesUserNamespace() }
    }

    @Test(.enabled(if: isRoot, "needs root")) func peerInAnotherUserNamespaceIsSeen() throws {
        let scratch = try Scratch()
        let listener = try Descriptor.listen(at: scratch.path + "/s")
        let program =
            #"use Socket; socket(S, AF_UNIX, SOCK_STREAM, 0); connect(S, sockaddr_un($ARGV[0])) or die $!; sysread(STDIN, $b, 1);"#
        let (reading, writing) = try Descriptor.pipe()
        let child = try Spawn(
            path: "/usr/bin/unshare", arguments: ["unshare", "--user", "--map-root-user", "perl", "-e", program, scratch.path + "/s"],
            environment: ["PATH": "/usr/bin:/bin"], descriptors: [0: reading]
        ).run()
        reading.close()
        let peer = try PeerCredentials(of: listener.accept())
        #expect(try !peer.sharesUserNamespace())
        writing.close()
        #expect(try child.wait() == .exited(0))
    }

    @Test func longSocketPathsAreRefused() throws {
        #expect(throws: SystemError.self) { try Descriptor.listen(at: "/tmp/" + String(repeating: "x", count: 200)) }
    }
}
