internal import JobModel

/// How a damaged database is read as far as it can be, into a new one.
public enum DatabaseRestore {
    /// For a shell, while no berthd runs. The old files stay in `aside`.
    ///
    /// SQLite's `.recover` would read more, but Debian 12 builds its tool without what that needs (`no such table: sqlite_dbpage`).
    public static func script(directory: String) -> String {
        let pragmas = "PRAGMA auto_vacuum = 2; PRAGMA application_id = \(Schema.applicationID);"
        let version = "PRAGMA user_version = $(sqlite3 aside/berth.db 'PRAGMA user_version');"
        return "cd \(DocumentText.shell(directory)) && umask 077 && mkdir -p aside && mv berth.db aside/ && "
            + "{ mv -f berth.db-wal berth.db-shm aside/ 2>/dev/null; true; } && "
            // A dump that met an error takes all of itself back at its end.
            + "{ echo \"\(pragmas) \(version)\"; sqlite3 aside/berth.db .dump | sed 's/^ROLLBACK;.*/COMMIT;/'; } | sqlite3 berth.db"
    }
}
