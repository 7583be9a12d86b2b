import Foundation
import JobModel
import Testing

/// A change that makes a good spec bad, and the field path that is named.
struct BadSpec: Sendable, CustomTestStringConvertible {
    let path: String
    let change: @Sendable (inout JobSpec) -> Void
    var testDescription: String { path }
    init(_ path: String, _ change: @escaping @Sendable (inout JobSpec) -> Void) {
        self.path = path
        self.change = change
    }
}

@Suite struct ValidationTests {
    static var good: JobSpec {
        var spec = JobSpec()
        spec.name = "a name"
        spec.image = "ada/tools:1.2_x"
        spec.command = ["run", "", "x y"]
        spec.array = ArraySpec(indices: IntervalSet(0...9_999_999), limit: 3)
        spec.batch = "b"
        spec.queue = "q"
        spec.resources.cores = 8192
        spec.resources.memory = .gibibytes(1)
        spec.resources.io = [IOLimit()]
        spec.resources.io?[0].readOperationsPerSecond = 1
        spec.resources.named = ["gpu": .instances(["a", "b"])]
        spec.devices = [DeviceRequest(path: "/dev/dri/card0", access: "rwm")]
        spec.mounts = [
            MountSpec(kind: .bind, source: "/", target: "/host", readOnly: true),
            MountSpec(kind: .tmpfs, target: "/tmp", size: .mebibytes(1)),
        ]
        spec.environment = ["A": "x\ny", "_b1": ""]
        spec.workingDirectory = "/"
        spec.output = OutputSpec(path: "/o/%j-%a-%A-%%")
        spec.timeLimit = .hours(1)
        spec.warning = WarningSignal(signal: "RTMIN+3", before: .minutes(5))
        spec.retries = RetryPolicy(count: 1000, outcomes: [.failed, .startFailed], backoff: .hours(1))
        spec.dependencies = [Dependency(kind: .afterok, job: JobID(1)), Dependency(kind: .aftercorr, job: JobID(1))]
        spec.rlimits = ["nofile": ResourceLimit(soft: 1, hard: 1_048_576), "core": ResourceLimit(soft: nil, hard: nil)]
        spec.sysctls = ["net.ipv4.ip_unprivileged_port_start": "0", "fs.mqueue.msg_max": "10", "kernel.sem": "1 2 3 4"]
        spec.capabilities = ["CAP_CHOWN", "CAP_KILL"]
        spec.umask = 0o777
        spec.sharedMemory = .gibibytes(1)
        spec.api = true
        spec.tags = ["x"]
        return spec
    }

    @Test func theGoodSpecIsGood() throws { try Self.good.validate() }

    @Test(arguments: BadSpec.all) func badSpecsNameTheirField(_ bad: BadSpec) {
        var spec = Self.good
        bad.change(&spec)
        do {
            try spec.validate()
            Issue.record("accepted")
        } catch {
            #expect(error.field == bad.path, "\(error)")
            #expect(!error.description.unicodeScalars.contains(where: DocumentText.isControl))
        }
    }

    /// Every spec of the table of forms survives its JSON form and stays valid.
    @Test(arguments: FieldForm.all) func jsonRoundTrip(_ form: FieldForm) throws {
        var spec = JobSpec()
        spec.script = "x"
        form.expected(&spec)
        let decoded = try JSONDecoder().decode(JobSpec.self, from: JSONEncoder().encode(spec))
        #expect(decoded == spec)
        try decoded.validate()
    }

