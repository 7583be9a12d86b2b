import JobModel
import JobSpecs

private func mount(_ kind: MountSpec.Kind, _ source: String?, _ target: String, ro: Bool = false, _ size: Bytes? = nil) -> MountSpec {
    MountSpec(kind: kind, source: source, target: target, readOnly: ro, size: size)
}

extension FieldForm {
    static let all: [FieldForm] = program + queue + resources + files + limits

    static let program: [FieldForm] = [
        .init("name", "name: align", "--name align", { $0.name = "align" }, { $0.name = "align" }),
        .init("name", "name: 012", "-J 012", { $0.name = "012" }, { $0.name = "012" }),
        .init("image", "image: ada/tools:1.2", "--image=ada/tools:1.2", { $0.image = "ada/tools:1.2" }, { $0.image = "ada/tools:1.2" }),
        .init("command", "command: [a, 'b c']", "command: a 'b c'", { $0.command = ["a", "b c"] }, { $0.command = ["a", "b c"] }),
        .init(
            "command", "args: a \"b c\" d\\ e", "command: [a, b c, d e]", { $0.command = ["a", "b c", "d e"] },
            { $0.command = ["a", "b c", "d e"] }),
        .init("user", "user: 1000:100", "--user 1000:100", { $0.user = "1000:100" }, { $0.user = .id(1000, group: 100) }),
        .init("user", "user: image", "user: image", { $0.user = "image" }, { $0.user = .image }),
        .init(
            "environment", "env: {A: 1, B: 'x=y, z', PATH: null}", "--env A=1 --env 'B=x=y, z' --env PATH",
            { $0.environment = ["A=1", "B=x=y, z", "PATH"] }, { $0.environment = ["A": "1", "B": "x=y, z", "PATH": "/bin"] }),
        .init(
            "environment", "environment: [A=, B=2]", "environment: {A: '', B: 2}", { $0.environment = ["A=", "B=2"] },
            { $0.environment = ["A": "", "B": "2"] }),
        .init("export", "export: [LANG]", "--export LANG", { $0.export = "LANG" }, { $0.environment = ["LANG": "C"] }),
        .init("export", "export: all", "--export=ALL", { $0.export = "all" }, { $0.environment = ["LANG": "C", "PATH": "/bin"] }),
        .init("export", "export: none", "--export none", { $0.export = "none" }, { _ in }),
        .init("working_directory", "workdir: ../x", "-D ../x", { $0.workingDirectory = "../x" }, { $0.workingDirectory = "/home/ada/x" }),
        .init("cwd", "cwd: no", "--no-cwd", { $0.cwd = false }, { $0.submitDirectory = nil }),
        .init("cwd", "cwd: true", "--cwd", { $0.cwd = true }, { _ in }),
    ]

