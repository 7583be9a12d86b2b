import Foundation
import JobModel
import Testing

@testable import DaemonConfiguration

let packageRoot = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

func text(of path: String) throws -> String { try String(contentsOf: packageRoot.appending(path: path), encoding: .utf8) }

func refusal(_ text: String) -> String? {
    do {
        _ = try Settings.read(text: text, file: "c")
        return nil
    } catch {
        return error.description
    }
}

/// Every key of every map, for the tests that compare the tables with the files for people.
let allKeys: [String] = {
    var names = SettingsKeys.all.map(\.name)
    names += SettingsKeys.defaultsKeys.map(\.name)
    names += SettingsKeys.reservedKeys.map(\.name)
    names += LimitKeys.perTask.map(\.name)
    names += LimitKeys.active.map(\.name)
    names += SettingsKeys.retentionKeys.map(\.name)
    names += SettingsKeys.requestKeys.map(\.name)
    names += SettingsKeys.imageKeys.map(\.name)
    names += QueueReader.keys.map(\.name)
    names += QueueReader.defaultsKeys.map(\.name)
    names += ResourceReader.instanceKeys.map(\.name)
    return names
}()

@Suite struct InstalledFileTests {
    @Test func theInstalledFileSaysTheDefaults() throws {
        #expect(try Settings.read(text: try text(of: "Config/berthd.yaml"), file: "berthd.yaml") == Settings())
    }

    /// With every example switched on it is still accepted, and every one of them says something.
    @Test func itsExamplesAreAccepted() throws {
        let lines = try text(of: "Config/berthd.yaml").split(separator: "\n", omittingEmptySubsequences: false)
        let enabled = lines.map { line -> Substring in
            let indent = line.prefix { $0 == " " }
            let rest = line.dropFirst(indent.count)
            return rest.hasPrefix("#") && !rest.hasPrefix("# ") ? indent + rest.dropFirst() : line
        }
        let settings = try Settings.read(text: enabled.joined(separator: "\n"), file: "berthd.yaml")
        #expect(
            settings.queues.map(\.name) == ["default", "short", "trickle"] && settings.resources.map(\.name) == ["licence", "port", "gpu"])
        let short = settings.queues[1]
        #expect(
            short.maximum.timeLimit == .minutes(30) && short.maximum.activeMemory == .gibibytes(64)
                && short.groups == ["students", "staff"])
        #expect(
            short.defaults.memory == .mebibytes(512) && short.defaultTimeLimit == .minutes(5)
                && settings.queues[2].defaults.cpuMillis == 250)
        let gpu = settings.resources[2].instances[1]
        #expect(
            gpu.devices == [DeviceRequest(path: "/dev/dri/renderD129", access: "rw")] && gpu.environment == ["GPU": "1"]
                && gpu.memoryNode == 0)
        #expect(settings.reserved.cores == 1 && settings.perUser.activeTasks == 500 && settings.perBatch.pendingTasks == 1_000_000)
        #expect(
            settings.retention.ledger == .hours(24 * 3650) && settings.devices.count == 2 && settings.defaults.scratchInodes == 1_000_000)
        #expect(settings.programDirectory != nil && settings.cgroupParent == "berth" && settings.maximum.timeLimit == .hours(24 * 14))
        #expect(
            settings.site.named == settings.resources && settings.site.maximum == settings.maximum
                && settings.hostNetworkGroups == ["netadmin"])
    }

    @Test(arguments: ["Config/berthd.yaml", "docs/configuration.md"]) func everyKeyIsThere(_ path: String) throws {
        let page = try text(of: path)
        for key in allKeys { #expect(page.contains(key), "\(path) lacks \(key)") }
    }

    @Test func theExamplesOfThePageAreAccepted() throws {
        var tried = 0
        for block in try text(of: "docs/configuration.md").split(separator: "```") where block.hasPrefix("yaml\n") {
            tried += 1
            #expect(refusal(String(block.dropFirst(5))) == nil, "\(block)")
        }
        #expect(tried == 2)
    }
}

@Suite struct SettingsTests {
    @Test(arguments: ["", "# nothing\n", "~", "queues:\n", "defaults: {}\nqueues: {default: }"]) func nothingSaysTheDefaults(_ text: String)
        throws
    {
        #expect(try Settings.read(text: text, file: "c") == Settings())
    }

