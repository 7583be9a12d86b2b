internal import Inspection
internal import LinuxSys

/// Puts the helper where it can look at processes and do nothing else: its root is procfs, it may write what it has open, and it may neither
/// trace, signal, enter nor change anything.
///
/// It stays in the machine's user namespace, because the kernel shows a job's memory and stacks to nobody else.
enum InspectSandbox {
    struct Place {
        let proc: Descriptor
        let systems: FileSystems
    }

    /// It has to happen while there is one thread, which Swift guarantees before the first task.
    static func enter() throws(SystemError) -> Place {
        let filter = try SandboxFilter.compile(SandboxFilter.inspecting)
        let host = try readTextFile("/proc/self/mountinfo", limit: 64 << 20)
        let systems = FileSystems(host: host, sharedMemory: try? Descriptor.memoryFile("device").status().device)
        try Confinement.yield(10)
        try Confinement.unshare([.mount, .network, .ipc, .names])
        try Mount.setAttributes(of: try Descriptor.open("/", .path), propagation: .private, recursive: true)
        let proc = try Mount.clone(ofPath: "/proc")
        // No switch of the kernel's can be turned, and no process's memory written.
        try Mount.setAttributes(of: proc, set: [.readOnly, .noSetUID, .noDevices, .noExecute])
        try Mount.attach(proc, toPath: "/proc")
        try Confinement.pivot(to: proc)
        try Confinement.limit(.addressSpace, 1 << 30)
        try Confinement.limit(.cpuSeconds, 60)
        try Confinement.limit(.fileSize, 0)
        try Confinement.limit(.openFiles, 1024)
        try Confinement.limit(.coreFile, 0)
        // Files of other users' processes; the processes themselves; and their kernel stacks, which take the last (fs/proc/base.c).
        try Confinement.keep(CapabilitySet(["CAP_DAC_READ_SEARCH", "CAP_SYS_PTRACE", "CAP_SYS_ADMIN"].compactMap { Capability(name: $0) }))
        try Confinement.seal()
        try Confinement.load(filter)
        return Place(proc: proc, systems: systems)
    }
}
