import LinuxSys
import Synchronization

/// Opened nodes of the machine's /dev, from which each container's are bound; opened once, because they never change.
final class DeviceNodes: Sendable {
    static let shared = DeviceNodes()
    private let nodes = Mutex<[String: Descriptor]>([:])

    /// The default nodes and those asked for that exist; in order of their paths.
    func opened(_ further: [String]) -> [(String, Descriptor)] {
        let paths = ContainerDefaults.devices.map { "/dev/" + $0 } + further
        return Set(paths).sorted().compactMap { path in open(path).map { (path, $0) } }
    }

    /// The machine's sysfs, for jobs on the machine's network.
    var sys: Descriptor? { open("/sys") }

    private func open(_ path: String) -> Descriptor? {
        nodes.withLock { nodes in
            if let node = nodes[path] { return node }
            guard let node = try? Descriptor.open(path, [.path]) else { return nil }
            nodes[path] = node
            return node
        }
    }
}