    @Test func everyValueArrives() throws {
        let settings = try Settings.read(
            text: """
                state_directory: /s
                run_directory: /r
                cgroup_parent: a/b
                operators_group: ops
                inspect_by_operators: true
                log_level: DEBUG
                log_format: json
                metrics_listen: "[::1]:9754"
                defaults: {image: tools:1, cores: 2, memory_per_core: 2G, swap: 1G, pids: 9, scratch: 1G, time_limit: 2h, log_limit: 1M, grace_period: 1s, shm_size: 1M}
                maximum: {cores: 4, memory: 8G, scratch: 1T, pids: 100, time_limit: 1d, log_limit: 5M}
                slots: 65536-131071
                simultaneous_starts: 2
                spare_containers: 7
                requests: {size: 1M, connections: 10, connections_per_user: 5, idle: 10s}
                images: {size: 1G, files: 1000}
                retention: {logs: 0, events: 1d, event_count: 1000, jobs: 1h, ledger: 1d, ledger_count: 5000}
                memory_thresholds: [50]
                disk_reserve: 1G
                freeze_timeout: 1m
                start_timeout: 2m
                devices: /dev/kvm:rw, /dev/fuse
                queues: {long: {priority: -5}}
                """, file: "c")
        var expected = Settings()
        expected.stateDirectory = "/s"
        expected.runDirectory = "/r"
        // They follow unless they are given.
        expected.imageDirectory = "/s/images"
        expected.socket = "/r/berthd.sock"
        expected.cgroupParent = "a/b"
        expected.operatorsGroup = "ops"
        expected.inspectByOperators = true
        expected.logLevel = .debug
        expected.logFormat = .json
        expected.metricsListen = ListenAddress(text: "[::1]:9754")
        #expect(expected.metricsListen?.host == "::1" && expected.metricsListen?.port == 9754)
        expected.defaults = JobDefaults(
            image: "tools:1", cores: 2, memoryPerCore: .gibibytes(2), swap: .gibibytes(1), pids: 9, scratch: .gibibytes(1),
            timeLimit: .hours(2),
            logLimit: .mebibytes(1), gracePeriod: .seconds(1), sharedMemory: .mebibytes(1))
        expected.maximum.coresPerTask = 4
        expected.maximum.memoryPerTask = .gibibytes(8)
        expected.maximum.scratchPerTask = .gibibytes(1024)
        expected.maximum.pidsPerTask = 100
        expected.maximum.timeLimit = .hours(24)
        expected.maximum.logLimitPerTask = .mebibytes(5)
        expected.slots.first = 65_536
        expected.slots.last = 131_071
        expected.simultaneousStarts = 2
        expected.spareContainers = 7
        expected.requests.size = .mebibytes(1)
        expected.requests.connections = 10
        expected.requests.connectionsPerUser = 5
        expected.requests.idle = .seconds(10)
        expected.images.size = .gibibytes(1)
        expected.images.files = 1000
        expected.retention.logs = .zero
        expected.retention.events = .hours(24)
        expected.retention.eventCount = 1000
        expected.retention.jobs = .hours(1)
        expected.retention.ledger = .hours(24)
        expected.retention.ledgerCount = 5000
        expected.memoryThresholds = [50]
        expected.diskReserve = .gibibytes(1)
        expected.freezeTimeout = .minutes(1)
        expected.startTimeout = .minutes(2)
        expected.devices = [DeviceRequest(path: "/dev/kvm", access: "rw"), DeviceRequest(path: "/dev/fuse", access: "rw")]
        expected.queues = [QueueDefinition(name: "default"), QueueDefinition(name: "long", priority: -5)]
        #expect(settings == expected)
    }

