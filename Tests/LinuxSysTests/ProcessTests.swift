import LinuxSys
import Testing

@Suite struct ProcessTests {
    private func shell(_ script: String, _ descriptors: [Int32: Descriptor] = [:], _ environment: [String: String] = [:]) throws
        -> ProcessHandle
    {
        try Spawn(path: "/bin/sh", arguments: ["sh", "-c", script], environment: environment, descriptors: descriptors).run()
    }

    @Test func exitCodesAndSignals() throws {
        #expect(try shell("exit 7").wait() == .exited(7))
        #expect(try shell("kill -9 $$").wait() == .killed(signal: 9, coreDumped: false))
        #expect(ProcessEnd.killed(signal: 15, coreDumped: false).shellStatus == 143)
        let child = try shell("exec sleep 60")
        #expect(try child.wait(block: false) == nil)
        #expect(child.isAlive)
        try child.signal(15)
        #expect(try child.waitUntilEnded(milliseconds: 5000))
        #expect(!child.isAlive)
        #expect(try child.wait() == .killed(signal: 15, coreDumped: false))
        #expect(throws: SystemError.self) { try child.signal(15) }
    }

    @Test func programSeesOnlyWhatItWasGiven() throws {
        // Descriptors of ours that are not close-on-exec must not leak either.
        let (reading, writing) = try Descriptor.pipe()
        let extra = try Descriptor.memoryFile("given")
        let child = try Spawn(
            path: "/bin/sh", arguments: ["sh", "-c", "ls /proc/self/fd | tr '\\n' ' '; readlink /proc/$$/fd/5; env"],
            environment: ["ONLY": "this"], descriptors: [1: writing, 5: extra]
        ).run()
        writing.close()
        let output = try reading.readText()
        #expect(try child.wait() == .exited(0))
        // ls itself opens the directory as its lowest free number, 3.
        #expect(output.hasPrefix("0 1 2 3 5 "))
        #expect(output.contains("memfd:given"))
        #expect(output.contains("ONLY=this"))
        #expect(!output.contains("HOME="))
    }

    @Test func descriptorNumbersMayCross() throws {
        let (reading, writing) = try Descriptor.pipe()
        let a = try Descriptor.memoryFile("a")
        let b = try Descriptor.memoryFile("b")
        // Each wants the number that the other has.
        let child = try Spawn(
            path: "/bin/sh", arguments: ["sh", "-c", "readlink /proc/$$/fd/\(b.rawValue); readlink /proc/$$/fd/\(a.rawValue)"],
            environment: ["PATH": "/usr/bin:/bin"], descriptors: [1: writing, a.rawValue: b, b.rawValue: a]
        ).run()
        writing.close()
        let lines = try reading.readText().split(separator: "\n")
        _ = try child.wait()
        #expect(lines.count == 2)
        #expect(lines.first?.contains("memfd:a") == true)
        #expect(lines.last?.contains("memfd:b") == true)
    }

    @Test func missingProgramIsAnError() {
        let error = #expect(throws: SystemError.self) { try Spawn(path: "/no/such/program", arguments: ["x"]).run() }
        #expect(error?.isNotFound == true)
    }

    @Test func handleIsTiedToTheStartTime() throws {
        let child = try shell("exec sleep 60")
        let status = try ProcessStatus(pid: child.pid)
        #expect(try ProcessHandle.open(pid: child.pid, startTime: status.startTime) != nil)
        #expect(try ProcessHandle.open(pid: child.pid, startTime: status.startTime + 1) == nil)
        try child.signal(9)
        _ = try child.wait()
        #expect(try ProcessHandle.open(pid: child.pid, startTime: status.startTime) == nil)
    }

    @Test func statusOfAHostileName() throws {
        let scratch = try Scratch()
        let name = "a) R 1 2 (b"
        try scratch.directory.makeSymbolicLink(name, to: "/bin/sleep")
        let child = try Spawn(path: scratch.path + "/" + name, arguments: ["x", "60"]).run()
        defer {
            try? child.signal(9)
            _ = try? child.wait()
        }
        // The kernel lets the caller go on (vfork(2)) a moment before it gives the new name.
        var status = try ProcessStatus(pid: child.pid)
        for _ in 0..<500 where status.command != name {
            sleepBlocking(nanoseconds: 10_000_000)
            status = try ProcessStatus(pid: child.pid)
        }
        #expect(status.command == name)
        #expect(status.parent == Int32(try readLink("/proc/self")))
        #expect("SRD".contains(status.state))
    }

    @Test func copiesADescriptorOfAnother() throws {
        let given = try Descriptor.memoryFile("theirs")
        let child = try shell("exec sleep 60", [9: given])
        defer {
            try? child.signal(9)
            _ = try? child.wait()
        }
        #expect(try child.copyDescriptor(9).status().isSameFile(as: given.status()))
    }

    @Test func accountsByNameAndID() throws {
        let root = try #require(try UserAccount(uid: 0))
        #expect(root.name == "root")
        #expect(try UserAccount(name: "root") == root)
        #expect(try root.groups().contains(0))
        #expect(try UserAccount(name: "no-such-user-here") == nil)
        #expect(try UserAccount(uid: 3_999_999_999) == nil)
        #expect(try GroupAccount(name: "no-such-group-here") == nil)
        let group = try #require(try GroupAccount(gid: 0))
        #expect(try GroupAccount(name: group.name) == group)
    }

    @Test func capabilityNamesAndBits() throws {
        #expect(Capability(name: "CAP_CHECKPOINT_RESTORE")?.bit == 40)
        #expect(Capability(name: "net_bind_service")?.name == "CAP_NET_BIND_SERVICE")
        #expect(Capability(name: "CAP_NOTHING") == nil)
        #expect(CapabilitySet.containerDefault.bits == 0x0000_0000_A804_25FB)
        #expect(CapabilitySet.containerDefault.members.count == 14)
        let current = try ProcessCapabilities.current()
        let pid = try #require(Int32(readLink("/proc/thread-self").split(separator: "/")[0]))
        #expect(try ProcessCapabilities.of(pid: pid) == current)
    }

    @Test(.enabled(if: isRoot, "needs root")) func userNamespaceHasTheMap() throws {
        let map = [IDMapExtent(inside: 0, outside: 100_000, count: 1000), IDMapExtent(inside: 1000, outside: 1000, count: 1)]
        let namespace = try UserNamespace.make(uidMap: map, gidMap: map)
        #expect(try !namespace.status().isSameFile(as: Descriptor.open("/proc/self/ns/user").status()))
        let (reading, writing) = try Descriptor.pipe()
        let child = try Spawn(
            path: "/usr/bin/nsenter", arguments: ["nsenter", "--user=/proc/self/fd/7", "cat", "/proc/self/uid_map"],
            environment: ["PATH": "/usr/bin:/bin"], descriptors: [1: writing, 7: namespace]
        ).run()
        writing.close()
        let words = try reading.readText().split(whereSeparator: \.isWhitespace)
        #expect(try child.wait() == .exited(0))
        #expect(words == ["0", "100000", "1000", "1000", "1000", "1"])
    }

    @Test func systemInformation() throws {
        let info = try SystemInfo()
        #expect(info.totalMemory > 1 << 28 && info.availableMemory <= info.totalMemory)
        #expect(KernelVersion("6.12.117+deb13-cloud-amd64") == KernelVersion(6, 12))
        #expect(KernelVersion("x") == nil)
        #expect(KernelVersion(6, 2) < KernelVersion(6, 12))
        #expect(try SystemInfo.space(at: "/").totalBytes > 0)
    }
}
