import JobModel

extension JobField {
    private static let outputAccepted =
        "a path with %j (job), %a (index), %A (attempt) and %% (a percent sign); with :append, or path and append"

    /// What of the machine's files and devices the job sees.
    static let fileFields: [JobField] = [
        JobField(
            "mounts", ["mount", "volumes", "volume", "bind", "v"], paths: ["mounts"], shape: .list, example: "/data:/data:ro",
            accepted: "SOURCE:TARGET[:ro], PATH, tmpfs:TARGET[:SIZE], or type, source, target, read_only and size",
            "Directories and files of the machine, and file systems in memory, that the job sees", read: readMounts),
        JobField(
            "devices", ["device"], paths: ["devices"], shape: .list, example: "/dev/kvm:rw",
            accepted: "/dev/NAME[:ACCESS] with any of r, w and m",
            "Devices of the machine that the job may open", read: readDevices),
        JobField(
            "network", ["net"], paths: ["network"], example: "none", accepted: "none, or host for groups that the configuration allows",
            "A network of its own with loopback only, or the machine's"
        ) { value, draft throws(DocumentError) in draft.spec.network = try value.choice(NetworkMode.self) },
        JobField(
            "output", ["stdout", "o"], paths: ["output.path", "output.append", "output"], example: "out-%j.txt", accepted: outputAccepted,
            "The file for the job's output, opened with the submitter's rights; without it the log"
        ) { value, draft throws(DocumentError) in draft.spec.output = try output(value) },
        JobField(
            "error", ["stderr", "e"], paths: ["error.path", "error.append", "error"], example: "err-%j.txt", accepted: outputAccepted,
            "The file for the job's error output; without it that of output, else the log"
        ) { value, draft throws(DocumentError) in draft.spec.error = try output(value) },
        JobField(
            "input", ["stdin", "i"], paths: ["input"], example: "input-%a.txt",
            accepted: "a path with %j (job), %a (index), %A (attempt) and %%",
            "The file that the job reads on its standard input"
        ) { value, draft throws(DocumentError) in draft.spec.input = try value.path() },
    ]

    private static func output(_ value: FieldValue) throws(DocumentError) -> OutputSpec {
        if case .map = value.node.content, let members = try value.members(["path": ["file"], "append": []]) {
            guard let path = members["path"] else { throw value.refused(found: "no path") }
            return OutputSpec(path: try path.path(), append: try members["append"]?.boolean() ?? false)
        }
        let text = try value.text()
        guard text.hasSuffix(":append") else { return OutputSpec(path: try value.path()) }
        let node = DocumentNode(.scalar(String(text.dropLast(":append".count))), line: value.node.line)
        return OutputSpec(path: try value.with(node, label: value.label).path(), append: true)
    }

    private static func readMounts(_ value: FieldValue, _ draft: inout JobDraft) throws(DocumentError) {
        var mounts: [MountSpec] = []
        for item in value.items() {
            if case .scalar(let text) = item.node.content, !isLong(text) {
                mounts.append(try shortMount(text, item))
            } else {
                mounts.append(try longMount(item))
            }
        }
        draft.spec.mounts = mounts
    }

    /// Docker's `--mount` form begins with a key; a path that contains `=` does not.
    private static func isLong(_ text: String) -> Bool {
        guard let equals = text.firstIndex(of: "=") else { return false }
        return !text[..<equals].contains { $0 == "/" || $0 == ":" || $0 == "." }
    }

    private static func target(_ text: String, _ value: FieldValue) throws(DocumentError) -> String {
        guard text.hasPrefix("/") else {
            throw value.refused(found: "the target \(DocumentText.quoted(text))", accepted: "an absolute path")
        }
        return FieldValue.absolute(text, in: "/")
    }

    private static func shortMount(_ text: String, _ value: FieldValue) throws(DocumentError) -> MountSpec {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard (1...3).contains(parts.count), !parts.contains("") else { throw value.refused() }
        if parts[0] == "tmpfs", parts.count > 1 {
            let size = parts.count == 3 ? Bytes(text: parts[2]) : nil
            if parts.count == 3, size == nil {
                throw value.refused(found: "the size '\(DocumentText.oneLine(parts[2]))'", accepted: Bytes.accepted)
            }
            return MountSpec(kind: .tmpfs, target: try target(parts[1], value), size: size)
        }
        let source = FieldValue.absolute(parts[0], in: value.context.directory)
        // `PATH` and `PATH:ro` are bound at their own path.
        if parts.count == 1 { return MountSpec(kind: .bind, source: source, target: source) }
        if parts.count == 2, let readOnly = access(parts[1]) {
            return MountSpec(kind: .bind, source: source, target: source, readOnly: readOnly)
        }
        let readOnly = parts.count == 3 ? access(parts[2]) : false
        guard let readOnly else { throw value.refused(found: "the option '\(DocumentText.oneLine(parts[2]))'", accepted: "ro or rw") }
        return MountSpec(kind: .bind, source: source, target: try target(parts[1], value), readOnly: readOnly)
    }

    private static func access(_ word: String) -> Bool? { ["ro": true, "rw": false][word] }

    /// `type=bind,source=…,target=…,readonly` as Docker's `--mount`, or a map.
    private static func longMount(_ value: FieldValue) throws(DocumentError) -> MountSpec {
        var value = value
        if case .scalar(let text) = value.node.content {
            let flags = text.split(separator: ",").map { ["ro", "readonly", "read_only"].contains($0) ? "read_only=true" : String($0) }
            value = value.with(DocumentNode(.scalar(flags.joined(separator: ",")), line: value.node.line), label: value.label)
        }
        let names = [
            "type": ["kind"], "source": ["src"], "target": ["dst", "destination"], "read_only": ["ro"], "size": ["tmpfs_size"],
        ]
        guard let members = try value.members(names), let target = members["target"] else { throw value.refused(found: "no target") }
        let type = try members["type"].map { type throws(DocumentError) in
            try type.with(type.node, label: type.label, accepted: "bind or tmpfs").choice(MountSpec.Kind.self)
        }
        return MountSpec(
            kind: type ?? (members["source"] == nil ? .tmpfs : .bind), source: try members["source"]?.path(),
            target: try self.target(try target.text(), target), readOnly: try members["read_only"]?.boolean() ?? false,
            size: try members["size"].map { size throws(DocumentError) in
                try size.with(size.node, label: size.label, accepted: Bytes.accepted).bytes()
            })
    }

    private static func readDevices(_ value: FieldValue, _ draft: inout JobDraft) throws(DocumentError) {
        var devices: [DeviceRequest] = []
        for item in value.items() {
            if case .map = item.node.content, let members = try item.members(["path": [], "access": []]) {
                guard let path = members["path"] else { throw item.refused(found: "no path") }
                devices.append(DeviceRequest(path: try path.text(), access: try members["access"]?.text() ?? "rw"))
                continue
            }
            let parts = try item.text().split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            guard (1...2).contains(parts.count) else { throw item.refused() }
            devices.append(DeviceRequest(path: parts[0], access: parts.count == 2 ? parts[1] : "rw"))
        }
        draft.spec.devices = devices
    }
}
