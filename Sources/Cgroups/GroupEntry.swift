public import LinuxSys

/// How processes get into an attempt's groups: what the launcher is given. The descriptors were opened by the daemon, so PID 1 may use them
/// whatever its ids are.
public struct GroupEntry: Sendable {
    /// v2 and hybrid: the directory for PID 1's CLONE_INTO_CGROUP.
    public var cloneInto: Descriptor?
    /// v1 and hybrid: `tasks` files; PID 1 writes `0` to each as its first operations. Every other way stalls for 8–20 ms.
    public var tasks: [Descriptor]
    /// v2 and hybrid: the directory of the child `job` for the job's CLONE_INTO_CGROUP.
    public var jobCloneInto: Descriptor?
    /// v1 only: the `tasks` file of the child `job` in the freezer; the job's first process writes `0`.
    public var jobTasks: Descriptor?
    /// v2 and hybrid: `cgroup.procs` of the child `job`, for a process that is already there (exec of a session): it writes `0`.
    public var jobProcesses: Descriptor?
}