    @Test(arguments: [
        ("state_directroy: /x", "c:1: state_directroy: found an unknown key, accepted"),
        ("a: 1\nb: 2", "c:1: a: found an unknown key"),
        (
            "\ndefaults:\n  memory_per_cor: 1G",
            "c:3: defaults.memory_per_cor: found an unknown key, accepted cores, grace_period, image, log_limit, memory_per_core"
        ),
        (
            "defaults: {memory_per_core: lots}",
            "c:1: defaults.memory_per_core: found 'lots', accepted 4M to 32T, as a number with an optional unit"
        ),
        ("defaults: {memory_per_core: 1}", "c:1: defaults.memory_per_core: found '1', accepted 4M to 32T"),
        ("defaults: {cores: 0}", "c:1: defaults.cores: found '0', accepted 1 to 8192"),
        ("defaults: {time_limit: 0}", "c:1: defaults.time_limit: found '0', accepted 1s to 3650d"),
        ("defaults: {image: a b}", "c:1: defaults.image: found 'a b', accepted an image name"),
        ("defaults: [1]", "c:1: defaults: found a list of 1, accepted a map of image, cores, memory_per_core"),
        (
            "state_directory: /a\nstate_directory: /b",
            "c:2: state_directory: found the field a second time (first in line 1), accepted each field once"
        ),
        ("state_directory: /a\nstateDirectory: /b", "c:2: stateDirectory: found the key a second time, accepted each key once"),
        ("state_directory: var/lib", "c:1: state_directory: found 'var/lib', accepted an absolute path"),
        ("state_directory: /a/../b", "c:1: state_directory: found '/a/../b', accepted an absolute path"),
        ("state_directory: /", "c:1: state_directory: found '/', accepted an absolute path"),
        ("state_directory: /run/berth/x", "c:1: run_directory: found '/run/berth' beside state '/run/berth/x', accepted two directories"),
        ("socket: /\(String(repeating: "x", count: 107))", "c:1: socket: found '/xxx"),
        ("log_format: xml", "c:1: log_format: found 'xml', accepted text, json"),
        ("metrics_listen: localhost:80", "c:1: metrics_listen: found 'localhost:80', accepted ADDRESS:PORT, such as 127.0.0.1:9754 or [::1]:9754"),
        ("metrics_listen: 127.0.0.1", "c:1: metrics_listen: found '127.0.0.1', accepted ADDRESS:PORT, such as 127.0.0.1:9754 or [::1]:9754"),
        ("metrics_listen: 1.2.3.400:80", "c:1: metrics_listen: found '1.2.3.400:80', accepted ADDRESS:PORT, such as 127.0.0.1:9754 or [::1]:9754"),
        ("log_level: loud", "c:1: log_level: found 'loud', accepted debug, info, notice, warning, error"),
        ("cgroup_parent: ../x", "c:1: cgroup_parent: found '../x', accepted"),
        ("slots: 1-65536", "c:1: slots: found '1-65536', accepted FIRST-LAST, whole slots"), ("slots: 0-65535", "c:1: slots: found"),
        ("slots: 131072-65535", "c:1: slots: found"), ("slots: 65536-4294967295", "c:1: slots: found"),
        ("slots: 65536-131070", "c:1: slots: found"),
        ("memory_thresholds: [95, 80]", "c:1: memory_thresholds: found a list of 2, accepted up to 8 ascending"),
        ("disk_reserve: 2T", "c:1: disk_reserve: found '2T', accepted 0 to 1T"),
        ("per_user: {submits_per_second: 0}", "c:1: per_user.submits_per_second: found '0', accepted 1 to 1000000"),
        ("memory_thresholds: [0]", "c:1: memory_thresholds[0]: found '0', accepted"),
        ("requests: {connections: 8, connections_per_user: 9}", "c:1: requests.connections_per_user: found '9', accepted 4 to 100000"),
        ("requests: {size: 1K}", "c:1: requests.size: found '1K', accepted 64K to 1G"),
        ("queues: {a b: }", "c:1: queues: found the name 'a b', accepted"),
        ("queues:\n  long:\n    maximum:\n      tiem_limit: 1h", "c:4: queues.long.maximum.tiem_limit: found an unknown key, accepted"),
        ("queues: {long: {defaults: {cores: 1, cpu: 0.5}}}", "c:1: queues.long.defaults.cpuMillis: found cores and cpu together"),
        ("queues: {long: {defaults: {cpu: none}}}", "c:1: queues.long.defaults.cpu: found 'none', accepted a number of CPUs"),
        ("resources: {gpu: 0}", "c:1: resources.gpu: found '0', accepted a number from 1 to 65536"),
        ("resources: {gpu: [a, a]}", "c:1: resources.gpu: found one instance twice, accepted each once"),
        (
            "resources: {gpu: {g0: {devices: [/etc/passwd]}}}",
            "c:1: resources.gpu.g0.devices[0]: found '/etc/passwd', accepted a path below /dev"
        ),
        ("resources: {gpu: {g0: {environment: {1A: x}}}}", "c:1: resources.gpu.g0.environment: found the name '1A', accepted"),
        ("devices: [/dev/kvm:x]", "c:1: devices[0]: found 'x', accepted any of r, w and m"),
        ("devices: [/dev/kvm, /dev/kvm]", "c:1: devices[1]: found the device a second time"),
        ("- 1", "c:1: found a list of 1, accepted a map of settings"), ("x", "c:1: found 'x', accepted a map of settings"),
        ("a: [", "c:1: found text that is not YAML"),
    ]) func refused(_ text: String, _ start: String) {
        let line = refusal(text) ?? "accepted"
        // The bound of one user's connections is itself in range.
        let wanted =
            text.contains("connections_per_user: 9")
            ? "c:1: requests.connections_per_user: found 9, accepted at most requests.connections (8)" : start
        #expect(line.hasPrefix(wanted), "\(line)")
        #expect(!line.contains("\n"))
    }

