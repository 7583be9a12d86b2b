import LinuxSys
import TestSupport
import Testing

extension EndToEnd {
    /// What a job finds and what it cannot do.
    @Suite struct InsideTests {
        let daemon: TestDaemon
        init() throws { daemon = try .required() }

        private func inside(_ script: String, _ words: [String] = [], as user: TestUser? = nil) throws -> String {
            let result = try daemon.runToEnd(script: script, words, as: user)
            #expect(result.status == 0, "\(result)")
            return result.output
        }

        @Test(arguments: ["pid", "mnt", "ipc", "uts", "net", "cgroup", "user"])
        func everyNamespaceIsItsOwn(name: String) throws {
            let seen = try inside("readlink /proc/self/ns/\(name)")
            #expect(seen.hasPrefix("\(name):["))
            #expect(seen.trimmedEnd != (try readLink("/proc/self/ns/\(name)")))
        }

        @Test func theProcessTreeIsItsOwnAndLoopbackIsUp() throws {
            let text = try inside(
                "ls /proc | grep -c '^[0-9]'; ip -o addr 2>/dev/null || ifconfig -a; ping -c 1 -w 2 127.0.0.1 >/dev/null 2>&1; ls /sys/class/net")
            #expect(try #require(Int(text.split(separator: "\n")[0])) < 10)
            #expect(text.contains("127.0.0.1"))
            #expect(text.split(separator: "\n").last == "lo", "\(text)")
        }

        /// An empty inheritable set, no CAP_SYS_RESOURCE or CAP_SYS_NICE, no_new_privs, the filter.
        @Test(arguments: [[], ["--user", "0"]])
        func capabilitiesAndFilter(words: [String]) throws {
            let text = try inside("cat /proc/self/status", words)
            var fields: [String: String] = [:]
            for line in text.split(separator: "\n") {
                let sides = line.split(separator: ":", maxSplits: 1)
                if sides.count == 2 { fields[String(sides[0])] = String(sides[1].drop { $0.isWhitespace }) }
            }
            #expect(fields["CapInh"] == "0000000000000000")
            let docker: UInt64 = 0xa804_25fb
            for name in ["CapPrm", "CapEff", "CapBnd", "CapAmb"] {
                let value = try #require(UInt64(fields[name] ?? "", radix: 16))
                #expect(value & ~docker == 0, "\(name) \(fields[name] ?? "")")
            }
            #expect(fields["NoNewPrivs"] == "1")
            #expect(fields["Seccomp"] == "2")
        }

        /// Descriptors 0–2 only.
        @Test func onlyThreeDescriptorsAreOpen() throws {
            #expect(try daemon.berth("run --no-cwd -- probe fds").output == "0\n1\n2\n")
            let id = try daemon.submit("--no-cwd -- sleep 60".split(separator: " ").map(String.init))
            try daemon.await(id, "running")
            #expect(try daemon.berth("exec \(id) -- probe fds").output == "0\n1\n2\n")
            try daemon.berth("cancel --now \(id)")
        }

        @Test func maskedAndReadOnlyPaths() throws {
            let script = """
                for file in /proc/kcore /proc/keys /proc/timer_list /proc/sysrq-trigger; do
                  [ -e $file ] || continue
                  head -c 1 $file 2>/dev/null | wc -c
                done
                ls /sys/firmware /proc/acpi /proc/scsi 2>/dev/null | grep -v : | grep -c . || true
                for file in /proc/sys/kernel/core_pattern /proc/sys/kernel/hostname /proc/sysrq-trigger /proc/irq/default_smp_affinity; do
                  (echo x > $file) 2>/dev/null && echo "wrote $file"
                done
                (mkdir /sys/fs/cgroup/x || touch /sys/x || touch /proc/x) 2>/dev/null && echo "wrote sys"
                echo end
                """
            for words in [[], ["--user", "0"]] {
                let lines = try inside(script, words).split(separator: "\n")
                #expect(lines.allSatisfy { $0 == "0" || $0 == "end" }, "\(lines)")
            }
        }

