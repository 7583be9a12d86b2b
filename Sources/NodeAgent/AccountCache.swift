import LinuxSys
import Synchronization

/// Submitters' accounts, looked up again after a second: the starts of an array ask a directory service once, and a right that was taken away
/// counts from the next second on.
final class AccountCache: Sendable {
    struct Entry: Sendable {
        let account: UserAccount
        let groups: [UInt32]
        /// Of the primary group.
        let groupName: String?
    }

    private static let lifetime: UInt64 = 1_000_000_000
    private let known = Mutex<[UInt32: (entry: Entry, at: UInt64)]>([:])

    /// Nil when there is no such account (any more). Blocks on a directory service.
    func entry(of uid: UInt32) throws(SystemError) -> Entry? {
        let now = bootNanoseconds()
        if let kept = known.withLock({ $0[uid] }), now - kept.at < Self.lifetime { return kept.entry }
        guard let account = try UserAccount(uid: uid) else {
            known.withLock { $0[uid] = nil }
            return nil
        }
        let entry = Entry(account: account, groups: try account.groups(), groupName: try GroupAccount(gid: account.gid)?.name)
        known.withLock { $0[uid] = (entry, now) }
        return entry
    }
}
