import LinuxSys
import TestSupport
import Testing

extension EndToEnd {
    /// Limits as decided, read back from inside and by the kernel's own counters: contract §5.
    @Suite struct LimitTests {
        let daemon: TestDaemon
        init() throws { daemon = try .required() }

        @Test func effectiveCpusAreThoseDecided() throws {
            let id = try daemon.submit(
                script: "grep -E '(Cpus|Mems)_allowed_list' /proc/self/status; echo cpus=$BERTH_CPUS; nproc", ["--cores", "1"])
            #expect(try daemon.berth(["wait", id]).status == 0)
            let text = try daemon.berth(["logs", id]).output
            let allowed = text.split(separator: "\n").first { $0.hasPrefix("Cpus") }?.split(separator: "\t").last.map(String.init)
            #expect(text.contains("cpus=\(allowed ?? "-")\n"), "\(text)")
            #expect(text.hasSuffix("\n1\n"), "\(text)")
            #expect("\(String(describing: try? daemon.show(id)["attempts"][-1]["placement"]["cpus"]))".contains(allowed ?? "-"))
        }

        private static let hasResourceRight = (try? ProcessCapabilities.current())?.effective.contains(Capability(name: "CAP_SYS_RESOURCE")!) == true

        /// Or it could have another job, or PID 1, ended in its stead when memory runs out.
        @Test(.enabled(if: Self.hasResourceRight, "needs CAP_SYS_RESOURCE"), arguments: [true, false])
        func noProcessLowersItsScore(isExecuted: Bool) throws {
            let lower = "for n in 499 0 -1; do echo $n > /proc/self/oom_score_adj && echo lowered; done; cat /proc/self/oom_score_adj"
            let id = try daemon.submit(script: isExecuted ? "echo up; sleep 60" : "(\(lower)) 2>&1; echo up; sleep 60", ["--user", "0", "--no-cwd"])
            var text = try daemon.awaitLog(id, "up")
            if isExecuted { text = try daemon.berth(["exec", id, "--", "sh", "-c", "(\(lower)) 2>&1"]).output }
            try daemon.berth(["cancel", "--now", id])
            #expect(!text.contains("lowered") && text.contains("500\n"), "\(text)")
        }

