import JobModel
import Testing

@Suite struct ResolvedSpecTests {
    private let queue = QueueDefinition(name: "default")

    private func spec(_ change: (inout JobSpec) -> Void = { _ in }) -> JobSpec {
        var spec = JobSpec()
        spec.command = ["x"]
        change(&spec)
        return spec
    }

    private func refused(
        _ spec: JobSpec, queue: QueueDefinition, site: SiteLimits = SiteLimits(), submitter: SubmitterRights = SubmitterRights()
    ) -> String? {
        do {
            _ = try spec.resolved(queue: queue, defaults: JobDefaults(), site: site, submitter: submitter)
            return nil
        } catch {
            return error.description
        }
    }

    @Test func theDaemonsDefaultsFillWhatIsAbsent() throws {
        let resolved = try spec().resolved(queue: queue, defaults: JobDefaults())
        #expect(resolved.demand == ResourceDemand(cores: 1, memory: .gibibytes(1), pids: 4096, scratch: .gibibytes(10)))
        #expect(resolved.timeLimit == .hours(1) && resolved.spec.timeLimit == .hours(1))
        #expect(resolved.spec.image == "busybox" && resolved.spec.queue == "default" && resolved.spec.network == NetworkMode.none)
        #expect(resolved.spec.resources.memory == .gibibytes(1) && resolved.spec.logLimit == .mebibytes(64) && resolved.spec.umask == 0o022)
        #expect(resolved.spec.gracePeriod == .seconds(10) && resolved.spec.sharedMemory == .mebibytes(64))
    }

    @Test func resolvingAgainChangesNothing() throws {
        let once = try ValidationTests.good.resolved(
            queue: queue, defaults: JobDefaults(),
            site: SiteLimits(named: [NamedResource(name: "gpu", instances: [.init(name: "a"), .init(name: "b")])]),
            submitter: SubmitterRights(isOperator: true))
        let again = try once.spec.resolved(
            queue: queue, defaults: JobDefaults(image: "other", cores: 7, timeLimit: .minutes(1)),
            site: SiteLimits(named: [NamedResource(name: "gpu", instances: [.init(name: "a"), .init(name: "b")])]),
            submitter: SubmitterRights(isOperator: true))
        #expect(again == once)
    }

    @Test func memoryFollowsTheCores() throws {
        #expect(try spec { $0.resources.cores = 3 }.resolved(queue: queue, defaults: JobDefaults()).demand.memory == .gibibytes(3))
        let shared = try spec { $0.resources.cpuMillis = 1500 }.resolved(queue: queue, defaults: JobDefaults()).demand
        #expect(shared.cores == 0 && shared.cpuMillis == 1500 && shared.memory == .gibibytes(2))
    }

