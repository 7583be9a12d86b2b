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
        let groups = Set(found.groups + [found.gid]).sorted().map { GroupID($0) }
        var peer = Peer(
            user: UserID(found.uid), group: GroupID(found.gid), groups: groups, name: await name(of: UserID(found.uid)),
            groupNames: await names(of: groups))
        if !place.containers.isEmpty {
            // Some groups of v1 are shared between jobs and name none of them.
            for container in place.containers.sorted() {
                guard let (attempt, batch, owner) = await jobOf(container) else { continue }
                // Inside, it may have any id of its user's slot: it acts for the job's owner.
                peer.user = owner.user
                peer.group = owner.group
                peer.groups = owner.groups
                peer.name = owner.name
                peer.groupNames = await names(of: owner.groups)
                peer.origin = .job(attempt, batch: batch)
                return peer
            }
            throw APIError(.denied, "a process inside a job may not use this socket: its job's spec does not say `api: true`")
        }
        guard place.shares else { throw APIError(.denied, "a process of another user namespace may not use this socket") }
        return peer
    }

    /// The container's name out of a group's path, such as `12.3-2` out of `/berth-1f3a/12.3-2/job`; the parent may have several parts.
    static func container(in path: String, parent: String) -> String? {
        let parts = path.split(separator: "/")
        guard let found = parts.firstRange(of: parent.split(separator: "/")) else { return nil }
        return found.upperBound < parts.count ? String(parts[found.upperBound]) : ""
    }

    /// Names by number, each asked of the account database at most once in ten seconds.
    private struct NameCache {
        var users: [UserID: (name: String, at: UInt64)] = [:]
        var groups: [GroupID: (name: String?, at: UInt64)] = [:]
    }

    private static func isFresh(_ at: UInt64) -> Bool { bootNanoseconds() - at < 10_000_000_000 }

    /// The user's name; the number where the account database has none.
    func name(of user: UserID) async -> String {
        if let known = names.withLock({ $0.users[user] }), Self.isFresh(known.at) { return known.name }
        let name = (try? await work.run { try UserAccount(uid: user.value)?.name }) ?? "\(user)"
        names.withLock { $0.users[user] = (name, bootNanoseconds()) }
        return name
    }

    /// The names of those groups that have one.
    func names(of groups: [GroupID]) async -> [String] {
        let known = names.withLock { cache in cache.groups.filter { Self.isFresh($0.value.at) }.mapValues(\.name) }
        let missing = groups.filter { known[$0] == nil }
        guard !missing.isEmpty else { return groups.compactMap { known[$0] ?? nil } }
        let found = (try? await work.run { try missing.map { try GroupAccount(gid: $0.value)?.name } }) ?? missing.map { _ in nil }
        names.withLock { cache in for (group, name) in zip(missing, found) { cache.groups[group] = (name, bootNanoseconds()) } }
        return groups.compactMap { group in missing.firstIndex(of: group).map { found[$0] } ?? known[group] ?? nil }
    }
}
