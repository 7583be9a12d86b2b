import Foundation
import TestSupport
import Testing

@testable import LinuxSys

private let allow = SeccompAction.allow.returnValue(errno: nil)
private let refuse = SeccompAction.errno.returnValue(errno: 1)
private let unknown = SeccompAction.errno.returnValue(errno: 38)

/// The committed profile: beside the sources, in the working directory, or below `BERTH_SOURCE` where the tests run elsewhere.
private func defaultProfile() throws -> SeccompProfile {
    let name = "Config/seccomp/default.json"
    let beside = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../\(name)").standardized.path
    let elsewhere = ProcessInfo.processInfo.environment["BERTH_SOURCE"].map { "\($0)/\(name)" }
    for path in [elsewhere, beside, name].compactMap({ $0 }) {
        if let bytes = try? readFile(path) { return try SeccompProfile(json: bytes) }
    }
    return try SeccompProfile(json: readFile(beside))
}

/// asm/unistd_32.h.
private let directCalls: [String: UInt32] = [
    "recvmmsg": 337, "sendmmsg": 345, "socket": 359, "socketpair": 360, "bind": 361, "connect": 362, "listen": 363, "accept4": 364,
    "getsockopt": 365,
    "setsockopt": 366, "getsockname": 367, "getpeername": 368, "sendto": 369, "sendmsg": 370, "recvfrom": 371, "recvmsg": 372,
    "shutdown": 373,
    "semget": 393, "semctl": 394, "shmget": 395, "shmctl": 396, "shmat": 397, "shmdt": 398, "msgget": 399, "msgsnd": 400, "msgrcv": 401,
    "msgctl": 402,
]

/// What a profile says about a call, worked out anew from its rules.
private struct Verdict {
    let profile: SeccompProfile
    let capabilities: CapabilitySet
    let architecture: SeccompArchitecture
    private var rulesByNumber: [UInt32: [SeccompProfile.Rule]] = [:]
    private var highest: UInt32 = 0

    init(_ profile: SeccompProfile, _ capabilities: CapabilitySet, _ architecture: SeccompArchitecture) {
        self.profile = profile
        self.capabilities = capabilities
        self.architecture = architecture
        for rule in profile.syscalls {
            for name in rule.names {
                if let native = SeccompNames.number(of: name, .native) { highest = max(highest, native) }
                // 32-bit x86 has sockets and IPC twice: multiplexed, where libseccomp has no number for a name, and as calls of their own.
                let direct = architecture == .x86 ? directCalls[name] : nil
                guard let number = direct ?? SeccompNames.number(of: name, architecture) else { continue }
                guard rule.counts(capabilities: capabilities, kernel: KernelVersion(6, 12), architecture: .native) else { continue }
                rulesByNumber[number, default: []].append(rule)
            }
        }
    }

    func value(_ number: UInt32, _ arguments: [UInt64]) -> UInt32 {
        for rule in rulesByNumber[number] ?? [] where holds(rule.args ?? [], arguments) {
            return rule.action.returnValue(errno: rule.errnoRet)
        }
        let plain = number & ~(1 << 30)
        if plain > highest, !(512..<548).contains(plain) { return unknown }
        return profile.defaultAction.returnValue(errno: profile.defaultErrnoRet)
    }

    func looksAtArguments(_ number: UInt32) -> Bool { rulesByNumber[number]?.contains { !($0.args ?? []).isEmpty } ?? false }

    private func holds(_ conditions: [SeccompProfile.Condition], _ arguments: [UInt64]) -> Bool {
        let each = conditions.map { condition in
            let index = Int(condition.index)
            return condition.op.holds(
                index < arguments.count ? arguments[index] : 0, value: condition.value, valueTwo: condition.valueTwo ?? 0)
        }
        let isUnique = Set(conditions.map(\.index)).count == conditions.count
        return isUnique ? each.allSatisfy { $0 } : each.contains(true)
    }
}

