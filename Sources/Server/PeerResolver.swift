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
    typealias JobOf = @Sendable (_ container: String) async -> (AttemptID, BatchID)?

    private let parent: String
    private let work: WorkQueue
    private let jobOf: JobOf
    private let accounts = Mutex<[UserID: (account: Account, at: UInt64)]>([:])

    init(parent: String, work: WorkQueue, jobOf: @escaping JobOf) {
        self.parent = parent
        self.work = work
        self.jobOf = jobOf
    }

    /// Who connected; looked at anew for every request, because a process may enter a job meanwhile.
    func peer(of facts: ConnectionFacts?) async throws(APIError) -> Peer {
        guard let facts else { throw APIError(.denied, "the peer cannot be identified") }
        let found: PeerCredentials
        do {
            found = try PeerCredentials(pid: facts.pid, pidfd: facts.pidfd, uid: facts.uid, gid: facts.gid, groups: [])
            // Opened by number the process may be another that got the number since; that one is younger than the connection.
            if !found.isPinned, try ProcessStatus(pid: facts.pid).startTime * 10_000_000 > facts.takenAt {
                throw SystemError("look at peer", "pid \(facts.pid)", errno: 3)
            }
        } catch {
            throw APIError(.denied, "the peer has ended or cannot be identified: \(error)")
        }
        return try await admit(found)
    }

    private func admit(_ found: PeerCredentials) async throws(APIError) -> Peer {
        let place: (shares: Bool, container: String?)
        do {
            let parent = parent
            place = try await work.run {
                let paths = try found.cgroupPaths()
                let inside = paths.values.compactMap { Self.container(in: $0, parent: parent) }.first
                return (try found.sharesUserNamespace(), inside)
            }
        } catch {
            throw APIError(.denied, "the peer has ended: \(error)")
        }
        let account = await account(of: UserID(found.uid))
        var peer = Peer(
            user: UserID(found.uid), group: GroupID(found.gid), groups: account.ids, name: account.name, groupNames: account.groups)
        if let container = place.container {
            guard let (attempt, batch) = await jobOf(container) else {
                throw APIError(.denied, "a process inside a job may not use this socket: its job's spec does not say `api: true`")
            }
            peer.origin = .job(attempt, batch: batch)
            return peer
        }
        guard place.shares else { throw APIError(.denied, "a process of another user namespace may not use this socket") }
        return peer
    }

    /// The container's name out of a group's path, such as `12.3-2` out of `/berth-1f3a/12.3-2/job`.
    static func container(in path: String, parent: String) -> String? {
        let parts = path.split(separator: "/").map(String.init)
        guard let at = parts.firstIndex(of: parent) else { return nil }
        return at + 1 < parts.count ? parts[at + 1] : ""
    }

    /// What the account database says of a user.
    struct Account: Sendable {
        var name: String
        var ids: [GroupID] = []
        var groups: [String] = []
    }

    /// Name and groups of a user; asked of the account database at most once in ten seconds.
    func account(of user: UserID) async -> Account {
        let now = bootNanoseconds()
        if let known = accounts.withLock({ $0[user] }), now - known.at < 10_000_000_000 { return known.account }
        let found = try? await work.run { () throws -> Account in
            guard let account = try UserAccount(uid: user.value) else { return Account(name: "\(user)") }
            let ids = try account.groups()
            return Account(name: account.name, ids: ids.map { GroupID($0) }, groups: try ids.compactMap { try GroupAccount(gid: $0)?.name })
        }
        let account = found ?? Account(name: "\(user)")
        accounts.withLock { $0[user] = (account, now) }
        return account
    }
}
