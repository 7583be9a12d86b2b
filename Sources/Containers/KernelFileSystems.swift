public import JobModel
import LaunchProgram
import LinuxSys

/// What of a container does not depend on its job: whose it is, and what its kernel file systems are like. Two containers with the same base
/// begin alike, so that a PID 1 can be cloned ahead for either.
public struct ContainerBase: Hashable, Sendable {
    public var map: IdentityMap
    public var network: NetworkMode = .none
    /// Nodes of the machine beyond the default ones, by path.
    public var devices: [ContainerDevice] = []
    /// In order of their keys.
    public var sysctls: [ContainerSysctl] = []
    public var sharedMemory = Bytes(ContainerDefaults.sharedMemoryBytes)

    public init(map: IdentityMap) { self.map = map }

    var namespaces: NamespaceSet { network == .host ? NamespaceSet.all.subtracting(.network) : .all }
}

/// A kernel parameter of the container's own namespaces, named as sysctl(8) does.
public struct ContainerSysctl: Hashable, Sendable {
    public var key: String
    public var value: String
    public init(key: String, value: String) {
        self.key = key
        self.value = value
    }
}

/// `/proc`, `/sys` and `/dev` of a container with all that hides and protects them.
struct KernelFileSystems {
    /// The mounts that a spare's skeleton holds, in the order in which a root takes them.
    static let places = ["/proc", "/sys", "/dev"]

    let base: ContainerBase
    let sources: [String: DescriptorIndex]
    private(set) var host: [HostOperation] = []
    private(set) var inside: [ContainerOperation] = []

    init(base: ContainerBase, sources: [String: DescriptorIndex]) {
        self.base = base
        self.sources = sources
    }

    /// What is bound from the machine, passed with the request.
    static func sources(_ base: ContainerBase, _ table: inout DescriptorTable) -> [String: DescriptorIndex] {
        var sources: [String: DescriptorIndex] = [:]
        for (path, node) in DeviceNodes.shared.opened(base.devices.map(\.path)) { sources[path] = table.pass(node) }
        if base.network == .host, let sys = DeviceNodes.shared.sys { sources["/sys"] = table.pass(sys) }
        return sources
    }

    mutating func build(_ table: inout DescriptorTable) {
        let quiet: LaunchAttributes = [.noSetUID, .noDevices, .noExecute]
        inside.append(.mount(FilesystemMount(type: "proc", path: "/proc", attributes: quiet)))
        buildSys(&table, quiet)
        inside.append(
            .mount(
                FilesystemMount(
                    type: "tmpfs", path: "/dev", options: Self.tmpfs(mode: "0755", size: 1 << 20), attributes: [.noSetUID, .noDevices])))
        let pts: [FilesystemMount.Option] = [.init("newinstance"), .init("ptmxmode", "0666"), .init("mode", "0620"), .init("gid", "5")]
        inside.append(.mount(FilesystemMount(type: "devpts", path: "/dev/pts", options: pts, attributes: [.noSetUID, .noExecute])))
        inside.append(.mount(FilesystemMount(type: "mqueue", path: "/dev/mqueue", attributes: quiet)))
        let shared = Self.tmpfs(mode: "1777", size: base.sharedMemory.count)
        inside.append(.mount(FilesystemMount(type: "tmpfs", path: "/dev/shm", options: shared, attributes: quiet)))
        buildDevices(&table)
        if base.network == .none { inside.append(.loopbackUp) }
        for sysctl in base.sysctls {
            inside.append(.sysctl(key: ByteString(sysctl.key.split(separator: ".").joined(separator: "/")), value: ByteString(sysctl.value)))
        }
        for path in ContainerDefaults.maskedPaths { inside.append(.mask(path: ByteString(path))) }
        for path in ContainerDefaults.readOnlyPaths { inside.append(.readOnly(path: ByteString(path))) }
    }

    /// sysfs wants a network namespace of the job's own user namespace; with the machine's network it is a read-only bind.
    private mutating func buildSys(_ table: inout DescriptorTable, _ quiet: LaunchAttributes) {
        guard let source = sources["/sys"] else {
            inside.append(.mount(FilesystemMount(type: "sysfs", path: "/sys", attributes: quiet.union(.readOnly))))
            return
        }
        let mount = table.place()
        host.append(.cloneMount(CloneMount(source: source, path: "/sys", attributes: quiet.union(.readOnly), into: mount)))
        inside.append(.attach(mount: mount, path: "/sys", target: .directory))
    }

    private mutating func buildDevices(_ table: inout DescriptorTable) {
        let wanted = ContainerDefaults.devices.map { ContainerDevice(path: "/dev/" + $0, readOnly: false) } + base.devices
        for device in wanted {
            guard let source = sources[device.path] else { continue }
            let mount = table.place()
            var attributes: LaunchAttributes = [.noSetUID, .noExecute]
            if device.readOnly { attributes.insert(.readOnly) }
            host.append(.cloneMount(CloneMount(source: source, path: ByteString(device.path), attributes: attributes, into: mount)))
            inside.append(.attach(mount: mount, path: ByteString(device.path), target: .newFile))
        }
        for (path, target) in ContainerDefaults.deviceLinks { inside.append(.symlink(target: ByteString(target), path: ByteString(path))) }
    }

    static func tmpfs(mode: String, size: UInt64) -> [FilesystemMount.Option] {
        [.init("mode", ByteString(mode)), .init("size", ByteString("\(size)")), .init("uid", "0"), .init("gid", "0")]
    }
}

extension IdentityMap {
    var launchUsers: [LaunchExtent] { Self.launch(users) }
    var launchGroups: [LaunchExtent] { Self.launch(groups) }

    private static func launch(_ extents: [LinuxSys.IDMapExtent]) -> [LaunchExtent] {
        extents.map { LaunchExtent(inside: $0.inside, outside: $0.outside, count: $0.count) }
    }
}