@Suite struct SeccompTests {
    /// First arguments that lie on, below and above every condition of the profile, alone and with high bits that a 32-bit compare would miss.
    private func interestingArguments(_ profile: SeccompProfile, wide: Bool) -> [[UInt64]] {
        var values: Set<UInt64> = [
            0, 1, 2, 40, 38, 0x7FFF_FFFF, 0xFFFF_FFFF, 0x1000_0000, 0x0002_0000, 0x0200_0000, 0x4000_0000, 17, 0x003D_0F00,
        ]
        for condition in profile.syscalls.flatMap({ $0.args ?? [] }) {
            values.formUnion([condition.value, condition.value &+ 1, condition.value &- 1].map { $0 & 0xFFFF_FFFF })
        }
        if wide { values.formUnion(values.map { $0 | 1 << 32 } + values.map { $0 | 1 << 63 }) }
        return values.sorted().map { [$0] }
    }

    @Test(arguments: [
        CapabilitySet(), .containerDefault, CapabilitySet(bits: .max), CapabilitySet([Capability(bit: 21)]),
        CapabilitySet([Capability(bit: 23)]),
    ])
    func everyCallIsJudgedAsTheProfileSays(capabilities: CapabilitySet) throws {
        let profile = try defaultProfile()
        let machine = FilterMachine(try profile.compile(capabilities: capabilities, kernel: KernelVersion(6, 12)))
        let tables: [SeccompArchitecture] = SeccompArchitecture.native == .x86_64 ? [.x86_64, .x86, .x32] : [.aarch64, .arm]
        var differences: [String] = []
        for architecture in tables {
            let verdict = Verdict(profile, capabilities, architecture)
            let arguments = interestingArguments(profile, wide: architecture == .native)
            for plain in UInt32(0)...600 {
                let number = architecture == .x32 ? plain | 1 << 30 : plain
                // Where no rule looks at arguments, a few of them do.
                for values in verdict.looksAtArguments(number) ? arguments : [[0], [.max], [1 << 32 | 17]] {
                    let found = try machine.run(number: number, audit: architecture.auditNumber, arguments: values)
                    let wanted = verdict.value(number, values)
                    if found != wanted {
                        differences.append(
                            "\(architecture) \(plain) \(values): \(String(found, radix: 16)), wanted \(String(wanted, radix: 16))")
                    }
                }
            }
        }
        #expect(differences.isEmpty, "\(differences.count): \(differences.prefix(10))")
    }

