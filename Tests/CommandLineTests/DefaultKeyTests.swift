import LinuxSys
import TestSupport
import Testing

extension EndToEnd {
    /// `berthd.yaml`: places, rights and defaults, none of them as without the file.
    @Suite(
        .daemon(
            whole: { daemon in
                // The programs and the profile from places of their own.
                try daemon.place.directory("programs")
                let directory = Programs.directory ?? "."
                try Command(["cp", "\(directory)/berth-init", "\(directory)/berth-helper", daemon.place("programs")]).run()
                try Command(["cp", "-r", "\(directory)/../../../Config/seccomp", daemon.place("etc")]).run()
                try daemon.place.directory("frozen")
                return daemon.places + """
                    image_directory: \(daemon.place("pictures"))
                    program_directory: \(daemon.place("programs"))
                    operators_group: \(TestUser.operatorsGroup)
                    inspect_by_operators: true
                    log_level: warning
                    memory_thresholds: [30]
                    freeze_timeout: 1s
                    start_timeout: 2s
                    spare_containers: 3
                    disk_reserve: 48M
                    per_user: {submits_per_second: 1}
                    per_batch: {submits_per_second: 1}
                    defaults:
                      image: busybox:latest
                      cores: 2
                      memory_per_core: 48M
                      swap: 8M
                      pids: 77
                      scratch: 24M
                      scratch_inodes: 5000
                      time_limit: 7m
                      log_limit: 3M
                      grace_period: 3s
                      shm_size: 5M
                    """
            }, socketName: "other.sock"))
    struct DefaultKeyTests {
        @Test(arguments: Self.effects) func has(_ effect: Effect) async throws { try await effect.check(try .required()) }

