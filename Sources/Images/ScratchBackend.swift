internal import JobModel
internal import LinuxSys

/// One way to keep scratch on disk with a limit. A space is a directory of `spaces` that holds `upper` and `work`.
protocol ScratchBackend: Sendable {
    var kind: ScratchLimitKind { get }
    /// Where all spaces lie.
    var spaces: Descriptor { get }

    /// Makes an empty space, without a limit.
    func make(_ name: String) throws(SystemError)
    /// Sets the limit of an open space.
    func limit(_ space: Descriptor, bytes: Bytes, inodes: Int?) throws(SystemError)
    /// Removes a space and everything in it; what is still open lives on unseen.
    func remove(_ name: String) throws(SystemError)
    func usage(of space: Descriptor) throws(SystemError) -> ScratchUsage
    /// Another in its place when it broke, with no spaces yet; nil as long as it works.
    func renewed() throws(SystemError) -> (any ScratchBackend)?
    /// Ends what holds the spaces; they are all gone by then.
    func tearDown() throws(SystemError)
}

extension ScratchBackend {
    func renewed() throws(SystemError) -> (any ScratchBackend)? { nil }

    /// The two directories that overlayfs wants.
    func makeDirectories(in space: Descriptor) throws(SystemError) {
        try space.makeDirectory("upper", mode: 0o755)
        try space.makeDirectory("work", mode: 0o700)
    }
}

/// Directories of the state file system, each a project with a quota (ext4, XFS).
final class ProjectScratch: ScratchBackend {
    let kind = ScratchLimitKind.projectQuota
    let spaces: Descriptor
    private let ids: ProjectIDs

    init(root: Descriptor) throws(SystemError) {
        spaces = try root.makeAndOpenDirectory("spaces", mode: 0o700)
        var used: Set<UInt32> = []
        for name in try spaces.names() {
            used.insert(try ProjectQuota.project(of: spaces.open(at: name, [.directory, .noFollow])))
        }
        ids = ProjectIDs(used: used)
    }

    func make(_ name: String) throws(SystemError) {
        let space = try spaces.makeAndOpenDirectory(name, mode: 0o700)
        let id = ids.take()
        try ProjectQuota.setProject(id, on: space)
        try ProjectQuota.setLimits(project: id, on: space, bytes: nil, inodes: nil)
        try makeDirectories(in: space)
    }

    func limit(_ space: Descriptor, bytes: Bytes, inodes: Int?) throws(SystemError) {
        let id = try ProjectQuota.project(of: space)
        // The three directories are not the job's.
        try ProjectQuota.setLimits(project: id, on: space, bytes: bytes.count, inodes: inodes.map { UInt64($0) + 3 })
    }

    func remove(_ name: String) throws(SystemError) {
        let id = try ProjectQuota.project(of: spaces.open(at: name, [.directory, .noFollow]))
        try removeTree(at: spaces, name)
        try ProjectQuota.setLimits(project: id, on: spaces, bytes: nil, inodes: nil)
        ids.give(id)
    }

    func usage(of space: Descriptor) throws(SystemError) -> ScratchUsage {
        let account = try ProjectQuota.account(project: try ProjectQuota.project(of: space), on: space)
        return ScratchUsage(bytes: Bytes(account.usedBytes), inodes: Int(account.usedInodes))
    }

    func tearDown() {}
}
