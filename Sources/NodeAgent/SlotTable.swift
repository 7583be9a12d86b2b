public import JobModel
public import LinuxSys
import Synchronization

/// Which range of host ids belongs to which user (contract §7): a slot belongs to one user of the machine for ever.
///
///     /var/lib/berth/slots     "UID SLOT" lines, only ever appended, filled from the bottom       (the machine's daemon)
///     STATE/slots              the same form, for a daemon with a private state directory, whose
///     /run/berth/leases        slots are leased from the top: "SLOT STATE-DIRECTORY" lines; gone with its directory when nobody leases
public final class SlotTable: Sendable {
    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    /// Host ids that slots are cut from.
    public let range: ClosedRange<UInt32>
    private let directory: Descriptor
    private let leases: Leases?
    /// The first host ids of the users whose slots were asked for; a slot is its user's for ever.
    private let known = Mutex<[UserID: UInt32]>([:])

    struct Leases: Sendable {
        let directory: String
        let state: String
    }

    /// The table of all private daemons while it is locked.
    private struct LockedLeases {
        let directory: Descriptor
        let file: Descriptor
        var held: [(String, String)]
    }

    /// - Parameters:
    ///   - directory: holds the `slots` file.
    ///   - leaseDirectory: given for a daemon with a private state directory, together with that directory's path; made when it is needed.
    public init(range: ClosedRange<UInt32>, directory: Descriptor, leaseDirectory: String? = nil, statePath: String = "") {
        self.range = range
        self.directory = directory
        leases = leaseDirectory.map { Leases(directory: $0, state: statePath) }
    }

    static let slotSize: UInt32 = 65536
    private var count: UInt32 { (range.upperBound - range.lowerBound) / Self.slotSize + 1 }

    /// The first host id of the user's slot, if it was asked for before. Does not block.
    func knownSlot(of user: UserID) -> UInt32? { known.withLock { $0[user] } }

    /// The first host id of the user's slot, made on first use. Blocks on the file lock; durable when it returns.
    public func slot(of user: UserID) throws -> UInt32 {
        let slot = try storedSlot(of: user)
        known.withLock { $0[user] = slot }
        return slot
    }

    /// The file, locked against other writers as long as it is open.
    func opened() throws -> Descriptor {
        let file = try directory.open(at: "slots", [.readWrite, .create], mode: 0o600)
        _ = try file.lock(exclusive: true, wait: true)
        return file
    }

    /// Its slots are leased from the machine's table.
    var isPrivate: Bool { leases != nil }

    private func storedSlot(of user: UserID) throws -> UInt32 {
        let file = try opened()
        let taken = Self.pairs(try file.readText())
        if let slot = taken.first(where: { $0.0 == String(user.value) })?.1 {
            if let leases { try keep(slot, of: user, leases) }
            return try base(slot)
        }
        let slot = try free(taken: Set(taken.map(\.1)))
        let size = try file.status().size
        try file.write(Array("\(user.value) \(slot)\n".utf8), at: size)
        try file.synchronizeData()
        return try base(slot)
    }

    /// Gives a private daemon's slots back, and those of daemons whose state directory is gone; call when no file has an id of them any more.
    public func returnLeases() throws {
        guard let leases else { return }
        known.withLock { $0 = [:] }
        // First the users' side: a slot that nobody leases must not be in use, a lease that nobody uses does no harm.
        let slots = try opened()
        try Self.replace(slots, "")
        try slots.synchronizeData()
        let table = try lockedLeases(leases)
        let others = table.held.filter { $0.1 != leases.state }
        guard others.isEmpty else { return try Self.replace(table.file, Self.text(others)) }
        // The lock is held until the file has no name.
        try withExtendedLifetime(table.file) { try table.directory.unlink(Self.leaseFile) }
        // The machine's daemon may have its own files there, and another private one a new table by now.
        try? Self.onParent(of: leases.directory) { parent, name throws(SystemError) in try parent.removeDirectory(name) }
    }

    /// Takes a private daemon's leases again after a crash or a reboot, and forgets the slots that others lease by now; call when no file has an
    /// id of them.
    public func renewLeases() throws {
        guard let leases else { return }
        known.withLock { $0 = [:] }
        let slots = try opened()
        let table = try lockedLeases(leases)
        let held = table.held.filter { $0.1 != leases.state }
        let others = Set(held.map(\.0))
        let own = Self.lines(try slots.readText()).filter { !others.contains($0.1) }
        try Self.replace(slots, Self.text(own))
        try slots.synchronizeData()
        try Self.replace(table.file, Self.text(held + own.map { ($0.1, leases.state) }))
    }

