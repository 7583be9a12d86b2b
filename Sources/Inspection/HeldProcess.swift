import LinuxSys

/// A process held so that its number cannot come to mean another: by a pidfd, and by a descriptor of its directory of procfs, through which
/// everything of it is read. Of a process that has ended nothing can be read through that any more (ESRCH).
struct HeldProcess: Sendable {
    /// On the machine.
    let pid: Int32
    /// `/proc/PID`.
    let directory: Descriptor
    private let handle: ProcessHandle
    private let proc: Descriptor

    /// Nil when it is gone, or not of the group any more.
    ///
    /// - Parameters:
    ///   - proc: procfs.
    ///   - group: where it has to be.
    static func open(_ pid: Int32, in proc: Descriptor, group: GroupPlace) throws(SystemError) -> HeldProcess? {
        do throws(SystemError) {
            let handle = try ProcessHandle(pid: pid)
            let held = HeldProcess(
                pid: pid, directory: try proc.open(at: "\(pid)", [.path, .directory]), handle: handle, proc: proc)
            // As long as the pidfd's process has its number, the directory opened under that number is its own.
            guard try held.hasItsNumber(), held.isOf(group) else { return nil }
            return held
        } catch {
            if error.isNotFound || error.isNoSuchProcess { return nil }
            throw error
        }
    }

    private func hasItsNumber() throws(SystemError) -> Bool {
        let text = try proc.open(at: "self/fdinfo/\(handle.descriptor.rawValue)").readText(limit: 1 << 16)
        return ProcText.fields(text)["Pid"] == "\(pid)"
    }

    /// Whether it is in the group at this moment.
    func isOf(_ group: GroupPlace) -> Bool { (try? read("cgroup")).map(group.holds) ?? false }

    /// A file of its directory as text; bytes that are no UTF-8 are replaced.
    func read(_ file: String, limit: Int = 1 << 20) throws(SystemError) -> String { try directory.open(at: file).readText(limit: limit) }

    /// What a link of its directory says; nil when it says nothing. The file it leads to is not touched.
    func link(_ name: String) -> String? { (try? directory.readLink(name)).map(ProcText.bounded) }

    /// The numbers that name entries of one of its directories, in order.
    func numbers(in name: String) throws(SystemError) -> [Int32] {
        try directory.open(at: name, [.readOnly, .directory]).entries().compactMap { Int32($0.name) }.sorted()
    }
}

/// A control group, as `/proc/PID/cgroup` names it.
struct GroupPlace: Hashable {
    /// Of v1; empty for v2.
    var controller: String
    var path: String

    /// Whether a process with this file is in it: `0::/berth-x/12.1/job`, `7:freezer:/berth-x/12.1/job` (cgroups(7)).
    func holds(_ file: String) -> Bool {
        file.split(separator: "\n").contains { line in
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            return parts.count == 3 && parts[2] == path
                && (controller.isEmpty ? parts[1].isEmpty : parts[1].split(separator: ",").contains(Substring(controller)))
        }
    }
}
