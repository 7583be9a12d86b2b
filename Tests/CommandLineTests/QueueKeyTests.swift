import TestSupport
import Testing

/// What the queue named after the key says of it.
private let maxima = [
    ("cores", "1"), ("memory", "100M"), ("scratch", "50M"), ("pids", "5000"), ("time_limit", "61m"), ("log_limit", "1M"), ("active_tasks", "1"),
    ("active_cores", "1"), ("active_memory", "150M"), ("pending_tasks", "4"), ("huge_pages", "8M"), ("submits_per_second", "1"),
].map { (key: $0.0, value: $0.1) }

extension EndToEnd {
    /// `berthd.yaml`: queues, one for each key so that nothing else can be the cause, and what one batch may have.
    @Suite(
        .daemon(
            whole: { daemon in
                let maxima = maxima.map { "  \($0.key): {maximum: {\($0.key): \($0.value)}}\n" }.joined()
                return daemon.places + """
                    defaults: {memory_per_core: 32M, scratch: 16M}
                    per_batch: {active_tasks: 1, active_cores: 1, active_memory: 150M, pending_tasks: 4}
                    queues:
                      first: {priority: 50}
                      given: {defaults: {cores: 2, memory: 70M, swap: 4M, pids: 66, scratch: 12M, scratch_inodes: 3000, scratch_kind: memory, time_limit: 4m}}
                      part: {defaults: {cpu: 0.25}}
                      closed: {groups: [\(TestUser.operatorsGroup)]}
                      net: {host_network_groups: [\(TestUser.networkGroup)]}

                    """ + maxima
            }))
    struct QueueKeyTests {
        @Test(arguments: Self.effects) func has(_ effect: Effect) async throws { try await effect.check(try .required()) }

        static let effects: [Effect] = [
            .wait("per_batch.active_tasks", ["--batch", "b"], "1 task is active, at most 1 may"),
            .refusal("per_batch.active_cores", ["--batch", "b", "--cores", "2"], "at most 1 is allowed"),
            .refusal("per_batch.active_memory", ["--batch", "b", "--memory", "160M"], "at most 150M"),
            .refusal("per_batch.pending_tasks", ["--batch", "b", "--array", "1-5"], "at most 4"),
            .ofJob("queues.defaults.cores", ["--queue", "given"], { $0["job"]["demand"]["cores"] }, is: 2),
            .ofJob("queues.defaults.memory", ["--queue", "given"], { $0["job"]["demand"]["memory"] }, is: 70 << 20),
            .ofJob("queues.defaults.swap", ["--queue", "given"], { $0["job"]["demand"]["swap"] }, is: 4 << 20),
            .ofJob("queues.defaults.pids", ["--queue", "given"], { $0["job"]["demand"]["pids"] }, is: 66),
            .ofJob("queues.defaults.scratch", ["--queue", "given"], { $0["job"]["demand"]["scratch"] }, is: 12 << 20),
            .ofJob("queues.defaults.scratch_inodes", ["--queue", "given"], { $0["job"]["demand"]["scratchInodes"] }, is: 3000),
            .ofJob("queues.defaults.time_limit", ["--queue", "given"], { $0["job"]["timeLimit"] }, is: 240_000),
            .ofJob("queues.defaults.cpu", ["--queue", "part"], { $0["job"]["demand"]["cpuMillis"] }, is: 250),
            Effect("queues.defaults.scratch_kind") { daemon in
                try expects(daemon.held(["--queue", "given"])["job"]["demand"]["scratchKind"].text == "memory")
            },
            Effect("queues.priority", aQueueWithPriorityComesFirst),
            Effect("queues.groups") { daemon in
                let words = ["submit", "--hold", "--no-cwd", "--queue", "closed", "--", "true"]
                try expects(daemon.berth(words, as: .first, in: "/").status == 1)
                try expects(daemon.berth(words, as: .operator_, in: "/").status == 0)
            },
            Effect("queues.host_network_groups") { daemon in
                let member = TestUser("berth-t3", groups: [TestUser.networkGroup])
                let words = ["submit", "--hold", "--no-cwd", "--network", "host", "--", "true"]
                try expects(daemon.berth(words, as: member, in: "/").status == 1)
                let allowed = ["submit", "--queue", "net"] + words.dropFirst()
                try expects(daemon.berth(allowed, as: member, in: "/").status == 0)
            },
            .refusal("queues.maximum.cores", ["--queue", "cores", "--cores", "2"], "1"),
            .refusal("queues.maximum.memory", ["--queue", "memory", "--memory", "101M"], "100M"),
            .refusal("queues.maximum.huge_pages", ["--queue", "huge_pages", "--huge-pages", "2M=10M"], "at most 8M"),
            .rate("queues.maximum.submits_per_second", ["--queue", "submits_per_second"], of: "queue submits_per_second"),
            .refusal("queues.maximum.scratch", ["--queue", "scratch", "--scratch", "51M"], "50M"),
            .refusal("queues.maximum.pids", ["--queue", "pids", "--pids", "5001"], "5000"),
            .refusal("queues.maximum.time_limit", ["--queue", "time_limit", "--time-limit", "62m"], "1h"),
            .refusal("queues.maximum.log_limit", ["--queue", "log_limit", "--log-limit", "2M"], "1M"),
            .wait("queues.maximum.active_tasks", ["--queue", "active_tasks"], "1 task is active, at most 1 may"),
            .refusal("queues.maximum.active_cores", ["--queue", "active_cores", "--cores", "2"], "at most 1 is allowed"),
            .refusal("queues.maximum.active_memory", ["--queue", "active_memory", "--memory", "160M"], "at most 150M"),
            .refusal("queues.maximum.pending_tasks", ["--queue", "pending_tasks", "--array", "1-5"], "at most 4"),
        ]

        /// What was submitted later to the queue with the higher priority starts first.
        private static func aQueueWithPriorityComesFirst(_ daemon: TestDaemon) throws {
            let words = ["--no-cwd", "--", "sh", "-c", "sleep 0.3"]
            // Both cores are taken until both wait.
            let filling = try (0..<2).map { _ in try daemon.submit(["--cores", "1", "--no-cwd", "--", "sleep", "60"]) }
            for id in filling { try daemon.await(id, "running") }
            let later = try daemon.submit(["--cores", "2"] + words)
            let sooner = try daemon.submit(["--cores", "2", "--queue", "first"] + words)
            try daemon.berth(["cancel", "--now"] + filling)
            #expect(try daemon.berth(["wait", later, sooner]).status == 0)
            let (first, second) = (try daemon.show(sooner)["attempts"][0]["startedAt"], try daemon.show(later)["attempts"][0]["startedAt"])
            #expect((first.number ?? .max) < (second.number ?? 0), "\(first) \(second)")
        }
    }
}
