internal import GRDB
internal import JobModel

/// How a database is opened: looked at without a write, made or migrated, and only then opened for writing.
struct DatabaseOpening {
    let file: DatabaseFile
    let steps: [SchemaStep]
    let now: WallTime

    private var newest: Int { steps.map(\.version).max() ?? 0 }

    func open() throws(DatabaseError) -> DatabasePool {
        let isEmpty = try file.make()
        if isEmpty { try create() } else { try inspectAndMigrate() }
        do {
            let pool = try DatabasePool(path: file.path, configuration: Self.configuration())
            try pool.writeWithoutTransaction { db in
                // GRDB sets NORMAL, which loses the last commits with the power.
                try db.execute(sql: "PRAGMA synchronous = FULL")
                try db.execute(sql: "PRAGMA journal_size_limit = 67108864")
            }
            return pool
        } catch { throw .cannotOpen(path: file.path, reason: "\(error)") }
    }

    static func configuration(readonly: Bool = false) -> GRDB.Configuration {
        var configuration = GRDB.Configuration()
        configuration.readonly = readonly
        configuration.foreignKeysEnabled = false
        configuration.maximumReaderCount = 2
        configuration.persistentReadOnlyConnections = true
        configuration.label = "berth"
        // Else savepoints of much data go to files in /var/tmp, which may be on the disk that is full.
        configuration.prepareDatabase { db in try db.execute(sql: "PRAGMA temp_store = MEMORY") }
        return configuration
    }

    private func create() throws(DatabaseError) {
        do {
            let queue = try DatabaseQueue(path: file.path, configuration: Self.configuration())
            try queue.writeWithoutTransaction { db in
                // Before the first table, or it has no effect: a purge gives pages back to the file system.
                try db.execute(sql: "PRAGMA auto_vacuum = INCREMENTAL")
                try db.execute(sql: "PRAGMA application_id = \(Schema.applicationID)")
                try Schema.apply(steps, above: 0, db)
            }
            try queue.close()
        } catch { throw .cannotOpen(path: file.path, reason: "\(error)") }
        try file.synchronizeDirectory()
    }

    private func inspectAndMigrate() throws(DatabaseError) {
        let version = try inspect()
        guard version < newest else { return }
        var backup = ""
        do {
            let queue = try DatabaseQueue(path: file.path, configuration: Self.configuration())
            defer { try? queue.close() }
            try queue.writeWithoutTransaction { db in
                try db.execute(sql: "PRAGMA synchronous = FULL")
                backup = try file.backUp(version: version, at: now.milliseconds, db)
                try Schema.apply(steps, above: version, db)
            }
        } catch {
            throw .migrationFailed(
                path: file.path, from: version, to: newest, reason: "\(error)", backup: backup.isEmpty ? "not made" : backup)
        }
    }

    /// Gives the schema's version. The connection only reads, so that a file that is refused keeps every byte, its WAL included.
    func inspect() throws(DatabaseError) -> Int {
        let found: (application: Int32, version: Int, check: [String])
        do {
            let queue = try DatabaseQueue(path: file.path, configuration: Self.configuration(readonly: true))
            defer { try? queue.close() }
            found = try queue.inDatabase { db in
                let application = try Int32.fetchOne(db, sql: "PRAGMA application_id") ?? 0
                let version = try Schema.version(db)
                // A file that is not ours, or not for us, is not searched for faults.
                guard application == Schema.applicationID, version <= newest else { return (application, version, ["ok"]) }
                return (application, version, try String.fetchAll(db, sql: "PRAGMA quick_check(3)"))
            }
        } catch let error as GRDB.DatabaseError {
            guard [.SQLITE_CORRUPT, .SQLITE_NOTADB].contains(error.resultCode) else {
                throw .cannotOpen(path: file.path, reason: "\(error)")
            }
            throw damaged(error.message ?? "\(error.resultCode)")
        } catch { throw .cannotOpen(path: file.path, reason: "\(error)") }
        guard found.application == Schema.applicationID else {
            throw .foreign(path: file.path, found: "an SQLite file of application \(found.application)")
        }
        guard found.version <= newest else { throw .newerSchema(path: file.path, found: found.version, accepted: newest) }
        guard found.check == ["ok"] else { throw damaged(found.check.joined(separator: "; ")) }
        return found.version
    }

    private func damaged(_ found: String) -> DatabaseError {
        .damaged(path: file.path, found: found.replacing("\n", with: " "), backups: file.backups)
    }
}
