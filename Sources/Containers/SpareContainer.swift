public import Cgroups
import LaunchProgram
public import LinuxSys

/// A PID 1 cloned ahead: namespaces, groups and kernel file systems of one base. Used by one start, or discarded.
public struct SpareContainer: Sendable {
    public let base: ContainerBase
    public let monitor: ProcessHandle
    /// What the launcher knows it by.
    let number: UInt64
    /// The launcher that cloned it, which alone can use it.
    let launcher: ObjectIdentifier
}

extension ContainerRuntime {
    /// Clones a PID 1 into groups that nothing else is in; returns once it waits for its job.
    public func prepare(_ base: ContainerBase, groups: GroupEntry) async throws(LaunchError) -> SpareContainer {
        var table = DescriptorTable()
        var program = SpareProgram()
        program.number = .random(in: 1 ... .max)
        program.namespaces = base.namespaces
        program.owner = base.map.slot
        program.uidMap = base.map.launchUsers
        program.gidMap = base.map.launchGroups
        program.group = table.pass(groups.cloneInto)
        program.taskFiles = groups.tasks.map { table.pass($0) }
        var kernel = KernelFileSystems(base: base, sources: KernelFileSystems.sources(base, &table))
        kernel.build(&table)
        program.hostOperations = kernel.host
        // Out of the host's tree: while it waits it must not keep what others unmount busy.
        program.containerOperations = [.skeleton] + kernel.inside + [.pivotRoot]
        let exchange = try launcher.send(.prepare, program: program.encoded(), table: table.passed)
        while let (answer, _) = await exchange.next() {
            switch answer {
            case .prepared:
                guard let monitor = exchange.process else { break }
                return SpareContainer(base: base, monitor: monitor, number: program.number, launcher: ObjectIdentifier(launcher))
            case .failed(let failure): throw LaunchError(failure)
            default: break
            }
        }
        throw LaunchError(operation: "clone a PID 1 ahead: it or the launcher died", errno: "ESRCH", isUnanswered: true)
    }

    /// Whether a start could use it: this launcher cloned it, and it lives.
    public func holds(_ spare: SpareContainer) -> Bool { spare.launcher == ObjectIdentifier(launcher) && spare.monitor.isAlive }

    /// Ends one that is not needed; its groups are the caller's.
    public func discard(_ spare: SpareContainer) {
        guard spare.launcher == ObjectIdentifier(launcher) else { return }
        try? launcher.tell(.discard(number: spare.number))
    }
}
