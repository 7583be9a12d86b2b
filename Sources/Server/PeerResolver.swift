import API
import Controller
import JobModel
import LinuxSys
import NodeAgent
import Synchronization

/// Tells who is at the other end of a connection, and refuses those who may not speak to the daemon at all (contract §8).
///
/// A peer outside the initial user namespace or inside one of Berth's groups is refused, unless its job's spec says `api: true`.
final class PeerResolver: Sendable {
    /// The job that a process of Berth's groups belongs to, if it may use the socket.
    typealias JobOf = @Sendable (_ container: String) async -> (AttemptID, BatchID, Owner)?

    private let parent: String
    private let work: WorkQueue
    private let jobOf: JobOf
    private let names = Mutex(NameCache())

    init(parent: String, work: WorkQueue, jobOf: @escaping JobOf) {
        self.parent = parent
        self.work = work
        self.jobOf = jobOf
    }

    /// Who connected; looked at anew for every request, because a process may enter a job meanwhile.
    func peer(of facts: ConnectionFacts?) async throws(APIError) -> Peer {
        guard let facts else { throw APIError(.denied, "the peer cannot be identified") }
        let found = facts.credentials
        do throws(SystemError) {
            // Opened by number the process may be another that got the number since; that one is younger than the connection.
            if !found.isPinned, try ProcessStatus(pid: found.process.pid).startBootNanoseconds > facts.takenAt {
                throw SystemError("look at peer", "pid \(found.process.pid)", errno: 3)
            }
        } catch {
            throw APIError(.denied, "the peer has ended or cannot be identified: \(error)")
        }
        return try await admit(found)
    }

    private func admit(_ found: PeerCredentials) async throws(APIError) -> Peer {
        let place: (shares: Bool, containers: Set<String>)
        do {
            let parent = parent
            place = try await work.run {
                let paths = try found.cgroupPaths()
                return (try found.sharesUserNamespace(), Set(paths.values.compactMap { Self.container(in: $0, parent: parent) }))
            }
        } catch {
            throw APIError(.denied, "the peer has ended: \(error)")
        }
        if !place.containers.isEmpty { return try await member(of: place.containers) }
        // Nothing is looked up for those who are refused: a user namespace has any number of groups.
        guard place.shares else { throw APIError(.denied, "a process of another user namespace may not use this socket") }
        let groups = Set(found.groups + [found.gid]).sorted().map { GroupID($0) }
        return Peer(
            user: UserID(found.uid), group: GroupID(found.gid), groups: groups, name: await name(of: UserID(found.uid)),
            groupNames: await names(of: groups))
    }

    /// A process of a job that may use the socket. Inside, it may have any id of its user's slot: it acts for the job's owner.
    private func member(of containers: Set<String>) async throws(APIError) -> Peer {
        // Some groups of v1 are shared between jobs and name none of them.
        for container in containers.sorted() {
            guard let (attempt, batch, owner) = await jobOf(container) else { continue }
            return Peer(
                user: owner.user, group: owner.group, groups: owner.groups, name: owner.name, groupNames: await names(of: owner.groups),
                origin: .job(attempt, batch: batch))
        }
        throw APIError(.denied, "a process inside a job may not use this socket: its job's spec does not say `api: true`")
    }

    /// The container's name out of a group's path, such as `12.3-2` out of `/berth-1f3a/12.3-2/job`; the parent may have several parts.
    static func container(in path: String, parent: String) -> String? {
        let parts = path.split(separator: "/")
        guard let found = parts.firstRange(of: parent.split(separator: "/")) else { return nil }
        return found.upperBound < parts.count ? String(parts[found.upperBound]) : ""
    }

    /// The user's name; the number where the account database has none.
    func name(of user: UserID) async -> String {
        if let known = names.withLock({ $0.users[user] }) { return known }
        let name = (try? await work.run { try UserAccount(uid: user.value)?.name }) ?? "\(user)"
        names.withLock { $0.users[user] = name }
        return name
    }

    /// The names of those groups that have one.
    func names(of groups: [GroupID]) async -> [String] {
        let known = names.withLock { cache in groups.map { cache.groups[$0] } }
        let missing = zip(groups, known).filter { $0.1 == nil }.map(\.0)
        guard !missing.isEmpty else { return known.compactMap { $0 ?? nil } }
        let asked = (try? await work.run { try missing.map { try GroupAccount(gid: $0.value)?.name } }) ?? missing.map { _ in nil }
        let found = Dictionary(zip(missing, asked)) { first, _ in first }
        names.withLock { cache in for (group, name) in found { cache.groups[group] = .some(name) } }
        return zip(groups, known).compactMap { group, name in name ?? found[group] ?? nil }
    }

    /// How many names are kept.
    var namesKept: Int { names.withLock { $0.users.count + $0.groups.count } }

    private struct NameCache {
        var users = BriefMemory<UserID, String>()
        var groups = BriefMemory<GroupID, String?>()
    }
}

/// What was looked up in the last ten seconds, and no more than so much of it.
struct BriefMemory<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    static var bound: Int { 1024 }
    private static var nanoseconds: UInt64 { 10_000_000_000 }
    private var entries: [Key: (value: Value, at: UInt64)] = [:]

    var count: Int { entries.count }

    subscript(key: Key) -> Value? {
        get { entries[key].flatMap { Self.isFresh($0.at) ? $0.value : nil } }
        set {
            if entries[key] == nil, entries.count >= Self.bound {
                entries = entries.filter { Self.isFresh($0.value.at) }
                if entries.count >= Self.bound { entries = [:] }
            }
            entries[key] = newValue.map { ($0, bootNanoseconds()) }
        }
    }

    private static func isFresh(_ at: UInt64) -> Bool { bootNanoseconds() - at < nanoseconds }
}
