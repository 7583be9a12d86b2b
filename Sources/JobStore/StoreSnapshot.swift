/// Everything in the store at one revision.
public struct StoreSnapshot: Sendable {
    public var revision: Revision
    public var entries: [Versioned<StoreEntry>]
    public init(revision: Revision, entries: [Versioned<StoreEntry>]) {
        self.revision = revision
        self.entries = entries
    }
}

/// What one commit changed, or a part of it.
public struct ChangeBatch: Hashable, Sendable {
    public var revision: Revision
    /// From 0; a large commit may come in several parts.
    public var part: Int
    public var isLast: Bool
    public var changes: [StoreChange]
    public init(revision: Revision, part: Int = 0, isLast: Bool = true, changes: [StoreChange]) {
        self.revision = revision
        self.part = part
        self.isLast = isLast
        self.changes = changes
    }
}