    @Test func theNearestNameIsGiven() {
        #expect(refusal("state_directroy: /x")?.hasSuffix("; the nearest name is 'state_directory'") == true)
        #expect(refusal("queues: {q: {maximum: {tiem_limit: 1h}}}")?.hasSuffix("; the nearest name is 'time_limit'") == true)
    }

    @Test func whatIsReservedFollowsTheMachine() {
        var reserved = ReservedResources()
        #expect(reserved.cores(of: 1) == 0 && reserved.cores(of: 2) == 0 && reserved.cores(of: 8) == 1)
        #expect(reserved.memory(of: .gibibytes(1)) == .mebibytes(128) && reserved.memory(of: .gibibytes(16)) == .gibibytes(1))
        #expect(reserved.memory(of: .gibibytes(512)) == .gibibytes(2))
        reserved.cores = 9
        // One core is left whatever was written.
        #expect(reserved.cores(of: 4) == 3)
    }

    /// Mutated files either parse or are refused with one line.
    @Test func mutationsNeverCrash() throws {
        let seed = UInt64(ProcessInfo.processInfo.environment["BERTH_SEED"] ?? "") ?? UInt64.random(in: 0...UInt64.max)
        var state = seed
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(bound))
        }
        let original = Array(try text(of: "Config/berthd.yaml").replacing(#/#(\S)/#) { String($0.output.1) }.utf8)
        var parsed = 0
        for round in 0..<300 {
            var bytes = original
            for _ in 0..<(1 + random(3)) {
                let at = random(bytes.count)
                switch random(3) {
                case 0: bytes[at] = UInt8(random(256))
                case 1: bytes.removeSubrange(at..<min(bytes.count, at + random(20)))
                default: bytes.insert(contentsOf: Array(["*a ", "&a ", "[", "{", ": ", "\n", "- ", "\"", "|\n"][random(9)].utf8), at: at)
                }
            }
            if let line = refusal(String(decoding: bytes, as: UTF8.self)) {
                #expect(line.hasPrefix("c:") && !line.contains("\n"), "seed \(seed), round \(round): \(line)")
            } else {
                parsed += 1
            }
        }
        #expect(parsed > 0 && parsed < 300, "seed \(seed)")
    }
}

@Suite struct SlotRangeTests {
    @Test func slotsAreWhole() { #expect(SlotRange().count == 4094) }

    @Test(arguments: [
        "", "ada:100000:65536\n", "# comment\nada:1:1\nmalformed\na:b:c\n", "ada:2147352576:65536\n", "ada:1879048191:1\n",
        "ada:1879048192:0\n",
    ]) func rangesApartAreAccepted(_ text: String) throws { try SlotRange().checkOverlap(subordinateIDs: text, file: "/etc/subuid") }

    @Test(arguments: [
        (
            "ada:100000:65536\nbob:1879048191:2\n",
            "/etc/subuid:2: bob: found the ids 1879048191-1879048192, which overlap the slots 1879048192-2147352575"
        ),
        ("ada:2147352575:1", "/etc/subuid:1: ada: found the ids 2147352575-2147352575"),
        ("1000:0:4294967295\r\n", "/etc/subuid:1: 1000: found the ids 0-4294967294"),
        ("ada:2000000000:18446744073709551615", "/etc/subuid:1: ada: found the ids 2000000000-18446744073709551615"),
    ]) func rangesThatTouchAreRefused(_ text: String, _ start: String) {
        let error = #expect(throws: DocumentError.self) { try SlotRange().checkOverlap(subordinateIDs: text, file: "/etc/subuid") }
        #expect(error?.description.hasPrefix(start) == true, "\(String(describing: error))")
    }
}