    @Test func otherTablesAreNeverOpen() throws {
        let program = try defaultProfile().compile(capabilities: .containerDefault)
        let machine = FilterMachine(program)
        let known = Set(
            (SeccompArchitecture.native == .x86_64 ? [.x86_64, .x86, .x32] : [SeccompArchitecture.aarch64, .arm]).map(\.auditNumber))
        for audit in SeccompArchitecture.allCases.map(\.auditNumber) + [0, .max, 0xC000_0015, 0x8000_0008] where !known.contains(audit) {
            for number in UInt32(0)...600 { #expect(try machine.run(number: number, audit: audit) == 0x8000_0000) }
        }
        #expect(program.instructionCount < 4096)
    }

    @Test func knownAnswers() throws {
        let machine = FilterMachine(try defaultProfile().compile(capabilities: .containerDefault))
        let audit = SeccompArchitecture.native.auditNumber
        func ask(_ name: String, _ arguments: [UInt64] = []) throws -> UInt32 {
            try machine.run(number: #require(SeccompNames.number(of: name)), audit: audit, arguments: arguments)
        }
        for name in ["read", "execve", "openat2", "fchmodat2", "futex_wait", "ptrace", "chroot"] {
            #expect(try ask(name) == allow, "\(name)")
        }
        for name in [
            "mount", "unshare", "setns", "bpf", "keyctl", "add_key", "request_key", "io_uring_setup", "userfaultfd", "kexec_load",
            "init_module", "reboot",
            "swapon", "perf_event_open", "open_by_handle_at", "pivot_root", "umount2", "fsopen", "move_mount", "open_tree", "mount_setattr",
            "kcmp",
            "pidfd_getfd", "settimeofday", "acct", "quotactl",
        ] { #expect(try ask(name) == refuse, "\(name)") }
        #expect(try ask("clone3") == unknown)
        #expect(try ask("clone", [17]) == allow)
        for bit in [UInt64(0x0002_0000), 0x0200_0000, 0x0400_0000, 0x0800_0000, 0x1000_0000, 0x2000_0000, 0x4000_0000] {
            #expect(try ask("clone", [17 | bit]) == refuse, "clone with \(String(bit, radix: 16))")
        }
        #expect(try ask("socket", [1]) == allow && ask("socket", [2]) == allow && ask("socket", [16]) == allow)
        #expect(try ask("socket", [40]) == refuse && ask("socket", [38]) == refuse && ask("socket", [1 << 32 | 1]) == refuse)
        #expect(try ask("personality", [0]) == allow && ask("personality", [0x0040_0000]) == refuse)
        #expect(try machine.run(number: 700, audit: audit) == unknown)
        #expect(try machine.run(number: .max, audit: audit) == unknown)
    }

    private static let header = "/usr/include/x86_64-linux-gnu/asm/unistd_64.h"
    private static let hasHeader = SeccompArchitecture.native == .x86_64 && (try? Descriptor.open(header, .path)) != nil

    @Test(.enabled(if: SeccompTests.hasHeader, "needs an x86-64 with linux-libc-dev")) func numbersAgreeWithTheKernelsHeader() throws {
        let text = try readTextFile(Self.header)
        var checked = 0
        for line in text.split(separator: "\n") where line.hasPrefix("#define __NR_") {
            let words = line.dropFirst("#define __NR_".count).split(separator: " ")
            guard words.count == 2, let number = UInt32(words[1]), let found = SeccompNames.number(of: String(words[0])) else { continue }
            #expect(found == number, "\(words[0])")
            checked += 1
        }
        #expect(checked > 350)
    }

    @Test func badProfilesAreNamed() throws {
        func read(_ text: String) -> SystemError? {
            do throws(SystemError) {
                _ = try SeccompProfile(json: Array(text.utf8)).compile(capabilities: CapabilitySet())
                return nil
            } catch { return error }
        }
        let action = read(#"{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["read"],"action":"SCMP_ACT_NOTIFY"}]}"#)
        #expect(action?.description.contains("syscalls.[0].action") == true, "\(action?.description ?? "accepted")")
        #expect(read("{}")?.description.contains("defaultAction") == true)
        #expect(read("nonsense") != nil)
        let index = read(
            #"{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["read"],"action":"SCMP_ACT_ALLOW","args":[{"index":6,"value":0,"op":"SCMP_CMP_EQ"}]}]}"#
        )
        #expect(index?.detail.contains("0 to 5 are accepted") == true)
        // Unknown names are skipped.
        #expect(read(#"{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["no_such_call"],"action":"SCMP_ACT_ALLOW"}]}"#) == nil)
    }

    @Test func operatorsAndCombinationsCompile() throws {
        let operators = ["NE", "LT", "LE", "EQ", "GE", "GT"].map { "SCMP_CMP_\($0)" }
        for name in operators {
            let text = """
                {"defaultAction":"SCMP_ACT_KILL_PROCESS","syscalls":[{"names":["read"],"action":"SCMP_ACT_ERRNO","errnoRet":5,
                "args":[{"index":1,"value":4294967301,"op":"\(name)"},{"index":2,"value":7,"op":"SCMP_CMP_EQ"}]}]}
                """
            let profile = try SeccompProfile(json: Array(text.utf8))
            let machine = FilterMachine(try profile.compile(capabilities: CapabilitySet()))
            let condition = try #require(profile.syscalls[0].args?[0])
            for value in [UInt64(0), 5, 4_294_967_300, 4_294_967_301, 4_294_967_302, .max] {
                for other in [UInt64(7), 8] {
                    let holds = condition.op.holds(value, value: condition.value, valueTwo: 0) && other == 7
                    let found = try machine.run(
                        number: #require(SeccompNames.number(of: "read")), audit: SeccompArchitecture.native.auditNumber,
                        arguments: [0, value, other])
                    #expect(found == (holds ? 0x0005_0005 : 0x8000_0000), "\(name) \(value) \(other)")
                }
            }
        }
    }

    @Test("The compacted filter says what the written one says, at every border of a number's range and beyond the numbers that exist")
    func compactionChangesNoAnswer() throws {
        let profile = try defaultProfile()
        var random = SeededGenerator()
        for capabilities in [CapabilitySet(), .containerDefault] {
            let written = FilterMachine(
                bytes: try profile.written(capabilities: capabilities, kernel: KernelVersion(6, 12), architecture: .x86_64))
            let compacted = FilterMachine(try profile.compile(capabilities: capabilities, kernel: KernelVersion(6, 12), architecture: .x86_64))
            let low = Set(written.operands.union([0, .max]).flatMap { [$0 &- 1, $0, $0 &+ 1] })
            // The bits of x32 and of the sign, and any number at all.
            var numbers = Set([0, 1 << 30, 1 << 31, 3 << 30].flatMap { (high: UInt32) in low.map { $0 ^ high } })
            for _ in 0..<5_000 { numbers.insert(.random(in: 0 ... .max, using: &random)) }
            for number in numbers {
                let arguments: [UInt64] = (0..<6).map { _ in
                    [0, 1, 8, 16, 40, 0x2_0000, 0x7e02_0000, 0x1_0000_0000, .random(in: 0 ... .max, using: &random)].randomElement(using: &random)
                        ?? 0
                }
                for audit in [SeccompArchitecture.x86_64, .x86, .x32].map(\.auditNumber) + [0x4000_0028, 0] {
                    let (old, new) = (
                        try written.run(number: number, audit: audit, arguments: arguments),
                        try compacted.run(number: number, audit: audit, arguments: arguments)
                    )
                    #expect(old == new, "number \(number), architecture \(audit), arguments \(arguments), seed \(random.seed)")
                }
            }
        }
    }

    @Test(.enabled(if: isRoot && SeccompArchitecture.native == .x86_64, "needs root on x86-64")) func kernelObeysTheFilter() throws {
        let program = try defaultProfile().compile(capabilities: .containerDefault)
        let filter = try Descriptor.memoryFile("filter")
        try filter.write(program.bytes)
        try filter.seek(to: 0)
        // prctl(PR_SET_NO_NEW_PRIVS), seccomp(SECCOMP_SET_MODE_FILTER), then calls by number: getpid, unshare(0), clone3, 700, socket.
        let script = """
            binmode STDIN; local $/; $f = <STDIN>; $p = pack("S x6 P", length($f) / 8, $f);
            syscall(157, 38, 1, 0, 0, 0) == 0 or die; syscall(317, 1, 0, $p) == 0 or die "seccomp: $!";
            for ([39], [272, 0], [435, 0, 0], [700], [41, 1, 1, 0], [41, 40, 1, 0]) { $! = 0; $r = syscall($$_[0], $$_[1] // 0, $$_[2] // 0, $$_[3] // 0); print $r < 0 ? $! + 0 : 0, "\\n"; }
            """
        let (reading, writing) = try Descriptor.pipe()
        let child = try Spawn(path: "/usr/bin/perl", arguments: ["perl", "-e", script], descriptors: [0: filter, 1: writing]).run()
        writing.close()
        let lines = try reading.readText().split(separator: "\n")
        #expect(try child.wait() == .exited(0))
        #expect(lines == ["0", "1", "38", "38", "0", "1"])
    }
}
