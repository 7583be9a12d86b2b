/// A config that is refused: the field, what was found and what is accepted.
public struct ImageConfigError: Error, Hashable, Sendable, CustomStringConvertible {
    /// As in the JSON: `config.User`.
    public let field: String
    /// What was found, shortened.
    public let found: String
    /// What would have been.
    public let accepted: String

    /// A refusal; `found` is shortened to 80 scalars, and what would act on a terminal is escaped.
    public init(_ field: String, found: some StringProtocol, accepted: String) {
        self.field = field
        // By scalars: one character may carry any number of combining marks.
        self.found = found.unicodeScalars.prefix(80).reduce(into: "") { text, scalar in
            let hidden = scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) || (0x2028...0x202E).contains(scalar.value)
            text += hidden ? "\\u{\(String(scalar.value, radix: 16))}" : String(scalar)
        }
        self.accepted = accepted
    }

    public var description: String { "image config: \(field): found \(found), accepted is \(accepted)" }
}

extension ImageConfig {
    /// Bounds of a config's parts; real images stay far below them.
    public enum Bounds {
        /// Of entry point, command, environment, labels, ports and volumes, each.
        public static let items = 4096
        /// Of one string, in bytes: the kernel's limit of one argument (execve(2), MAX_ARG_STRLEN).
        public static let stringBytes = 131_071
        /// Of all strings of one field together.
        public static let fieldBytes = 1 << 20
        /// Overlay takes 500; Docker writes 127 at most.
        public static let layers = 127
    }

    /// Believes nothing (class L of the peers' CVEs): refuses numbers that overflow, paths that climb, huge fields, other systems.
    public init(validating raw: RawImageConfig, machine: String) throws(ImageConfigError) {
        let execution = raw.config
        try Self.checkPlatform(raw, machine: machine)
        try Self.checkVolumes(execution?.volumes?.keys ?? [])
        self.init(
            entrypoint: try Self.strings(execution?.entrypoint?.items, "config.Entrypoint"),
            command: try Self.strings(execution?.cmd?.items, "config.Cmd"),
            environment: try Self.environment(execution?.env),
            user: try Self.user(execution?.user),
            workingDirectory: try Self.workingDirectory(execution?.workingDir),
            stopSignal: try Self.stopSignal(execution?.stopSignal),
            labels: try Self.labels(execution?.labels ?? [:]),
            exposedPorts: try Self.strings(execution?.exposedPorts?.keys, "config.ExposedPorts"),
            architecture: raw.architecture.flatMap { $0.isEmpty ? nil : $0 } ?? machine,
            created: try Self.strings(raw.created.map { [$0] }, "created").first)
    }

    /// Bounds, NULs and control of one string.
    static func string(_ text: String, _ field: String, limit: Int = Bounds.stringBytes) throws(ImageConfigError) -> String {
        guard text.utf8.count <= limit else {
            throw ImageConfigError(field, found: "\(text.utf8.count) bytes", accepted: "at most \(limit)")
        }
        guard !text.utf8.contains(0) else { throw ImageConfigError(field, found: "a zero byte", accepted: "text without one") }
        return text
    }

    static func strings(_ items: [String]?, _ field: String) throws(ImageConfigError) -> [String] {
        guard let items else { return [] }
        guard items.count <= Bounds.items else {
            throw ImageConfigError(field, found: "\(items.count) items", accepted: "at most \(Bounds.items)")
        }
        var total = 0
        for item in items {
            total += try string(item, field).utf8.count
        }
        guard total <= Bounds.fieldBytes else {
            throw ImageConfigError(field, found: "\(total) bytes", accepted: "at most \(Bounds.fieldBytes)")
        }
        return items
    }