    static let queue: [FieldForm] = [
        .init(
            "array", "array: 0-99%10", "-a 0-99%10", { $0.array = "0-99%10" },
            { $0.array = ArraySpec(indices: IntervalSet(0...99), limit: 10) }),
        .init(
            "array", "array: {indices: '1,3,7-9', limit: 2}", "--array 1,3,7-9%2", { $0.array = "1,3,7-9%2" },
            { $0.array = ArraySpec(indices: IntervalSet([1, 3, 7, 8, 9]), limit: 2) }),
        .init(
            "array", "array: 0-20:10", "array: 0-20:10", { $0.array = "0-20:10" },
            { $0.array = ArraySpec(indices: IntervalSet([0, 10, 20])) }),
        .init("batch", "batch: nightly", "--batch nightly", { $0.batch = "nightly" }, { $0.batch = "nightly" }),
        .init("queue", "partition: long", "-p long", { $0.queue = "long" }, { $0.queue = "long" }),
        .init("priority", "priority: -10", "--priority -10", { $0.priority = "-10" }, { $0.priority = -10 }),
        .init(
            "dependencies", "depends_on: ['afterok:12:13', 'afterany:14.3']", "-d afterok:12:13,afterany:14.3",
            { $0.dependencies = ["afterok:12:13", "afterany:14.3"] },
            {
                $0.dependencies = [
                    Dependency(kind: .afterok, job: JobID(12)), Dependency(kind: .afterok, job: JobID(13)),
                    Dependency(kind: .afterany, job: JobID(14), index: 3),
                ]
            }),
        .init(
            "dependencies", "dependencies: {kind: afternotok, job: 5, index: 2}", "--dependency=afternotok:5.2",
            { $0.dependencies = ["afternotok:5.2"] },
            { $0.dependencies = [Dependency(kind: .afternotok, job: JobID(5), index: 2)] }),
        .init(
            "dependencies", "dependencies: 12", "-d 12", { $0.dependencies = ["12"] },
            { $0.dependencies = [Dependency(kind: .afterok, job: JobID(12))] }),
        .init("begin", "begin: now+2hours", "--begin now+2hours", { $0.begin = "now+2hours" }, { $0.begin = testContext.now + .hours(2) }),
        .init(
            "begin", "begin: 2030-01-31T18:00:30+02:00", "--begin=2030-01-31T18:00:30+02:00", { $0.begin = "2030-01-31T18:00:30+02:00" },
            { $0.begin = WallTime(milliseconds: 1_896_105_630_000) }),
        .init("retries", "retries: 3", "--retries 3", { $0.retries = "3" }, { $0.retries = RetryPolicy(count: 3) }),
        .init(
            "retries", "retries: {count: 2, on: [failed, oom], backoff: 30s}", "--retry count=2,on=failed+out_of_memory,backoff=30s",
            { $0.retries = "count=2,on=failed+oom,backoff=30" },
            { $0.retries = RetryPolicy(count: 2, outcomes: [.failed, .outOfMemory], backoff: .seconds(30)) }),
        .init("rerun", "rerun: on_loss", "--requeue on-loss", { $0.rerun = "on-loss" }, { $0.rerun = .onLoss }),
        .init("hold", "hold: yes", "-H", { $0.hold = true }, { $0.hold = true }),
        .init("hold", "hold: false", "--no-hold", { $0.hold = false }, { $0.hold = false }),
        .init("tags", "tags: [a, b c]", "--tags 'a,b c'", { $0.tags = ["a", "b c"] }, { $0.tags = ["a", "b c"] }),
        .init(
            "api", "api: true", "--api", { $0.api = true },
            {
                $0.api = true; $0.batch = "b"
            }),
    ]