    /// The table of all private daemons, locked, with the leases of those that are still there.
    private func lockedLeases(_ leases: Leases) throws -> LockedLeases {
        // The last to give back removes file and directory: what was opened may be the table no more once it is locked.
        for _ in 0..<1000 {
            guard let (directory, file) = try Self.lock(in: leases.directory) else { continue }
            // A lease whose state directory is gone was left by a daemon that could not give it back.
            let held = Self.lines(try file.readText()).filter { $0.1 == leases.state || Self.exists($0.1) }
            return LockedLeases(directory: directory, file: file, held: held)
        }
        throw Failure(description: "\(leases.directory)/\(Self.leaseFile): found removed again and again, accepted is a file that stays")
    }

    private static let leaseFile = "leases"

    /// Nil when the file or its directory was removed meanwhile.
    private static func lock(in path: String) throws -> (directory: Descriptor, file: Descriptor)? {
        do throws(SystemError) {
            let directory = try onParent(of: path) { parent, name throws(SystemError) in
                do throws(SystemError) { try parent.makeDirectory(name, mode: 0o755) } catch { if !error.alreadyExists { throw error } }
                return try parent.open(at: name, [.readOnly, .directory])
            }
            let file = try directory.open(at: leaseFile, [.readWrite, .create], mode: 0o600)
            _ = try file.lock(exclusive: true, wait: true)
            return try directory.status(at: leaseFile).isSameFile(as: file.status()) ? (directory, file) : nil
        } catch {
            if error.isNotFound { return nil }
            throw error
        }
    }

    private static func onParent<T>(
        of path: String, _ body: (_ parent: Descriptor, _ name: String) throws(SystemError) -> T
    ) throws(SystemError) -> T {
        let slash = path.lastIndex(of: "/") ?? path.startIndex
        return try body(try Descriptor.open("\(path[..<slash])/", [.path, .directory]), String(path[path.index(after: slash)...]))
    }

    /// The table of leases is gone after a reboot, the users' slots are not.
    private func keep(_ slot: UInt32, of user: UserID, _ leases: Leases) throws {
        let table = try lockedLeases(leases)
        guard let holder = table.held.first(where: { $0.0 == "\(slot)" })?.1 else {
            return try Self.replace(table.file, Self.text(table.held) + "\(slot) \(leases.state)\n")
        }
        guard holder == leases.state else {
            throw Failure(description: "slot \(slot) of user \(user): found leased by \(holder), accepted is \(leases.state)")
        }
    }

    private func base(_ slot: UInt32) throws -> UInt32 {
        guard slot < count else { throw Failure(description: "slots: found slot \(slot), accepted 0 to \(count - 1)") }
        return range.lowerBound + slot * Self.slotSize
    }

    private func free(taken: Set<UInt32>) throws -> UInt32 {
        guard let leases else {
            guard let slot = (0..<count).first(where: { !taken.contains($0) }) else { throw full }
            return slot
        }
        let table = try lockedLeases(leases)
        let used = taken.union(table.held.compactMap { UInt32($0.0) })
        guard let slot = (0..<count).reversed().first(where: { !used.contains($0) }) else { throw full }
        try Self.replace(table.file, Self.text(table.held) + "\(slot) \(leases.state)\n")
        return slot
    }

    private var full: Failure { Failure(description: "no free slot of \(Self.slotSize) ids in \(range.lowerBound)-\(range.upperBound)") }

    private static func exists(_ path: String) -> Bool { (try? Descriptor.open(path, [.path])) != nil }

    private static func replace(_ file: Descriptor, _ text: String) throws {
        try file.truncate(to: 0)
        try file.write(Array(text.utf8), at: 0)
    }

    private static func text(_ lines: [(String, String)]) -> String { lines.map { "\($0.0) \($0.1)\n" }.joined() }

    private static func lines(_ text: String) -> [(String, String)] {
        text.split(separator: "\n").compactMap { line in
            let parts = line.split(separator: " ", maxSplits: 1)
            return parts.count == 2 ? (String(parts[0]), String(parts[1])) : nil
        }
    }

    static func pairs(_ text: String) -> [(String, UInt32)] { lines(text).compactMap { pair in UInt32(pair.1).map { (pair.0, $0) } } }
}