    private static func checkPlatform(_ raw: RawImageConfig, machine: String) throws(ImageConfigError) {
        if let os = raw.os, !os.isEmpty, os != "linux" { throw ImageConfigError("os", found: os, accepted: "linux") }
        if let architecture = raw.architecture, !architecture.isEmpty, architecture != machine {
            throw ImageConfigError("architecture", found: architecture, accepted: machine)
        }
        if let type = raw.rootfs?.type, type != "layers" { throw ImageConfigError("rootfs.type", found: type, accepted: "layers") }
        if let count = raw.rootfs?.diffIDs.count, count > Bounds.layers {
            throw ImageConfigError("rootfs.diff_ids", found: "\(count) layers", accepted: "at most \(Bounds.layers)")
        }
    }

    private static func environment(_ variables: [String]?) throws(ImageConfigError) -> [String] {
        let variables = try checkedEnvironment(variables ?? [])
        let hasPath = variables.contains { $0.hasPrefix("PATH=") }
        return hasPath ? variables : variables + [defaultPath]
    }

    private static func checkedEnvironment(_ variables: [String]) throws(ImageConfigError) -> [String] {
        for variable in try strings(variables, "config.Env") {
            guard let equals = variable.utf8.firstIndex(of: 0x3D), equals != variable.utf8.startIndex else {
                throw ImageConfigError("config.Env", found: variable, accepted: "NAME=value")
            }
        }
        return variables
    }

    /// The same bounds again, for a config that came from the helper and not from here.
    public func check(machine: String) throws(ImageConfigError) {
        for (items, field) in [(entrypoint, "config.Entrypoint"), (command, "config.Cmd"), (exposedPorts, "config.ExposedPorts")] {
            _ = try Self.strings(items, field)
        }
        _ = try Self.checkedEnvironment(environment)
        guard try Self.workingDirectory(workingDirectory) == workingDirectory else {
            throw ImageConfigError("config.WorkingDir", found: workingDirectory, accepted: "a plain absolute path")
        }
        _ = try Self.labels(labels)
        if let stopSignal, !(1...64).contains(stopSignal) {
            throw ImageConfigError("config.StopSignal", found: "\(stopSignal)", accepted: "1 to 64")
        }
        guard architecture == machine else { throw ImageConfigError("architecture", found: architecture, accepted: machine) }
        _ = try Self.strings(created.map { [$0] }, "created")
    }

    private static func user(_ text: String?) throws(ImageConfigError) -> ImageUser? {
        guard let text, !text.isEmpty else { return nil }
        guard let user = ImageUser(text) else {
            throw ImageConfigError(
                "config.User", found: text, accepted: "a name or a number up to \(ImageUser.highestNumber), each with an optional :group")
        }
        return user
    }

    private static func workingDirectory(_ path: String?) throws(ImageConfigError) -> String {
        guard let path, !path.isEmpty else { return "/" }
        return try plainPath(try string(path, "config.WorkingDir", limit: 4095), "config.WorkingDir")
    }

    private static func checkVolumes(_ paths: [String]) throws(ImageConfigError) {
        // Volumes are not used; a climbing one marks an image made to attack (CVE-2022-23648).
        for path in try strings(paths, "config.Volumes") { _ = try plainPath(path, "config.Volumes") }
    }

    /// An absolute path that neither climbs nor leads through a process's descriptors (CVE-2024-21626).
    private static func plainPath(_ path: String, _ field: String) throws(ImageConfigError) -> String {
        let parts = path.split(separator: "/").filter { $0 != "." }
        let climbs = parts.contains("..")
        guard path.hasPrefix("/"), !climbs, parts.first != "proc", parts.first != "sys" else {
            throw ImageConfigError(field, found: path, accepted: "an absolute path without .. and outside /proc and /sys")
        }
        return "/" + parts.joined(separator: "/")
    }

    private static func labels(_ labels: [String: String]) throws(ImageConfigError) -> [String: String] {
        _ = try strings(Array(labels.keys), "config.Labels")
        _ = try strings(Array(labels.values), "config.Labels")
        return labels
    }

    private static func stopSignal(_ text: String?) throws(ImageConfigError) -> Int32? {
        guard let text, !text.isEmpty else { return nil }
        guard let number = SignalName.number(of: text) else {
            throw ImageConfigError("config.StopSignal", found: text, accepted: "a signal name such as SIGTERM, or 1 to 64")
        }
        return number
    }
}