    static let resources: [FieldForm] = [
        .init("cores", "cores: 4", "-c 4", { $0.cores = "4" }, { $0.resources.cores = 4 }),
        .init("cores", "cpus_per_task: 4", "-c4", { $0.cores = "4" }, { $0.resources.cores = 4 }),
        .init("cpu", "cpu: 0.3", "--cpus 0.3", { $0.cpu = "300m" }, { $0.resources.cpuMillis = 300 }),
        .init("memory", "mem: 1.5G", "-m 1.5G", { $0.memory = "1536MiB" }, { $0.resources.memory = .mebibytes(1536) }),
        .init(
            "memory_soft", "mem_reservation: 512M", "--memory-soft 512M", { $0.memorySoft = "512M" }, { $0.resources.memorySoft = .mebibytes(512) }),
        .init(
            "huge_pages", "huge_pages: {2M: 64M, 1G: 2G}", "--huge-pages 2M=64M,1G=2G", { $0.hugePages = ["2M=64M", "1GiB=2048M"] },
            {
                $0.resources.hugePages = [
                    HugePages(size: .mebibytes(2), bytes: .mebibytes(64)), HugePages(size: .gibibytes(1), bytes: .gibibytes(2)),
                ]
            }),
        .init("io", "io: {weight: 200}", "--io weight=200", { $0.io = ["weight=200"] }, { $0.resources.ioWeight = 200 }),
        .init(
            "io", "io: {read: 5M, weight: 50}", "--io read=5M,weight=50", { $0.io = ["weight=50", "read=5M"] },
            {
                var limit = IOLimit()
                limit.readBytesPerSecond = 5 << 20
                $0.resources.io = [limit]
                $0.resources.ioWeight = 50
            }),
        .init(
            "memory_signal", "memory_signal: [USR1@80%, {signal: SIGUSR2, at: 95}]", "--memory-signal USR1@80%,USR2@95%",
            { $0.memorySignal = ["usr1@80", "12@95%"] },
            { $0.memorySignals = [MemorySignal(signal: "USR1", percent: 80), MemorySignal(signal: "USR2", percent: 95)] }),
        .init("swap", "swap: 0", "--swap 0", { $0.swap = "0" }, { $0.resources.swap = .zero }),
        .init("pids", "pids: 500", "--pids-limit 500", { $0.pids = "500" }, { $0.resources.pids = 500 }),
        .init(
            "io", "io: {read: 5M, write: 1M/s, read_ops: 100, write_iops: 50, path: /data}",
            "--io read=5M,write=1M,read_ops=100,write_ops=50,path=/data", { $0.io = ["read=5M,write=1M,riops=100,wiops=50,path=/data"] },
            {
                var limit = IOLimit()
                limit.path = "/data"
                limit.readBytesPerSecond = 5 << 20
                limit.writeBytesPerSecond = 1 << 20
                limit.readOperationsPerSecond = 100
                limit.writeOperationsPerSecond = 50
                $0.resources.io = [limit]
            }),
        .init(
            "io", "io: [{read: 5M}, {write: 1M, path: /x}]", "--io read=5M --io write=1M,path=/x",
            { $0.io = ["read=5M", "write=1M,path=/x"] },
            {
                var first = IOLimit()
                first.readBytesPerSecond = 5 << 20
                var second = IOLimit()
                second.path = "/x"
                second.writeBytesPerSecond = 1 << 20
                $0.resources.io = [first, second]
            }),
        .init(
            "resources", "resources: {gpu: [gpu0, gpu1], licence: 2}", "--gres gpu:gpu0+gpu1,licence:2",
            { $0.resources = ["gpu=gpu0+gpu1", "licence=2"] },
            { $0.resources.named = ["gpu": .instances(["gpu0", "gpu1"]), "licence": .count(2)] }),
        .init("resources", "resources: gpu", "--resources gpu", { $0.resources = ["gpu"] }, { $0.resources.named = ["gpu": .count(1)] }),
        .init("scratch", "scratch: 20G", "--tmp 20G", { $0.scratch = "20G" }, { $0.resources.scratch = .gibibytes(20) }),
        .init(
            "scratch", "scratch: {size: 1G, kind: memory, inodes: 1000}", "scratch: {size: 1G, kind: memory, inodes: 1000}",
            {
                $0.scratch = "memory:1G"; $0.scratchInodes = "1000"
            },
            {
                $0.resources.scratch = .gibibytes(1); $0.resources.scratchKind = .memory; $0.resources.scratchInodes = 1000
            }),
        .init("scratch", "scratch: memory", "--scratch memory", { $0.scratch = "memory" }, { $0.resources.scratchKind = .memory }),
        .init(
            "scratch_kind", "scratch_kind: disk", "--scratch-kind disk", { $0.scratchKind = "disk" }, { $0.resources.scratchKind = .disk }),
        .init(
            "scratch_inodes", "scratchInodes: 5000", "--scratch-inodes 5000", { $0.scratchInodes = "5000" },
            { $0.resources.scratchInodes = 5000 }),
        .init("shm_size", "shm_size: 256M", "--shm-size 256M", { $0.shmSize = "256M" }, { $0.sharedMemory = .mebibytes(256) }),
    ]

    static let files: [FieldForm] = [
        .init(
            "mounts", "mounts: ['/data:/data:ro', 'in:/in', /home, 'tmpfs:/tmp:64M']",
            "-v /data:/data:ro -v in:/in -v /home -v tmpfs:/tmp:64M",
            { $0.mounts = ["/data:/data:ro", "in:/in:rw", "/home:rw", "tmpfs:/tmp:64M"] },
            {
                $0.mounts = [
                    mount(.bind, "/data", "/data", ro: true), mount(.bind, "/home/ada/run/in", "/in"), mount(.bind, "/home", "/home"),
                    mount(.tmpfs, nil, "/tmp", .mebibytes(64)),
                ]
            }),
        .init(
            "mounts", "volumes: [{source: /a:b, target: /x, read_only: true}, {type: tmpfs, target: /t}]",
            "--mount type=bind,source=/a:b,target=/x,readonly --mount type=tmpfs,dst=/t",
            { $0.mounts = ["type=bind,src=/a:b,dst=/x,ro", "type=tmpfs,target=/t"] },
            { $0.mounts = [mount(.bind, "/a:b", "/x", ro: true), mount(.tmpfs, nil, "/t")] }),
        .init("mounts", "mounts: /a=b:/c", "-v /a=b:/c", { $0.mounts = ["/a=b:/c"] }, { $0.mounts = [mount(.bind, "/a=b", "/c")] }),
        .init(
            "devices", "devices: [/dev/kvm, '/dev/fuse:r']", "--device /dev/kvm --device /dev/fuse:r",
            { $0.devices = ["/dev/kvm", "/dev/fuse:r"] },
            { $0.devices = [DeviceRequest(path: "/dev/kvm", access: "rw"), DeviceRequest(path: "/dev/fuse", access: "r")] }),
        .init("network", "network: host", "--net host", { $0.network = "host" }, { $0.network = .host }),
        .init(
            "output", "output: out-%j.txt", "-o out-%j.txt", { $0.output = "out-%j.txt" },
            { $0.output = OutputSpec(path: "/home/ada/run/out-%j.txt") }),
        .init(
            "output", "output: {path: /o, append: true}", "--output /o:append", { $0.output = "/o:append" },
            { $0.output = OutputSpec(path: "/o", append: true) }),
        .init("error", "stderr: /e%%", "-e /e%%", { $0.error = "/e%%" }, { $0.error = OutputSpec(path: "/e%%") }),
        .init("input", "input: in/%a", "--stdin in/%a", { $0.input = "in/%a" }, { $0.input = "/home/ada/run/in/%a" }),
    ]