        /// What else attacks have used, and what the filter refuses, as root inside.
        @Test func rootInsideGetsNowhere() throws {
            let text = try inside("probe escape", ["--user", "0"])
            let lines = text.split(separator: "\n").map(String.init)
            #expect(lines.count >= 15)
            for line in lines { #expect(!line.hasSuffix(" ok"), "\(line)") }
        }

        /// contract §7 and §8: PID 1 is out of reach, by prlimit, ptrace, /proc/1 and signals.
        @Test(arguments: [[], ["--user", "0"]])
        func thePIDOneIsOutOfReach(words: [String]) throws {
            let result = try daemon.runToEnd(script: "probe pid1", words)
            #expect(result.status == 0, "\(result)")
            let lines = result.output.split(separator: "\n").map(String.init)
            #expect(lines.contains("alive ok") || lines.contains("alive EPERM"))
            for line in lines where !line.hasPrefix("alive") { #expect(!line.hasSuffix(" ok"), "\(line)") }
        }

        @Test func hostnameHostsAndPasswd() throws {
            let text = try inside(
                "hostname; cat /etc/hostname; cat /etc/hosts; id -un; id -gn; grep -c . /etc/resolv.conf; cat /etc/passwd", as: .first)
            let lines = text.split(separator: "\n").map(String.init)
            #expect(lines[0] == lines[1])
            #expect(lines[0] != (try readTextFile("/proc/sys/kernel/hostname")).trimmedEnd)
            #expect(text.contains("127.0.0.1") && text.contains(lines[0]))
            #expect(text.contains("\n\(TestUser.first.name)\n"), "\(text)")
            #expect(text.contains("\(TestUser.first.name):") && text.contains("root:x:0:0"), "the image's entries stay")
        }

        @Test func devicesAreMinimal() throws {
            let text = try inside("ls /dev; echo x > /dev/null; head -c 4 /dev/zero | wc -c; head -c 4 /dev/urandom | wc -c; ls -l /dev/fd")
            let names = Set(text.split(separator: "\n").map(String.init))
            #expect(
                names.isSuperset(of: [
                    "null", "zero", "full", "random", "urandom", "tty", "ptmx", "pts", "shm", "fd", "stdin", "stdout", "stderr", "4",
                ]))
            #expect(names.isDisjoint(with: ["vda", "mem", "kmsg", "loop0", "kvm", "sda", "fuse"]))
        }

        @Test func smallSettingsTakeEffect() throws {
            let words = [
                "--umask", "027", "--shm-size", "3M", "--rlimits", "nofile=77:88", "--sysctls", "net.core.somaxconn=99", "--environment", "LEVEL=3",
            ]
            let script =
                "umask; df -k /dev/shm | tail -n 1; ulimit -Sn; ulimit -Hn; cat /proc/sys/net/core/somaxconn; echo $LEVEL; cat /proc/self/oom_score_adj"
            let lines = try inside(script, words).split(separator: "\n").map(String.init)
            #expect(lines[0] == "0027")
            #expect(lines[1].contains(" 3072 "), "\(lines)")
            #expect(Array(lines[2...5]) == ["77", "88", "99", "3"], "\(lines)")
            #expect(try #require(Int(lines[6])) > 0)
        }

        @Test func tmpfsAndBindMounts() throws {
            let here = try daemon.place.directory("binds")
            try daemon.place.write("binds/file", "of the host\n")
            let words = ["--mounts", "\(here):/in:ro", "--mounts", "tmpfs:/fast:2M"]
            let script =
                "cat /in/file; touch /in/x 2>/dev/null && echo wrote; df -k /fast | tail -n 1; grep ' /in ' /proc/self/mountinfo; dd if=/dev/zero of=/fast/x bs=1M count=3 2>/dev/null || echo full"
            let text = try inside(script, words)
            #expect(text.contains("of the host\n") && !text.contains("wrote") && text.contains(" 2048 ") && text.contains("full"), "\(text)")
            // contract §7: mounts are forced nosuid,nodev.
            #expect(text.contains("nosuid") && text.contains("nodev"), "\(text)")
        }

        /// By way of a descriptor that is open while the job is made, or of a process: nothing runs.
        @Test(arguments: [[], ["--user", "0"]])
        func aWorkingDirectoryThatLeadsOutIsRefused(words: [String]) throws {
            let descriptors = (0..<24).flatMap { ["/proc/self/fd/\($0)", "/proc/1/fd/\($0)"] }
            for path in descriptors + ["/proc/1/cwd", "/proc/1/root", "/proc/self/cwd", "/proc/self/root", "/proc/1/root/etc"] {
                let result = try daemon.berth(["run", "--no-cwd", "--working-directory", path] + words + ["--wrap", "echo reached; ls ."])
                #expect(result.status == 125 && result.output.isEmpty, "\(path): \(result)")
            }
        }

        /// Upwards is the root of the job at most: `berth` takes such parts out, and the daemon takes none.
        @Test(arguments: ["..", "../..", "../../../../../../../../etc", "./..", "/..", "/tmp/../..", "/proc/self/cwd/../../.."])
        func aWorkingDirectoryUpwardsStaysInside(path: String) throws {
            let look = "[ $(stat -c %d .) = $(stat -c %d /) ] && echo inside"
            let result = try daemon.berth(["run", "--no-cwd", "--working-directory", path, "--wrap", look], in: "/tmp")
            #expect(result.status == 125 && result.output.isEmpty || result.status == 0 && result.output == "inside\n", "\(result)")
            let body = #"{"jobs":[{"spec":{"command":["true"],"workingDirectory":"\#(path)"}}]}"#
            let connection = try RawHTTP(daemon)
            try connection.send(
                "POST /v1/jobs HTTP/1.1\r\nHost: berth\r\nConnection: close\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
            let reply = try connection.socket.readText()
            #expect(reply.hasPrefix("HTTP/1.1 422 ") && reply.contains("workingDirectory"), "\(reply)")
        }

        /// What a job may do is derived from its spec at exec too: the same rights, limits and groups.
        @Test(arguments: [[], ["--user", "0"], ["--user", "0", "--capabilities", "CAP_CHOWN,CAP_KILL"]])
        func anExecHasTheJobsRights(words: [String]) throws {
            let look = """
                grep -E '^(Uid|Gid|Groups|Umask|Cap...|NoNewPrivs|Seccomp|Cpus_allowed_list|Mems_allowed_list)' /proc/self/status
                cat /proc/self/limits /proc/self/oom_score_adj /proc/self/uid_map /proc/self/gid_map; pwd; umask
                for n in cgroup ipc mnt net pid user uts; do readlink /proc/self/ns/$n; done; cut -d: -f2- /proc/self/cgroup
                """
            let settings = words + ["--umask", "027", "--rlimits", "nofile=77:88,core=0:0"]
            let id = try daemon.submit(script: "\(look); echo looked; sleep 60", settings, as: .first)
            let job = try daemon.awaitLog(id, "looked\n")
            let inside = try daemon.berth(["exec", id, "--", "/bin/sh", "-c", look], as: .first)
            #expect(inside.status == 0)
            #expect(job == inside.output + "looked\n", "\(inside)")
            #expect(job.contains("CapInh:\t0000000000000000") && job.contains("\n0027\n"), "\(job)")
            try daemon.berth("cancel --now \(id)")
            _ = try daemon.berth("wait \(id)")
        }

        /// A keyring of its own: one anonymous session keyring more for each job, which goes with it. Root's, so that no user's quota of
        /// keys bounds how many jobs run; a job can use none, because the filter refuses keyctl.
        @Test func eachJobHasAKeyringOfItsOwn() throws {
            func keyrings() throws -> Int {
                try readTextFile("/proc/keys", limit: 1 << 20).split(separator: "\n").count { $0.contains(" _ses: ") }
            }
            // Containers made ahead have theirs too, before and afterwards.
            let spares = 4
            let before = try keyrings()
            let words = ["--cpu", "0.1", "--memory", "32M", "--no-cwd", "--", "sleep", "60"]
            let ids = try (0..<12).map { _ in try daemon.submit(words, as: .first) }
            for id in ids { try daemon.await(id, "running") }
            #expect(try keyrings() >= before + ids.count - spares)
            try daemon.berth(["cancel", "--now"] + ids)
            _ = try daemon.berth(["wait"] + ids)
            try eventually("they go with their jobs") { try keyrings() <= before + spares }
        }

        /// Propagation private: no mount is a peer or slave of the host's, and none that the host makes later appears inside.
        @Test func mountsDoNotPropagate() throws {
            let here = try daemon.place.directory("propagation")
            try daemon.place.directory("propagation/later")
            let script = """
                cat /proc/self/mountinfo; echo looked; while [ ! -e /tmp/go ]; do sleep 0.1; done
                ls /in/later; grep -c /in/later /proc/self/mountinfo
                """
            let id = try daemon.submit(script: script, ["--mounts", "\(here):/in:ro"])
            let table = try daemon.awaitLog(id, "looked\n")
            for line in table.split(separator: "\n") where line != "looked" {
                #expect(!line.contains(" shared:") && !line.contains(" master:") && !line.contains(" propagate_from:"), "\(line)")
            }
            try Mount.mount("later", at: "\(here)/later", type: "tmpfs")
            defer { try? Mount.detach("\(here)/later", lazily: true) }
            try Descriptor.open("\(here)/later/seen", [.writeOnly, .create], mode: 0o644).close()
            #expect(try daemon.berth(["exec", id, "--", "touch", "/tmp/go"]).status == 0)
            _ = try daemon.berth(["wait", id])
            #expect(try daemon.berth(["logs", id]).output.hasSuffix("looked\n0\n"))
        }

        /// The host's binary cannot be overwritten through a job's exe links.
        @Test func theHostsBinariesStayAsTheyAre() throws {
            let before = try Command(["sha256sum", Programs.path("berth-init")]).run().output
            _ = try inside("for n in 1 self $$ $PPID; do (echo x > /proc/$n/exe) 2>/dev/null && echo wrote; done; true", ["--user", "0"])
            #expect(try Command(["sha256sum", Programs.path("berth-init")]).run().output == before)
        }
    }
}

extension String {
    /// Without a line end.
    var trimmedEnd: String { String(reversed().drop { $0.isWhitespace }.reversed()) }
}