        static let effects: [Effect] = [
            Effect("state_directory") { #expect(Programs.exists($0.state + "/berth.db")) },
            Effect("run_directory") { daemon in
                let names = try Descriptor.open(daemon.runPlace.path, [.readOnly, .directory]).names()
                #expect(names.contains { $0.hasPrefix("attempts-") })
            },
            Effect("socket") { daemon in
                #expect(Programs.exists(daemon.runPlace("other.sock")) && !Programs.exists(daemon.runPlace("berthd.sock")))
            },
            Effect("image_directory") { #expect(Programs.exists($0.place("pictures/layers")) && !Programs.exists($0.state + "/images")) },
            Effect("program_directory") { daemon in
                #expect(Leftovers.processes(of: daemon).contains { $0.contains(daemon.place("programs/berth-init") + " launcher") })
            },
            Effect("cgroup_parent") { #expect(!Leftovers.groups(below: $0.groupParent).isEmpty) },
            Effect("operators_group") { daemon in
                let words = ["submit", "--hold", "--no-cwd", "--priority", "7", "--", "true"]
                try expects(daemon.berth(words, as: .first, in: "/").status == 1)
                try expects(daemon.berth(words, as: .operator_, in: "/").status == 0)
            },
            Effect("inspect_by_operators") { daemon in
                let id = try daemon.submit(["--cores", "1", "--memory", "32M", "--no-cwd", "--", "sleep", "60"])
                try daemon.await(id, "running")
                try expects(daemon.berth(["inspect", id], as: .operator_).status == 0)
                try daemon.berth(["cancel", "--now", id])
                _ = try daemon.berth(["wait", id])
            },
            Effect("log_level") { #expect(!$0.log.contains("is up"), "\($0.log)") },
            Effect("memory_thresholds") { daemon in
                let id = try daemon.submit(["--memory", "64M", "--cores", "1", "--no-cwd", "--", "probe", "eat", "30", "stay"])
                let found = try TestSupport.poll(seconds: 20) {
                    try daemon.berth("events --json --no-follow --after 0 \(id)").output.contains("memoryThreshold") ? true : nil
                }
                #expect(found == true)
                try daemon.berth(["cancel", "--now", id])
                _ = try daemon.berth(["wait", id])
            },
            Effect("disk_reserve") { daemon in
                let disk = try #require(JSONValue(try daemon.berth("node --json").output))["disk"]
                #expect(disk["reserve"].number == 48 << 20 && disk["held"].number == 48 << 20, "\(disk)")
            },
            .rate("per_user.submits_per_second", of: "user \(TestUser.second.name)"),
            .rate("per_batch.submits_per_second", ["--batch", "rated"], of: "batch rated"),
            Effect("freeze_timeout", aProcessThatDoesNotFreeze), Effect("start_timeout", aPathThatDoesNotOpen),
            Effect("spare_containers") { daemon in
                try expects(daemon.berth("run --no-cwd --cores 1 -- true").status == 0)
                let ready = TestSupport.poll(seconds: 20) {
                    let names = Leftovers.groups(below: daemon.groupParent).compactMap { $0.split(separator: "/").last }
                    return Set(names.filter { $0.hasPrefix("spare-") }).count == 3 ? true : nil
                }
                #expect(ready == true)
            },
            Effect("defaults.image") { try expects($0.held()["spec"]["image"].text == "busybox:latest") },
            .ofJob("defaults.cores", [], { $0["job"]["demand"]["cores"] }, is: 2),
            .ofJob("defaults.memory_per_core", [], { $0["job"]["demand"]["memory"] }, is: 96 << 20),
            .ofJob("defaults.swap", [], { $0["job"]["demand"]["swap"] }, is: 8 << 20),
            .ofJob("defaults.pids", [], { $0["job"]["demand"]["pids"] }, is: 77),
            .ofJob("defaults.scratch", [], { $0["job"]["demand"]["scratch"] }, is: 24 << 20),
            .ofJob("defaults.scratch_inodes", [], { $0["job"]["demand"]["scratchInodes"] }, is: 5000),
            .ofJob("defaults.time_limit", [], { $0["job"]["timeLimit"] }, is: 420_000),
            .ofJob("defaults.log_limit", [], { $0["spec"]["logLimit"] }, is: 3 << 20),
            .ofJob("defaults.grace_period", [], { $0["spec"]["gracePeriod"] }, is: 3000),
            .ofJob("defaults.shm_size", [], { $0["spec"]["sharedMemory"] }, is: 5 << 20),
        ]

        /// A bind of a file system that does not answer.
        private static func aPathThatDoesNotOpen(_ daemon: TestDaemon) throws {
            guard StuckFileSystem.canRun else { return }
            let stuck = try StuckFileSystem()
            defer { stuck.remove() }
            let id = try daemon.submit(["--no-cwd", "--mount", "\(stuck.path)/below:/stuck", "--", "true"])
            #expect(try daemon.berth(["wait", "--timeout", "60s", id]).status == 125)
            let outcome = try daemon.outcome(id)
            #expect(outcome["errno"].text == "ETIMEDOUT", "\(outcome)")
            stuck.answer()
        }

        /// A process that waits in the kernel, here for a file system that is frozen itself, is thawed again after the time-out, with
        /// its pid and where it waits.
        private static func aProcessThatDoesNotFreeze(_ daemon: TestDaemon) throws {
            let (image, mount) = (daemon.place("disk"), daemon.place("frozen"))
            for words in [["truncate", "-s", "16M", image], ["mkfs.ext4", "-q", image], ["mount", "-o", "loop", image, mount]] {
                let result = try Command(words).run()
                try #require(result.status == 0, "\(result)")
            }
            defer { _ = try? Command(["umount", mount]).run() }
            let here = daemon.place("work")
            let script = "echo ready; while [ ! -e \(here)/go ]; do sleep 0.05; done; echo x > \(mount)/x; echo wrote; sleep 60"
            let id = try daemon.submit(["--cores", "1", "--mount", "\(mount):\(mount)", "--mount", "\(here):\(here)", "--wrap", script])
            defer {
                _ = try? Command(["fsfreeze", "-u", mount]).run()
                _ = try? daemon.berth(["cancel", "--now", id])
                _ = try? daemon.berth(["wait", id])
            }
            try daemon.awaitLog(id, "ready")
            #expect(try Command(["fsfreeze", "-f", mount]).run().status == 0)
            try Command(["touch", "\(here)/go"]).run()
            let stuck = try TestSupport.poll(seconds: 10) {
                try daemon.processes(of: id).first { ((try? readTextFile("/proc/\($0)/stat")) ?? "").contains(") D ") }
            }
            let pid = try #require(stuck)
            let paused = try daemon.berth(["pause", id])
            #expect(paused.status == 1 && paused.errors.contains("\(pid)"), "\(paused)")
            #expect(try daemon.taskState(id) == "running", "thawed again")
            try Command(["fsfreeze", "-u", mount]).run()
            try daemon.awaitLog(id, "wrote")
        }
    }
}