    static let limits: [FieldForm] = [
        .init("time_limit", "time_limit: 2h30m", "-t 2:30:00", { $0.timeLimit = "9000" }, { $0.timeLimit = .minutes(150) }),
        .init("time_limit", "timeLimit: 1-00:00:00", "--time=1d", { $0.timeLimit = "24h" }, { $0.timeLimit = .hours(24) }),
        .init(
            "warning_signal", "warning_signal: SIGUSR1@300s", "--signal=USR1@300", { $0.warningSignal = "10@5m" },
            { $0.warning = WarningSignal(signal: "USR1", before: .minutes(5)) }),
        .init(
            "warning_signal", "signal: {signal: usr2, before: 10s}", "--warning-signal USR2@10", { $0.warningSignal = "USR2@10s" },
            { $0.warning = WarningSignal(signal: "USR2", before: .seconds(10)) }),
        .init("stop_signal", "stop_signal: SIGINT", "--stop-signal int", { $0.stopSignal = "2" }, { $0.stopSignal = "INT" }),
        .init("grace_period", "grace_period: 30s", "--stop-timeout 30", { $0.gracePeriod = "0:30" }, { $0.gracePeriod = .seconds(30) }),
        .init("log_limit", "log_limit: 100M", "--log-limit 100M", { $0.logLimit = "100M" }, { $0.logLimit = .mebibytes(100) }),
        .init(
            "rlimits", "rlimits: {nofile: '1024:4096', core: 0, stack: {soft: 8M, hard: unlimited}}",
            "--ulimit nofile=1024:4096 --ulimit core=0 --ulimit stack=8M:unlimited",
            { $0.rlimits = ["nofile=1024:4096,core=0", "RLIMIT_STACK=8M:-1"] },
            {
                $0.rlimits = [
                    "nofile": ResourceLimit(soft: 1024, hard: 4096), "core": ResourceLimit(soft: 0, hard: 0),
                    "stack": ResourceLimit(soft: 8 << 20, hard: nil),
                ]
            }),
        .init(
            "sysctls", "sysctls: {net.core.somaxconn: 1024, kernel.sem: 250 32000 32 128}",
            "--sysctl net.core.somaxconn=1024 --sysctl 'kernel.sem=250 32000 32 128'",
            { $0.sysctls = ["net.core.somaxconn=1024", "kernel.sem=250 32000 32 128"] },
            { $0.sysctls = ["net.core.somaxconn": "1024", "kernel.sem": "250 32000 32 128"] }),
        .init(
            "capabilities", "capabilities: [chown, CAP_KILL]", "--caps CHOWN,KILL", { $0.capabilities = ["CHOWN", "kill"] },
            { $0.capabilities = ["CAP_CHOWN", "CAP_KILL"] }),
        .init("capabilities", "capabilities: none", "--capabilities none", { $0.capabilities = ["none"] }, { $0.capabilities = [] }),
        .init(
            "capabilities", "capabilities: [-NET_RAW, -MKNOD]", "--capabilities=-NET_RAW,-mknod",
            { $0.capabilities = ["-NET_RAW", "-MKNOD"] },
            { $0.capabilities = SpecBounds.capabilities.filter { $0 != "CAP_NET_RAW" && $0 != "CAP_MKNOD" } }),
        .init("umask", "umask: 027", "--umask 027", { $0.umask = "0o27" }, { $0.umask = 0o027 }),
    ]
}
