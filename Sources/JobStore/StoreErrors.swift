/// Why a commit did not end as done.
public enum CommitError: Error, Hashable, Sendable {
    /// Nothing was changed: keys had other revisions than expected; those found are given (zero: it does not exist).
    case conflict([StoreKey: Revision])
    /// Nothing was changed, and the same transaction would be refused again.
    case refused(Refusal)
    /// Nothing was changed: the newest event is another than the one that was expected.
    case eventConflict(newest: UInt64)
    /// The request key was committed before: this is what it came to; nothing was changed now.
    case repeated(RequestOutcome)
    /// The reply was lost: the whole transaction is in force or nothing of it. Ask with the request key, or read.
    case unknown(String)

    public enum Refusal: Hashable, Sendable {
        /// Another leader has a newer term.
        case fenced(held: Term?, current: Term)
        case tooManyKeys(Int)
        case tooLarge(bytes: Int)
        /// One key is changed twice, or counters, which only grow, are removed.
        case malformed(String)
        case notStaged(StagingID)
        /// The store itself: disk full, closed, an error of the file system.
        case storage(String)
    }
}

extension CommitError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .conflict(let found):
            "commit: conflict on " + found.map { "\($0.key) (found revision \($0.value))" }.sorted().joined(separator: ", ")
        case .eventConflict(let newest): "commit: conflict on events (found \(newest) of them)"
        case .refused(let refusal): "commit refused: \(refusal)"
        case .repeated(let outcome): "commit: the request was committed before, at revision \(outcome.revision)"
        case .unknown(let reason): "commit: outcome unknown: \(reason)"
        }
    }
}

extension CommitError.Refusal: CustomStringConvertible {
    public var description: String {
        switch self {
        case .fenced(let held, let current): "term \(held.map { "\($0)" } ?? "none") is not the current term \(current)"
        case .tooManyKeys(let count): "\(count) keys, accepted are \(StoreTransaction.maximumKeys); stage the rest"
        case .tooLarge(let bytes): "\(bytes) bytes, accepted are \(StoreTransaction.maximumBytes)"
        case .malformed(let text): text
        case .notStaged(let id): "nothing is staged as \(id)"
        case .storage(let text): text
        }
    }
}

/// Why the store could not be read.
public enum StoreError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Changes after the wanted revision are no longer kept: take a snapshot and follow from there.
    case compacted(oldest: Revision)
    /// The store itself: closed, an error of the file system, a value that cannot be decoded.
    case unreadable(String)

    public var description: String {
        switch self {
        case .compacted(let oldest): "changes before revision \(oldest) are no longer kept"
        case .unreadable(let text): text
        }
    }
}
