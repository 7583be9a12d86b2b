import LinuxSys

/// Roots for jobs, as tars that `berth image import` takes.
public enum TestImage {
    /// This machine's busybox with a link for each command, and `/bin/probe` where a C compiler is there.
    public static func busybox(in directory: TemporaryDirectory, extra: [(path: String, text: String)] = []) throws -> String {
        let root = try directory.directory("root-\(UInt32.random(in: .min ... .max))")
        for name in ["bin", "dev", "etc", "proc", "root", "sys", "tmp", "usr", "var", "data"] {
            try Descriptor.workingDirectory.makeDirectory("\(root)/\(name)")
        }
        try Command(["chmod", "1777", "\(root)/tmp"]).run()
        try Command(["cp", "/bin/busybox", "\(root)/bin/busybox"]).run()
        try Command(["chroot", root, "/bin/busybox", "--install", "-s", "/bin"]).run()
        let files =
            [
                ("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nimager:x:4321:4321::/data:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n"),
                ("etc/group", "root:x:0:\nimagers:x:4321:\nnogroup:x:65534:\n"),
            ] + extra.map { ($0.path, $0.text) }
        for (path, text) in files {
            try Descriptor.open("\(root)/\(path)", [.writeOnly, .create, .truncate], mode: 0o644).write(text)
        }
        if Programs.exists("/usr/bin/gcc") {
            let sources = [("probe.c", ProbeSource.text), ("attack.c", AttackSource.text), ("inspect.c", InspectSource.text)]
            for (name, text) in sources { try Descriptor.open(directory(name), [.writeOnly, .create, .truncate], mode: 0o644).write(text) }
            let compiled = try Command(["gcc", "-static", "-O1", "-w", "-o", "\(root)/bin/probe"] + sources.map { directory($0.0) }).run()
            guard compiled.status == 0 else { throw TestDaemon.Failure(description: "probe.c: \(compiled)") }
            // For processes of the host's too.
            try Command(["cp", "\(root)/bin/probe", directory("probe")]).run()
        }
        let tar = directory("busybox.tar")
        try Command(["tar", "--numeric-owner", "--owner=0", "--group=0", "-C", root, "-cf", tar, "."]).run()
        return tar
    }
}