    @Test(arguments: [
        (#"{"name": 5}"#, "name"), (#"{"resources": {"memory": "x"}}"#, "resources.memory"),
        (#"{"mounts": [{"kind": "bind"}]}"#, "mounts[0].target"),
        (#"{"mounts": [{"kind": "nfs", "target": "/x", "readOnly": true}]}"#, "mounts[0].kind"), (#"{"user": "70000"}"#, "user"),
        (#"[]"#, "spec"),
        (#"{"array": {"indices": "9-1"}}"#, "array.indices"),
    ]) func whatDoesNotDecodeIsNamedByItsPath(_ json: String, _ path: String) throws {
        // `resources` is required by the JSON form; give it where the text does not.
        let text = json.contains("resources") || json == "[]" ? json : String(json.dropLast()) + #", "resources": {}}"#
        do {
            _ = try JSONDecoder().decode(JobSpec.self, from: Data(text.utf8))
            Issue.record("accepted")
        } catch let error as DecodingError {
            #expect(SpecError(error).field == path)
        }
    }

    @Test func aDeviceThatIsSharedIsWantedOnce() {
        let requests = [("/dev/a", "r"), ("/dev/ctl", "rw"), ("/dev/b", "rw"), ("/dev/ctl", "mw"), ("/dev/zero", "r"), ("/dev/a", "w")]
        let merged = DeviceRequest.merged(requests.map { DeviceRequest(path: $0, access: $1) })
        #expect(merged.map { "\($0.path):\($0.access)" } == ["/dev/a:rw", "/dev/ctl:rwm", "/dev/b:rw"])
    }

    /// A short text must not become millions of ranges, nor an unsorted one cost the square of its length.
    @Test func hostileIndexListsAreCheap() {
        #expect(IntervalSet(list: "0-10000000:2") == nil)
        #expect(IntervalSet(list: (0..<50).map { "\($0)-100000\($0):2" }.joined(separator: ",")) == nil)
        let backwards = stride(from: 200_000, to: 0, by: -2).map(String.init).joined(separator: ",")
        #expect(IntervalSet(list: backwards)?.ranges.count == 100_000)
        #expect(IntervalSet(list: "5,1-3,2-8:3,0")?.description == "0-3,5,8")
    }
}

extension BadSpec {
    private static func limit(_ path: String, _ change: @escaping @Sendable (inout IOLimit) -> Void) -> BadSpec {
        BadSpec("resources.io[0]\(path)") { spec in
            var limit = IOLimit()
            change(&limit)
            spec.resources.io = [limit]
        }
    }

    private static func mount(_ path: String, _ mount: MountSpec) -> BadSpec { BadSpec("mounts[0]\(path)") { $0.mounts = [mount] } }

    static let all: [BadSpec] = program + resources + files + limits

    private static let program: [BadSpec] = [
        .init("name") { $0.name = "" }, .init("name") { $0.name = "a\nb" }, .init("name") { $0.name = String(repeating: "x", count: 129) },
        .init("image") { $0.image = "/x" }, .init("image") { $0.image = "a/b/c" }, .init("image") { $0.image = "x:" },
        .init("image") { $0.image = "x@sha256:12" }, .init("image") { $0.image = "../x" },
        .init("command") { $0.command = [] }, .init("command[0]") { $0.command = ["", "x"] },
        .init("command[1]") { $0.command = ["a", "b\0c"] },
        .init("command[0]") { $0.command = [String(repeating: "x", count: 131_073)] },
        .init("command") { $0.command = Array(repeating: "x", count: 32_769) },
        .init("command") { $0.command = Array(repeating: String(repeating: "x", count: 100_000), count: 11) },
        .init("command") {
            $0.command = nil; $0.image = nil
        },
        .init("script") { $0.script = "" }, .init("script") { $0.script = "a\0" },
        .init("script") { $0.script = String(repeating: "x", count: 524_289) },
        .init("user") { $0.user = .id(65_536, group: nil) }, .init("user") { $0.user = .id(1, group: 65_536) },
        .init("array.indices") { $0.array = ArraySpec(indices: IntervalSet()) },
        .init("array.indices") { $0.array = ArraySpec(indices: IntervalSet(0...10_000_000)) },
        .init("array.indices") { $0.array = ArraySpec(indices: IntervalSet((0...50_000).map { TaskIndex($0 * 2) })) },
        .init("array.indices") { $0.array = ArraySpec(indices: IntervalSet([4_000_000_000])) },
        .init("array.limit") { $0.array?.limit = 0 },
        .init("batch") { $0.batch = "a b" }, .init("batch") { $0.batch = "" }, .init("queue") { $0.queue = "../q" },
        .init("queue") { $0.queue = "-q" },
        .init("environment") { $0.environment = ["1A": ""] }, .init("environment") { $0.environment = ["A=B": ""] },
        .init("environment") { $0.environment = ["BERTH_MEMORY": "1"] }, .init("environment.A") { $0.environment = ["A": "x\0"] },
        .init("environment.A") { $0.environment = ["A": String(repeating: "x", count: 131_072)] },
        .init("environment") { $0.environment = Dictionary(uniqueKeysWithValues: (0..<4097).map { ("A\($0)", "") }) },
        .init("tags[1]") { $0.tags = ["a", "a"] }, .init("tags[0]") { $0.tags = [""] },
        .init("tags") { $0.tags = (0..<33).map(String.init) },
        .init("dependencies[0].job") { $0.dependencies = [Dependency(kind: .after, job: JobID(0))] },
        .init("dependencies[1]") { $0.dependencies = Array(repeating: Dependency(kind: .after, job: JobID(2)), count: 2) },
        .init("dependencies[0].kind") {
            $0.array = nil; $0.dependencies = [Dependency(kind: .aftercorr, job: JobID(1))]
        },
        .init("dependencies[0].index") { $0.dependencies = [Dependency(kind: .aftercorr, job: JobID(1), index: 2)] },
        .init("dependencies") { $0.dependencies = (1...1001).map { Dependency(kind: .after, job: JobID($0)) } },
        .init("api") { $0.batch = nil },
        .init("terminal") {
            $0.array = nil; $0.dependencies = nil; $0.terminal = TerminalSize(rows: 0, columns: 1)
        },
        .init("terminal") { $0.terminal = TerminalSize(rows: 1, columns: 1) }, .init("interactive") { $0.interactive = true },
        .init("input") {
            $0.array = nil; $0.dependencies = nil; $0.input = "/x"; $0.interactive = true
        },
    ]

    private static let resources: [BadSpec] = [
        .init("resources.cpuMillis") { $0.resources.cpuMillis = 100 }, .init("resources.cores") { $0.resources.cores = 0 },
        .init("resources.cores") { $0.resources.cores = 8193 },
        .init("resources.cpuMillis") {
            $0.resources.cores = nil; $0.resources.cpuMillis = 9
        },
        .init("resources.memory") { $0.resources.memory = .mebibytes(3) }, .init("resources.memory") { $0.resources.memory = Bytes(.max) },
        .init("resources.swap") { $0.resources.swap = Bytes(.max) }, .init("resources.pids") { $0.resources.pids = 0 },
        .init("resources.pids") { $0.resources.pids = 4_194_305 }, .init("resources.scratch") { $0.resources.scratch = .kibibytes(1) },
        .init("resources.scratch") {
            $0.resources.scratch = .gibibytes(2); $0.resources.scratchKind = .memory
        },
        .init("resources.scratchInodes") { $0.resources.scratchInodes = -1 },
        .init("resources.named.x") { $0.resources.named = ["x": .count(0)] },
        .init("resources.named") { $0.resources.named = ["a/b": .count(1)] },
        .init("resources.named.x") { $0.resources.named = ["x": .instances([])] },
        .init("resources.named.x") { $0.resources.named = ["x": .instances(["a", "a"])] },
        limit("") { _ in },
        limit(".path") {
            $0.path = "x"; $0.readBytesPerSecond = 1 << 20
        }, limit(".readBytesPerSecond") { $0.readBytesPerSecond = 0 },
        limit(".writeBytesPerSecond") { $0.writeBytesPerSecond = .max },
        limit(".readOperationsPerSecond") { $0.readOperationsPerSecond = 0 },
        limit(".writeOperationsPerSecond") { $0.writeOperationsPerSecond = .max },
        .init("resources.io[1].path") { $0.resources.io = [$0.resources.io?[0], $0.resources.io?[0]].compactMap { $0 } },
    ]

    private static let files: [BadSpec] = [
        .init("devices[0].path") { $0.devices = [DeviceRequest(path: "/etc/passwd", access: "r")] },
        .init("devices[0].path") { $0.devices = [DeviceRequest(path: "/dev/../etc/passwd", access: "r")] },
        .init("devices[0].path") { $0.devices = [DeviceRequest(path: "/dev/zero", access: "r")] },
        .init("devices[0].path") { $0.devices = [DeviceRequest(path: "/dev/ptmx", access: "rw")] },
        .init("devices[0].path") { $0.devices = [DeviceRequest(path: "/dev/pts/0", access: "rw")] },
        .init("devices[0].access") { $0.devices?[0].access = "" }, .init("devices[0].access") { $0.devices?[0].access = "rx" },
        .init("devices[0].access") { $0.devices?[0].access = "rr" },
        mount(".target", MountSpec(kind: .bind, source: "/a", target: "x")),
        mount(".target", MountSpec(kind: .bind, source: "/a", target: "/")),
        mount(".target", MountSpec(kind: .bind, source: "/a", target: "/proc/sys")),
        mount(".target", MountSpec(kind: .bind, source: "/a", target: "/dev")),
        mount(".target", MountSpec(kind: .bind, source: "/a", target: "/a/../b")),
        mount(".target", MountSpec(kind: .bind, source: "/a", target: "/a//b")),
        mount(".target", MountSpec(kind: .bind, source: "/a", target: "/a/")),
        mount(".target", MountSpec(kind: .bind, source: "/a", target: "/a/./b")),
        mount(".target", MountSpec(kind: .bind, source: "/a", target: "/a\0b")),
        mount(".target", MountSpec(kind: .bind, source: "/a", target: "/a\nb")),
        mount(".target", MountSpec(kind: .bind, source: "/a", target: "/" + String(repeating: "x", count: 256))),
        mount(".target", MountSpec(kind: .bind, source: "/a", target: String(repeating: "/x", count: 2048))),
        mount(".source", MountSpec(kind: .bind, target: "/x")), mount(".source", MountSpec(kind: .bind, source: "../x", target: "/x")),
        mount(".size", MountSpec(kind: .bind, source: "/x", target: "/x", size: .mebibytes(1))),
        mount(".source", MountSpec(kind: .tmpfs, source: "/x", target: "/x")),
        mount(".size", MountSpec(kind: .tmpfs, target: "/x", size: .zero)),
        mount(".size", MountSpec(kind: .tmpfs, target: "/x", size: .gibibytes(2))),
        .init("mounts[1].target") { $0.mounts = Array(repeating: MountSpec(kind: .tmpfs, target: "/x"), count: 2) },
        .init("mounts") { $0.mounts = (0..<65).map { MountSpec(kind: .tmpfs, target: "/x\($0)") } },
        .init("workingDirectory") { $0.workingDirectory = "x" }, .init("submitDirectory") { $0.submitDirectory = "/a/../b" },
        .init("output.path") { $0.output = OutputSpec(path: "/x%") }, .init("output.path") { $0.output = OutputSpec(path: "x") },
        .init("error.path") { $0.error = OutputSpec(path: "/%J") }, .init("input") { $0.input = "/../x" },
        .init("error.append") {
            $0.output = OutputSpec(path: "/x"); $0.error = OutputSpec(path: "/x", append: true)
        },
    ]

    private static let limits: [BadSpec] = [
        .init("timeLimit") { $0.timeLimit = .zero }, .init("timeLimit") { $0.timeLimit = TimeSpan(milliseconds: -5) },
        .init("timeLimit") { $0.timeLimit = TimeSpan(milliseconds: .max) }, .init("gracePeriod") { $0.gracePeriod = .hours(25) },
        .init("begin") { $0.begin = WallTime(milliseconds: -1) }, .init("begin") { $0.begin = WallTime(milliseconds: .max) },
        .init("priority") { $0.priority = 1_000_001 },
        .init("warning.signal") { $0.warning?.signal = "NOPE" }, .init("warning.before") { $0.warning?.before = .hours(1) },
        .init("stopSignal") { $0.stopSignal = "65" }, .init("stopSignal") { $0.stopSignal = "" },
        .init("retries.count") { $0.retries?.count = -1 }, .init("retries.backoff") { $0.retries?.backoff = .hours(24 * 8) },
        .init("retries.outcomes[0]") { $0.retries?.outcomes = [.succeeded] },
        .init("retries.outcomes[0]") { $0.retries?.outcomes = [.nodeLost] },
        .init("retries.outcomes[1]") { $0.retries?.outcomes = [.failed, .failed] },
        .init("logLimit") { $0.logLimit = .zero }, .init("sharedMemory") { $0.sharedMemory = .gibibytes(2) },
        .init("umask") { $0.umask = 0o1000 },
        .init("rlimits") { $0.rlimits = ["nice": ResourceLimit(soft: 0, hard: 40)] },
        .init("rlimits") { $0.rlimits = ["rtprio": ResourceLimit(soft: 0, hard: 99)] },
        .init("rlimits.core") { $0.rlimits = ["core": ResourceLimit(soft: nil, hard: 5)] },
        .init("rlimits.nofile") { $0.rlimits = ["nofile": ResourceLimit(soft: 1, hard: nil)] },
        .init("sysctls") { $0.sysctls = ["kernel.core_pattern": "|/x"] }, .init("sysctls") { $0.sysctls = ["net/ipv4/x": "1"] },
        .init("sysctls") { $0.sysctls = ["net..x": "1"] }, .init("sysctls") { $0.sysctls = ["kernel.shm/../panic": "1"] },
        .init("sysctls") {
            $0.sysctls = ["net.core.somaxconn": "1"]; $0.network = .host
        },
        .init("sysctls.kernel.sem") { $0.sysctls = ["kernel.sem": "1\n2"] },
        .init("sysctls.kernel.sem") { $0.sysctls = ["kernel.sem": ""] },
        .init("capabilities[0]") { $0.capabilities = ["CAP_SYS_ADMIN"] }, .init("capabilities[0]") { $0.capabilities = ["chown"] },
        .init("capabilities[1]") { $0.capabilities = ["CAP_CHOWN", "CAP_CHOWN"] },
    ]
}
