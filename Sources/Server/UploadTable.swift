import API
import JobModel
import Synchronization

/// Who is sending an archive at the moment: a user may send so many at once, since each takes room on the disk until it is whole.
actor UploadTable {
    static let perUser = 4
    private var running: [UserID: Int] = [:]

    func begin(_ user: UserID) throws(APIError) {
        guard running[user, default: 0] < Self.perUser else {
            throw APIError(.limit, "image import: \(Self.perUser) archives of user \(user) are being received, accepted are as many at once")
        }
        running[user, default: 0] += 1
    }

    func end(_ user: UserID) {
        let left = running[user, default: 1] - 1
        running[user] = left > 0 ? left : nil
    }
}

/// When something last came.
final class Heartbeat: Sendable {
    private let instant = Mutex(ContinuousClock.now)

    var latest: ContinuousClock.Instant { instant.withLock { $0 } }

    func beat() { instant.withLock { $0 = .now } }
}