    @Test func theQueuesDefaultsComeFirst() throws {
        var queue = queue
        queue.defaults.cpuMillis = 250
        queue.defaults.memory = .mebibytes(100)
        queue.defaults.pids = 7
        queue.defaults.scratchKind = .memory
        queue.defaultTimeLimit = .minutes(5)
        let resolved = try spec().resolved(queue: queue, defaults: JobDefaults())
        #expect(
            resolved.demand
                == ResourceDemand(cores: 0, cpuMillis: 250, memory: .mebibytes(100), pids: 7, scratch: .mebibytes(50), scratchKind: .memory)
        )
        #expect(resolved.timeLimit == .minutes(5))
        // Cores that were asked for put the queue's quota aside.
        #expect(try spec { $0.resources.cores = 2 }.resolved(queue: queue, defaults: JobDefaults()).demand.cpuMillis == 0)
    }

    @Test func defaultsAreCutToTheMaximumButWishesRefused() throws {
        var queue = QueueDefinition(name: "short")
        queue.maximum.timeLimit = .minutes(10)
        queue.maximum.memoryPerTask = .mebibytes(512)
        queue.maximum.scratchPerTask = .gibibytes(1)
        queue.maximum.pidsPerTask = 10
        queue.maximum.coresPerTask = 2
        queue.maximum.logLimitPerTask = .mebibytes(1)
        let resolved = try spec().resolved(queue: queue, defaults: JobDefaults(cores: 4))
        #expect(resolved.timeLimit == .minutes(10))
        #expect(resolved.demand == ResourceDemand(cores: 2, memory: .mebibytes(512), pids: 10, scratch: .gibibytes(1)))
        #expect(resolved.spec.logLimit == .mebibytes(1))
        let wishes: [(String, (inout JobSpec) -> Void)] = [
            ("timeLimit: found 11m, accepted at most 10m, the limit maximum.time_limit of queue 'short'", { $0.timeLimit = .minutes(11) }),
            (
                "resources.memory: found 513M, accepted at most 512M, the limit maximum.memory of queue 'short'",
                { $0.resources.memory = .mebibytes(513) }
            ),
            (
                "resources.scratch: found 2G, accepted at most 1G, the limit maximum.scratch of queue 'short'",
                { $0.resources.scratch = .gibibytes(2) }
            ),
            ("logLimit: found 2M, accepted at most 1M, the limit maximum.log_limit of queue 'short'", { $0.logLimit = .mebibytes(2) }),
            ("resources.pids: found 11, accepted at most 10, the limit maximum.pids of queue 'short'", { $0.resources.pids = 11 }),
            ("resources.cores: found 3, accepted at most 2, the limit maximum.cores of queue 'short'", { $0.resources.cores = 3 }),
            (
                "resources.cpuMillis: found 3, accepted at most 2, the limit maximum.cores of queue 'short'",
                { $0.resources.cpuMillis = 2001 }
            ),
        ]
        for (line, wish) in wishes {
            #expect(refused(spec(wish), queue: queue) == line)
            #expect(refused(spec(wish), queue: queue, submitter: SubmitterRights(isOperator: true)) == nil)
        }
        var site = SiteLimits()
        site.maximum.memoryPerTask = .mebibytes(256)
        #expect(
            refused(spec { $0.resources.memory = .mebibytes(300) }, queue: queue, site: site)
                == "resources.memory: found 300M, accepted at most 256M, the limit maximum.memory of every queue")
    }

    @Test func rightsAreChecked() {
        var queue = QueueDefinition(name: "q", groups: ["staff"])
        #expect(refused(spec(), queue: queue)?.hasPrefix("queue: found 'q'") == true)
        #expect(refused(spec(), queue: queue, submitter: SubmitterRights(groups: ["x", "staff"])) == nil)
        queue.groups = nil
        #expect(refused(spec { $0.priority = 1 }, queue: queue)?.hasPrefix("priority: found 1") == true)
        #expect(refused(spec { $0.priority = -1 }, queue: queue) == nil)
        #expect(refused(spec { $0.network = .host }, queue: queue)?.hasPrefix("network: found 'host'") == true)
        queue.hostNetworkGroups = ["net"]
        #expect(refused(spec { $0.network = .host }, queue: queue, submitter: SubmitterRights(groups: ["net"])) == nil)
        let site = SiteLimits(devices: [DeviceRequest(path: "/dev/kvm", access: "rw")])
        let wants = { (access: String) in self.spec { $0.devices = [DeviceRequest(path: "/dev/kvm", access: access)] } }
        #expect(refused(wants("r"), queue: queue, site: site) == nil)
        #expect(refused(wants("rm"), queue: queue, site: site) == "devices[0]: found '/dev/kvm:rm', accepted one of /dev/kvm:rw")
        #expect(refused(wants("r"), queue: queue)?.contains("no device") == true)
        #expect(refused(wants("rwm"), queue: queue, submitter: SubmitterRights(isOperator: true)) == nil)
    }

    @Test func namedResourcesMustExist() {
        let site = SiteLimits(named: [NamedResource(name: "gpu", instances: [.init(name: "g0"), .init(name: "g1")])])
        func wants(_ request: NamedRequest, _ name: String = "gpu") -> JobSpec { spec { $0.resources.named = [name: request] } }
        #expect(
            refused(wants(.count(2)), queue: queue, site: site) == nil
                && refused(wants(.instances(["g1"])), queue: queue, site: site) == nil)
        #expect(
            refused(wants(.count(3)), queue: queue, site: site) == "resources.named.gpu: found 3, accepted at most 2, which the machine has"
        )
        #expect(refused(wants(.instances(["g2"])), queue: queue, site: site) == "resources.named.gpu: found 'g2', accepted some of g0, g1")
        #expect(refused(wants(.count(1), "gup"), queue: queue, site: site) == "resources.named.gup: found 'gup', accepted one of gpu")
        #expect(refused(wants(.count(1)), queue: queue)?.contains("no named resource") == true)
    }

    /// Relations between a value that was given and one that a default filled in.
    @Test func whatDefaultsMakeImpossibleIsRefused() {
        #expect(
            refused(spec { $0.warning = WarningSignal(signal: "USR1", before: .hours(2)) }, queue: queue)?.hasPrefix("warning.before")
                == true)
        #expect(refused(spec { $0.sharedMemory = .gibibytes(2) }, queue: queue)?.hasPrefix("sharedMemory") == true)
        #expect(
            refused(
                spec {
                    $0.resources.scratch = .gibibytes(2); $0.resources.scratchKind = .memory
                }, queue: queue)?.hasPrefix("resources.scratch") == true)
    }

    @Test func aTmpfsWithoutASizeGetsTheMemory() throws {
        let resolved = try spec { $0.mounts = [MountSpec(kind: .tmpfs, target: "/t")] }.resolved(queue: queue, defaults: JobDefaults())
        #expect(resolved.spec.mounts?.first?.size == .gibibytes(1))
    }
}
