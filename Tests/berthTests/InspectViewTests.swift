import API
import JobModel
import Testing

@testable import berth

@Suite struct InspectViewTests {
    private func process(_ id: Int32, parent: Int32?, _ name: String) -> InspectedProcess {
        var process = InspectedProcess(
            id: id, hostID: id + 1000, name: name, state: "S", user: 1000, startedAt: 1, cpuUserMilliseconds: 1250, cpuSystemMilliseconds: 40)
        process.parent = parent
        return process
    }

    private func render(_ processes: [InspectedProcess], frozen: UInt64? = 12_345, notes: [String] = []) -> String {
        var reply = InspectReply(attempt: AttemptID(TaskID(JobID(7)), 1), takenAt: Fixtures.now, frozen: true, group: "/b/7-1/job", notes: notes)
        reply.frozenMicroseconds = frozen
        reply.processes = processes
        return InspectText(reply: reply, style: .plain).render()
    }

    @Test func aProcessIsShownWithAllThatItHas() {
        var shell = process(2, parent: 0, "sh")
        (shell.command, shell.executable, shell.workingDirectory) = (["sh", "-c", "a b"], "/bin/sh", "/data")
        var thread = InspectedThread(id: 2, name: "sh", state: "S")
        (thread.waitsIn, thread.kernelStack) = ("do_wait", ["do_wait+0x1/0x2", "kernel_wait4+0x3/0x4"])
        thread.call = InspectedCall(number: 0, name: "read", arguments: [3, 0x7f00, 512, 0, 0, 0])
        (thread.programCounter, thread.stackPointer) = (0x401000, 0x7ffe00)
        shell.threads = [thread]
        var socket = InspectedFile(number: 3, kind: .socket, path: "socket:[8]")
        socket.socket = InspectedSocket(kind: "tcp", local: "127.0.0.1:80", remote: "10.0.0.1:99", state: "ESTABLISHED")
        var file = InspectedFile(number: 4, kind: .file, path: "/data/x")
        (file.position, file.flags) = (17, 0o2002001)
        shell.files = [socket, file]
        var memory = InspectedMemory()
        (memory.resident, memory.mapped) = (4096, 8192)
        memory.largest = [InspectedMapping(what: "[heap]", mappings: 1, mapped: 8192, resident: 4096)]
        shell.memory = memory
        #expect(
            render([shell], notes: ["mappings of process 9: EACCES"]) == """
                job 7#1, frozen for 12.3 ms, 1 process
                group /b/7-1/job

                2 sh  sleeps, user 1000, cpu 1.2s user 0.0s system, 4K resident, 0 swapped, 8K mapped
                    command    sh -c 'a b'
                    program    /bin/sh
                    directory  /data
                    thread 2 sh  sleeps, read(3 tcp 127.0.0.1:80 to 10.0.0.1:99 ESTABLISHED, 0x7f00, 512), waits in do_wait, pc 0x401000 sp 0x7ffe00
                      kernel stack: do_wait < kernel_wait4
                    file 3  tcp 127.0.0.1:80 to 10.0.0.1:99 ESTABLISHED
                    file 4 w,append,cloexec  /data/x at 17
                    memory 4K of 8K  [heap]

                not shown: mappings of process 9: EACCES

                """)
    }

    @Test func everyMappingIsShownWhereAsked() {
        var holder = process(2, parent: nil, "sh")
        var memory = InspectedMemory()
        memory.largest = [InspectedMapping(what: "/lib/x", mappings: 2, mapped: 12288, resident: 4096)]
        memory.maps = [
            InspectedRange(start: 0x1000, end: 0x3000, rights: "r-xp", offset: 0x2000, what: "/lib/x\n", resident: 4096),
            InspectedRange(start: 0x3000, end: 0x4000, rights: "rw-p", what: "[heap]", swapped: 4096),
        ]
        memory.mapsOmitted = 7
        holder.memory = memory
        var reply = InspectReply(attempt: AttemptID(TaskID(JobID(7)), 1), takenAt: Fixtures.now, frozen: true, group: "/b")
        reply.processes = [holder]
        let text = InspectText(reply: reply, style: .plain, maps: true).render()
        let lines = [
            "    map 0x1000-0x3000 r-xp 0x2000  4K of 8K  /lib/x\\n", "    map 0x3000-0x4000 rw-p 0x0  0 and 4K swapped of 4K  [heap]",
            "    and 7 more mappings", "",
        ]
        #expect(text.hasSuffix(lines.joined(separator: "\n")) && !text.contains("memory "), "\(text)")
    }

    @Test func childrenStandBelowTheirParentsAndNothingIsShownTwice() {
        let text = render([process(2, parent: 0, "top"), process(3, parent: 2, "child"), process(4, parent: 3, "grandchild")])
        #expect(text.contains("\n2 top  ") && text.contains("\n  3 child  ") && text.contains("\n    4 grandchild  "))
        // What a job made look like a circle, or like its own parent.
        let circle = render([process(2, parent: 3, "one"), process(3, parent: 2, "two"), process(4, parent: 4, "self")], frozen: nil)
        for name in ["2 one  ", "3 two  ", "4 self  "] { #expect(circle.ranges(of: name).count == 1, "\(circle)") }
        #expect(circle.hasPrefix("job 7#1, paused, 3 processes\n"))
    }

    @Test func theJobsWordsAreHarmless() {
        var evil = process(2, parent: nil, "\u{1B}[2J\nnot shown: forged")
        evil.workingDirectory = "/a\r\u{1B}]0;x\u{7}"
        evil.threads = [InspectedThread(id: 2, name: "\u{9B}31m", state: "\n")]
        let text = render([evil], notes: ["x\ny"])
        #expect(!text.unicodeScalars.contains { $0.value < 32 && $0 != "\n" || (0x7F...0x9F).contains($0.value) })
        #expect(!text.contains("\nnot shown: forged") && text.contains("not shown: x\\ny\n"))
    }

    @Test(
        arguments: [
            ("read", [5, 16, 4096, 0, 0, 0], "read(5 /x, 0x10, 4096)"), ("futex", [16, 0x89, 0, 0, 0, 0], "futex(0x10, 0x89, 0)"),
            ("openat", [0xFFFF_FF9C, 16, 0, 0, 0, 0], "openat(cwd, 0x10, 0x0)"), ("poll", [0, 0, 0xFFFF_FFFF, 0, 0, 0], "poll(0, 0, -1)"),
            ("wait4", [0xFFFF_FFFF_FFFF_FFFF, 0, 0, 0, 0, 0], "wait4(-1, 0, 0x0)"), ("pause", [1, 2, 3, 4, 5, 6], "pause()"),
            ("strange", [1, 0, 0, 0, 0, 0], "strange(0x1, 0x0, 0x0, 0x0, 0x0, 0x0)"),
            (nil, [0, 0, 0, 0, 0, 0], "call 7(0x0, 0x0, 0x0, 0x0, 0x0, 0x0)"),
        ] as [(String?, [UInt64], String)])
    func callsReadAsCodeDoes(name: String?, arguments: [UInt64], text: String) {
        let files = [InspectedFile(number: 5, kind: .file, path: "/x")]
        #expect(SyscallText(files: files).text(InspectedCall(number: 7, name: name, arguments: arguments)) == text)
    }
}
