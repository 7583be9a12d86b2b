internal import FoundationEssentials
internal import GRDB
internal import JobStore
public import LinuxSys

extension SQLiteStore {
    /// A copy of the whole database as of one moment, made while others write, in a file that has lost its name: it is gone with the descriptor.
    ///
    /// The copy is a database that `berthd` can be started on; what is added comes to it as its node entries of the table `restored`. It needs
    /// as much room in the state directory as the database holds. Blocks.
    public func copy(adding files: [String: [UInt8]]) throws(DatabaseError) -> Descriptor {
        let name = DatabaseFile.copyPrefix + "\(bootNanoseconds())"
        let place = file.directory + "/" + name
        do {
            // VACUUM INTO takes an empty file: made here, so that nobody else can read the copy.
            _ = try file.handle.open(at: name, [.readWrite, .create, .exclusive, .noFollow], mode: 0o600)
            defer { try? file.handle.unlink(name) }
            let source = try DatabaseQueue(path: file.path, configuration: DatabaseOpening.configuration(readonly: true))
            defer { try? source.close() }
            try source.inDatabase { db in try db.execute(sql: "VACUUM INTO ?", arguments: [place]) }
            let target = try DatabaseQueue(path: place, configuration: DatabaseOpening.configuration())
            try target.write { db in
                for (key, value) in files {
                    try db.execute(
                        sql: "INSERT OR REPLACE INTO node (name, key, value) VALUES (?, ?, ?)",
                        arguments: [NodeTable.restored.rawValue, key, Data(value)])
                }
            }
            try target.close()
            return try file.handle.open(at: name, [.readOnly, .noFollow])
        } catch let error as GRDB.DatabaseError where error.resultCode == .SQLITE_FULL {
            throw .noRoom(path: place, reason: error.message ?? "\(error.resultCode)")
        } catch { throw .cannotOpen(path: place, reason: "\(error)") }
    }
}
