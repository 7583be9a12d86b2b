internal import GRDB

/// One step of the database's form; steps are only ever added.
package struct SchemaStep: Sendable {
    package let version: Int
    package let statements: [String]
    package init(version: Int, statements: [String]) {
        self.version = version
        self.statements = statements
    }
}

/// The tables, by version: `PRAGMA user_version` says which a file has.
package enum Schema {
    /// "Brth": tells our files from those of other programs (`PRAGMA application_id`).
    static let applicationID: Int32 = 0x4272_7468

    package static let steps = [SchemaStep(version: 1, statements: version1)]

    private static let version1 = [
        // Numbers that only grow: the revision, the last event, the term.
        "CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID",
        "INSERT INTO meta (name, value) VALUES ('revision', 0), ('event', 0), ('term', 0)",
        // The job store: keys sort as ids do, see StoreKey.packed.
        "CREATE TABLE entries (key BLOB PRIMARY KEY, revision INTEGER NOT NULL, value BLOB NOT NULL) WITHOUT ROWID",
        """
        CREATE TABLE staged (id INTEGER PRIMARY KEY, staging TEXT NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL, UNIQUE (staging, key))
        """,
        "CREATE TABLE requests (key TEXT PRIMARY KEY, revision INTEGER NOT NULL, jobs TEXT NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID",
        // The ledger. Times are milliseconds since 1970.
        """
        CREATE TABLE ledger_jobs (job INTEGER PRIMARY KEY, owner INTEGER NOT NULL, batch TEXT, queue TEXT NOT NULL, ended INTEGER NOT NULL,
            body BLOB NOT NULL)
        """,
        "CREATE INDEX ledger_jobs_ended ON ledger_jobs (ended)",
        """
        CREATE TABLE ledger_attempts (job INTEGER NOT NULL, slot INTEGER NOT NULL, number INTEGER NOT NULL, owner INTEGER NOT NULL, batch TEXT,
            queue TEXT NOT NULL, ended INTEGER NOT NULL, outcome TEXT NOT NULL, body BLOB NOT NULL, PRIMARY KEY (job, slot, number)) WITHOUT ROWID
        """,
        "CREATE INDEX ledger_attempts_ended ON ledger_attempts (ended)",
        "CREATE TABLE events (sequence INTEGER PRIMARY KEY, at INTEGER NOT NULL, body BLOB NOT NULL)",
        // The node's own state.
        "CREATE TABLE node (name TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (name, key)) WITHOUT ROWID",
    ]

    static func version(_ db: GRDB.Database) throws -> Int { try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0 }

    /// Applies all steps above `version`, in one transaction.
    static func apply(_ steps: [SchemaStep], above version: Int, _ db: GRDB.Database) throws {
        try db.inTransaction(.immediate) {
            for step in steps where step.version > version {
                for statement in step.statements { try db.execute(sql: statement) }
                try db.execute(sql: "PRAGMA user_version = \(step.version)")
            }
            return .commit
        }
    }
}
