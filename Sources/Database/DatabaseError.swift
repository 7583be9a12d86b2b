/// Why a database was not opened. In each case the file is left as it is.
public enum DatabaseError: Error, Hashable, Sendable {
    /// Another process has it open.
    case inUse(path: String)
    case newerSchema(path: String, found: Int, accepted: Int)
    /// An SQLite file of another program, or none at all.
    case foreign(path: String, found: String)
    /// `PRAGMA quick_check` or the schema's own check failed; `backups` are the files from which it can be restored, newest first.
    case damaged(path: String, found: String, backups: [String])
    case migrationFailed(path: String, from: Int, to: Int, reason: String, backup: String)
    case cannotOpen(path: String, reason: String)
    /// A copy does not fit on the disk.
    case noRoom(path: String, reason: String)
}

extension DatabaseError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .inUse(let path): "open \(path): in use by another berthd; each needs a state directory of its own"
        case .newerSchema(let path, let found, let accepted):
            "open \(path): schema version \(found), this berthd knows versions up to \(accepted); install the newer berthd again, or restore a backup from before"
        case .foreign(let path, let found): "open \(path): \(found), accepted is a database made by berthd"
        case .damaged(let path, let found, let backups):
            "open \(path): damaged (\(found)), left as it is; to restore: stop berthd, then "
                + (backups.first.map { "move \(path) with its -wal and -shm aside and copy \($0) to \(path), or " } ?? "")
                + "run: \(DatabaseRestore.script(directory: String(path.dropLast(DatabaseFile.name.count + 1))))"
        case .migrationFailed(let path, let from, let to, let reason, let backup):
            "migrate \(path) from version \(from) to \(to): \(reason); nothing was changed, the backup is \(backup)"
        case .cannotOpen(let path, let reason): "open \(path): \(reason)"
        case .noRoom(let path, let reason): "copy to \(path): \(reason); a backup needs as much room there as the database holds"
        }
    }
}