        /// contract §5: `cores` are whole and exclusive.
        @Test func coresAreGivenOnce() throws {
            let script = "grep Cpus_allowed_list /proc/self/status | cut -f 2; sleep 1"
            let ids = try (0..<2).map { _ in try daemon.submit(script: script, ["--cores", "1"]) }
            for id in ids { try daemon.await(id, "running", "succeeded") }
            _ = try daemon.berth(["wait"] + ids)
            let seen = try ids.map { try daemon.berth(["logs", $0]).output }
            let overlap = try ids.map { try daemon.show($0)["attempts"][0] }
            if let start = overlap[1]["startedAt"].number, let end = overlap[0]["endedAt"].number, start < end { #expect(seen[0] != seen[1]) }
        }

        @Test func limitsStandInTheGroups() throws {
            let id = try daemon.submit(["--memory", "50M", "--pids", "33", "--cpu", "0.5", "--no-cwd", "--", "sleep", "60"])
            try daemon.await(id, "running")
            let pid = Int32(try #require(try daemon.show(id)["attempts"][-1]["pid"].number))
            let paths = try ProcessPlace.cgroupPaths(of: pid)
            func value(_ controller: String, _ v1: String, _ v2: String) throws -> String {
                if let path = paths.first(where: { $0.key.split(separator: ",").contains(Substring(controller)) })?.value {
                    return try Command(["sh", "-c", "cat /sys/fs/cgroup/\(controller)\(path)/\(v1)"]).run().line
                }
                let path = try #require(paths[""])
                return try Command(["sh", "-c", "cat /sys/fs/cgroup\(path)/\(v2) || cat /sys/fs/cgroup\(path)/../\(v2)"]).run().line
            }
            #expect(try value("memory", "memory.limit_in_bytes", "memory.max") == "\(50 << 20)")
            #expect(try value("pids", "pids.max", "pids.max") == "33")
            // v2 has quota and period in one file, v1 in two.
            var numbers = try value("cpu", "cpu.cfs_quota_us", "cpu.max").split(separator: " ").map(String.init)
            if numbers.count == 1 { numbers.append(try value("cpu", "cpu.cfs_period_us", "cpu.max")) }
            #expect(numbers == ["50000", "100000"])
            try daemon.berth("cancel --now \(id)")
            _ = try daemon.berth("wait \(id)")
        }

        @Test func softMemoryStandsInTheGroup() throws {
            let id = try daemon.submit(["--memory", "50M", "--memory-soft", "20M", "--no-cwd", "--", "sleep", "60"])
            try daemon.await(id, "running")
            let paths = try ProcessPlace.cgroupPaths(of: Int32(try #require(try daemon.show(id)["attempts"][-1]["pid"].number)))
            let v1 = paths["memory"].map { "/sys/fs/cgroup/memory\($0)/memory.soft_limit_in_bytes" }
            let file = try v1 ?? "/sys/fs/cgroup\(#require(paths[""]))/memory.low"
            #expect(try Command(["cat", file]).run().line == "\(20 << 20)")
            try daemon.berth("cancel --now \(id)")
            _ = try daemon.berth("wait \(id)")
        }

        /// The kernel takes every weight; one that no disk goes by is refused, and otherwise it stands in the group.
        @Test func anIOWeightHasASayOrIsRefused() throws {
            let node = try #require(JSONValue(try daemon.berth("node --json").output))["ioWeight"].text ?? ""
            let result = try daemon.berth(["submit", "--quiet", "--io", "weight=300", "--no-cwd", "--", "sleep", "60"])
            guard !node.hasPrefix("no") else {
                #expect(result.status == 1 && result.errors.contains(node) && result.errorLines.count == 1, "\(result)")
                return
            }
            let id = result.line
            try daemon.await(id, "running")
            let paths = try ProcessPlace.cgroupPaths(of: Int32(try #require(try daemon.show(id)["attempts"][-1]["pid"].number)))
            let folder = try paths["blkio"].map { "/sys/fs/cgroup/blkio\($0)" } ?? "/sys/fs/cgroup\(#require(paths[""]))"
            let found = try Command(["sh", "-c", "cat \(folder)/io.weight \(folder)/*bfq.weight 2>/dev/null"]).run().output
            #expect(found.contains("300") || found.contains("118"), "\(found)")
            try daemon.berth("cancel --now \(id)")
            _ = try daemon.berth("wait \(id)")
        }

        private static let freeHugePages =
            (try? readTextFile("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages")).flatMap { Int($0.filter(\.isNumber)) } ?? 0

        @Test(.enabled(if: freeHugePages >= 4, "needs four free huge pages of 2M")) func hugePagesAreGivenAsAskedAndToNobodyElse() throws {
            func run(_ words: [String], _ pages: Int) throws -> String {
                let id = try daemon.submit(words + ["--no-cwd", "--", "probe", "huge", "\(pages)"])
                _ = try daemon.berth(["wait", id])
                return try daemon.berth(["logs", id]).output
            }
            #expect(try run(["--huge-pages", "2M=4M"], 2) == "huge ok\n")
            #expect(try run(["--huge-pages", "2M=4M"], 3) == "huge ENOMEM\n")
            #expect(try run([], 1) == "huge ENOMEM\n")
            let pools = try #require(JSONValue(try daemon.berth("node --json").output))["hugePages"]
            #expect((pools[0]["total"].number ?? 0) >= 8 << 20, "\(pools)")
        }

        @Test func theSignalAtAShareOfTheMemoryArrives() throws {
            let script = "trap 'echo told; exit 5' USR1; echo up; probe eat 40 stay & while :; do sleep 0.1; done"
            let id = try daemon.submit(script: script, ["--memory", "64M", "--memory-signal", "USR1@50%"])
            #expect(try daemon.berth(["wait", id]).status == 5)
            let events = try daemon.berth("events --no-follow --after 0 \(id)").output
            #expect(events.contains("memorySignal") && events.contains("50 % of 64M"), "\(events)")
        }

        /// Out of memory is told by the kernel's own counter.
        @Test func tooMuchMemoryEndsAsOutOfMemory() throws {
            let id = try daemon.submit(["--memory", "32M", "--no-cwd", "--", "probe", "eat", "200"])
            #expect(try daemon.berth(["wait", id]).status == 137)
            let attempt = try daemon.show(id)["attempts"][-1]
            #expect(attempt["outcome"]["kind"].text == "outOfMemory", "\(attempt)")
            #expect((attempt["usage"]["outOfMemoryKills"].number ?? 0) > 0)
            // However short it was, each is told once.
            let events = try daemon.berth("events --json --no-follow --after 0 \(id)").output
            for told in ["80 %", "95 %", "processes killed by the kernel"] {
                #expect(events.components(separatedBy: told).count == 2, "\(told): \(events)")
            }
        }

        /// A child killed for memory does not end a job that handles it.
        @Test func aChildThatIsKilledForMemoryIsSeen() throws {
            let result = try daemon.runToEnd(script: "probe eat 200; echo child ended with $?", ["--memory", "32M"])
            #expect(result.output.contains("child ended with 137"), "\(result)")
        }

        /// contract §4: `signal: USR1@300s` warns before the limit; stop signal and grace period at the end.
        @Test func theTimeLimitWarnsFirst() throws {
            let script = "trap 'echo warned' USR1; trap 'echo asked' TERM; while true; do sleep 0.1; done"
            let id = try daemon.submit(script: script, ["--time-limit", "3s", "--warning-signal", "USR1@2s", "--grace-period", "1s"])
            #expect(try daemon.berth(["wait", id]).status == 124)
            #expect(try daemon.outcome(id)["kind"].text == "timedOut")
            #expect(try daemon.berth(["logs", id]).output == "warned\nasked\n")
        }

        @Test func theStopSignalIsTheOneAskedFor() throws {
            let id = try daemon.submit(script: "trap 'echo int; exit 0' INT; echo ready; while true; do sleep 0.1; done", ["--stop-signal", "INT"])
            try daemon.awaitLog(id, "ready")
            #expect(try daemon.berth(["cancel", id]).status == 0)
            _ = try daemon.berth(["wait", id])
            #expect(try daemon.berth(["logs", id]).output.contains("int"))
            #expect(try daemon.outcome(id)["kind"].text == "cancelled")
        }

        /// Throttled time is counted.
        @Test func aCpuQuotaThrottles() throws {
            let id = try daemon.submit(
                script: "end=$(($(date +%s) + 3)); while [ $(date +%s) -lt $end ]; do i=0; while [ $i -lt 500 ]; do i=$((i+1)); done; done",
                ["--cpu", "0.2"])
            #expect(try daemon.berth(["wait", id]).status == 0)
            let attempt = try daemon.show(id)["attempts"][-1]
            #expect((attempt["usage"]["throttledMicroseconds"].number ?? 0) > 0, "\(attempt)")
            let used = (attempt["usage"]["cpuUserMicroseconds"].number ?? 0) + (attempt["usage"]["cpuSystemMicroseconds"].number ?? 0)
            #expect(used < 2_500_000, "0.2 of a cpu for about 3 s: \(used)")
        }

        /// contract §5: scratch (bytes and inodes) has a limit that holds.
        @Test(arguments: ["disk", "memory"])
        func theScratchLimitHolds(kind: String) throws {
            let words = ["--scratch", "8M", "--scratch-kind", kind, "--memory", "64M"]
            let script =
                "dd if=/dev/zero of=/data/big bs=1M count=30 2>&1 | tail -n 1; sync; stat -c %s /data/big; dd if=/dev/zero of=$BERTH_SCRATCH/two bs=1M count=30 2>&1"
            let result = try daemon.runToEnd(script: script, words + ["--user", "0"])
            let size = result.output.split(separator: "\n").compactMap { Int($0) }.first ?? -1
            #expect(size <= 9 << 20, "\(result)")
            #expect(result.output.contains("No space") || result.output.contains("quota"), "\(result)")
        }

        /// A read/write limit holds, by the bytes that the kernel counted; direct writes, because v1 counts no buffered ones.
        @Test func anIOLimitHolds() throws {
            let words = ["--io", "write=2M", "--scratch", "32M", "--user", "0", "--no-cwd"]
            let id = try daemon.submit(words + ["--wrap", "probe direct $BERTH_SCRATCH/file 8"])
            #expect(try daemon.berth(["wait", id]).status == 0, "\(String(describing: try? daemon.berth(["logs", id])))")
            let attempt = try daemon.show(id)["attempts"][-1]
            let ran = try #require(attempt["ranFor"].number ?? attempt["ranFor"]["milliseconds"].number, "\(attempt)")
            #expect(ran >= 2000, "8 MiB at 2 MiB a second: \(attempt)")
            // On a loop device the disk itself may see them in a kernel thread's name only.
            #expect((attempt["usage"]["writtenBytes"].number ?? 0) >= 8 << 20, "\(attempt)")
        }

        /// Bytes read, from a disk that is named by a path; the throttle stands in the group of the running job.
        @Test func aReadLimitOfANamedDiskHolds() throws {
            // /tmp may lie in memory.
            let place = try TemporaryDirectory("io", in: "/var/tmp", mode: 0o777)
            defer { place.remove() }
            let here = place.path
            try Command(["dd", "if=/dev/urandom", "of=\(here)/big", "bs=1M", "count=8", "conv=fsync", "status=none"]).run()
            let words = ["--io", "read=2M,path=\(here)", "--memory", "64M"]
            let id = try daemon.submit(script: "while [ ! -e go ]; do sleep 0.05; done; probe directread big", words, in: here)
            try daemon.await(id, "running")
            let group = try daemon.group(of: id)
            let places = ["blkio/\(group)/blkio.throttle.read_bps_device", "\(group)/io.max"]
            let text = places.compactMap { try? readTextFile("/sys/fs/cgroup/\($0)") }.first ?? ""
            #expect(text.contains("\(2 << 20)"), "\(text)")
            try Command(["touch", "\(here)/go"]).run()
            let begun = bootNanoseconds()
            #expect(try daemon.berth(["wait", id]).status == 0)
            let seconds = Double(bootNanoseconds() - begun) / 1e9
            #expect(try daemon.berth(["logs", id]).output == "\(8 << 20)\n")
            #expect(seconds >= 2.5, "8 MiB at 2 MiB a second took \(seconds) s")
            #expect((try daemon.show(id)["attempts"][-1]["usage"]["readBytes"].number ?? 0) >= 8 << 20)
        }

        @Test("The path of an io limit means the disk behind a link, not the one that holds the link") func anIOLimitFollowsLinks() throws {
            let place = try TemporaryDirectory("link", in: "/var/tmp", mode: 0o777)
            defer { place.remove() }
            try Command(["mkdir", place("real")]).run()
            try Command(["ln", "-s", "real", place("link")]).run()
            let id = try daemon.submit(["--hold", "--no-cwd", "--io", "read=2M,path=\(place("link"))", "--", "true"])
            defer { _ = try? daemon.berth(["cancel", id]) }
            let shown = try daemon.show(id)
            #expect(shown["spec"]["resources"]["io"][0]["path"].text == place("real"), "\(shown)")
        }

        /// Operations a second; 4 KiB each, so that no limit of bytes would be felt.
        @Test(arguments: ["write_ops", "read_ops"])
        func anOperationLimitHolds(kind: String) throws {
            let place = try TemporaryDirectory("ops", in: "/var/tmp", mode: 0o777)
            defer { place.remove() }
            let here = place.path
            try Command(["dd", "if=/dev/urandom", "of=\(here)/file", "bs=4k", "count=60", "conv=fsync", "status=none"]).run()
            let reading = "n=0; while [ $n -lt 60 ]; do dd if=file of=/dev/null bs=4k count=1 skip=$n iflag=direct 2>/dev/null; n=$((n+1)); done"
            let script = kind == "write_ops" ? "probe directsmall file 60" : reading
            let id = try daemon.submit(script: script, ["--io", "\(kind)=20,path=\(here)", "--memory", "64M"], in: here)
            #expect(try daemon.berth(["wait", id]).status == 0, "\(String(describing: try? daemon.berth(["logs", id])))")
            let attempt = try daemon.show(id)["attempts"][-1]
            let ran = try #require(attempt["ranFor"].number ?? attempt["ranFor"]["milliseconds"].number, "\(attempt)")
            #expect(ran >= 2000, "60 operations at 20 a second: \(attempt)")
        }

        /// Cpu weight, by what the job asked for.
        @Test func aJobsWeightStandsInItsGroup() throws {
            let id = try daemon.submit(["--cpu", "0.5", "--no-cwd", "--", "sleep", "60"])
            try daemon.await(id, "running")
            let group = try daemon.group(of: id)
            let places = ["cpu/\(group)/cpu.shares", "\(group)/cpu.weight"]
            let found = places.compactMap { try? readTextFile("/sys/fs/cgroup/\($0)") }.first
            #expect(found == "512\n" || found == "50\n", "\(found ?? "-")")
            try daemon.berth("cancel --now \(id)")
            _ = try daemon.berth("wait \(id)")
        }

        @Test func aForkBombIsContained() throws {
            let id = try daemon.submit(["--pids", "40", "--no-cwd", "--", "probe", "bomb"])
            #expect(try daemon.berth(["wait", "--timeout", "60s", id]).status == 7)
            #expect((try daemon.show(id)["attempts"][-1]["usage"]["pidsPeak"].number ?? 0) <= 41)
            #expect(try daemon.berth(["run", "--no-cwd", "--", "true"]).status == 0)
        }

        /// contract §5: `resources:` are named and counted.
        @Test func namedResourcesAreCounted() throws {
            let words = ["--cpu", "0.1", "--no-cwd"]
            let first = try daemon.submit(["--resources", "licence=2"] + words + ["--", "sleep", "60"])
            try daemon.await(first, "running")
            let second = try daemon.submit(["--resources", "licence=1"] + words + ["--", "true"])
            #expect(try daemon.taskState(second) == "pending")
            #expect(try daemon.berth(["show", second]).output.contains("licence"))
            try daemon.berth(["cancel", "--now", first])
            #expect(try daemon.berth(["wait", "--timeout", "30s", second]).status == 0)
        }

        /// The log keeps beginning and end, and the job neither blocks nor dies.
        @Test func theLogLimitHolds() throws {
            let id = try daemon.submit(
                script: "echo begin; i=0; while [ $i -lt 20000 ]; do i=$((i+1)); echo line $i of many; done; echo end", ["--log-limit", "64K"])
            #expect(try daemon.berth(["wait", id]).status == 0)
            let log = try daemon.berth(["logs", id]).output
            #expect(log.hasPrefix("begin\n") && log.hasSuffix("end\n") && log.utf8.count < 200_000, "\(log.utf8.count)")
            #expect((try daemon.show(id)["attempts"][-1]["usage"]["logDroppedBytes"].number ?? 0) > 0)
        }
    }
}
