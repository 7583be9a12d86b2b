internal import GRDB
internal import LinuxSys

/// The file and what stands beside it: lock, backups.
struct DatabaseFile {
    static let name = "berth.db"
    /// Of copies that are on their way to a client.
    static let copyPrefix = name + ".copy-"

    let directory: String
    let handle: Descriptor
    /// Held as long as the store is open (flock(2)): two daemons on one file would each believe to be the only leader.
    let lock: Descriptor
    var path: String { directory + "/" + Self.name }

    /// Takes the directory, made with mode 0700 when missing, and the lock.
    init(directory: String) throws(DatabaseError) {
        self.directory = directory
        let path = directory + "/" + Self.name
        do {
            if try !Descriptor.workingDirectory.contains(directory) {
                try Descriptor.workingDirectory.makeDirectory(directory, mode: 0o700)
            }
            handle = try Descriptor.open(directory, .directory)
            lock = try handle.open(at: Self.name + ".lock", [.readWrite, .create, .noFollow], mode: 0o600)
        } catch { throw .cannotOpen(path: path, reason: "\(error)") }
        let isLocked: Bool
        do { isLocked = try lock.lock() } catch { throw .cannotOpen(path: path, reason: "\(error)") }
        guard isLocked else { throw .inUse(path: path) }
        // A daemon that was killed left what it was copying.
        for name in (try? handle.names()) ?? [] where name.hasPrefix(Self.copyPrefix) { try? handle.unlink(name) }
    }

    /// Makes the empty file, if missing, with a mode that SQLite gives to the WAL too. True when it holds nothing yet.
    func make() throws(DatabaseError) -> Bool {
        do {
            let file = try handle.open(at: Self.name, [.readWrite, .create, .noFollow], mode: 0o600)
            let status = try file.status()
            if status.permissions & 0o077 != 0 { try file.changeMode(0o600) }
            return status.size == 0
        } catch { throw .cannotOpen(path: path, reason: "\(error)") }
    }

    /// Makes names of new files survive a loss of power.
    func synchronizeDirectory() throws(DatabaseError) {
        do { try handle.synchronize() } catch { throw .cannotOpen(path: path, reason: "\(error)") }
    }

    /// Copies the whole database beside itself, durably, and gives the copy's path.
    func backUp(version: Int, at milliseconds: Int64, _ db: GRDB.Database) throws -> String {
        let name = "\(Self.name).v\(version).\(milliseconds).backup"
        // VACUUM INTO takes an empty file: made here, so that nobody else can read the copy.
        let file = try handle.open(at: name, [.readWrite, .create, .exclusive], mode: 0o600)
        do {
            try db.execute(sql: "VACUUM INTO ?", arguments: [directory + "/" + name])
            try file.synchronize()
            try handle.synchronize()
        } catch {
            try? handle.unlink(name)
            throw error
        }
        return directory + "/" + name
    }

    /// Why a small file cannot be written beside the database: SQLite tells no more than that a write failed. Nil when it can.
    static func writeFailure(beside path: String) -> String? {
        let directory = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
        do throws(SystemError) {
            let place = try Descriptor.open(directory, [.path, .directory])
            let file = try place.open(at: ".probe", [.writeOnly, .create, .truncate, .noFollow], mode: 0o600)
            defer { try? place.unlink(".probe") }
            try file.write([UInt8](repeating: 0, count: 4096))
            try file.synchronize()
            return nil
        } catch { return "write in \(directory): \(error)" }
    }

    /// Newest first.
    var backups: [String] {
        let names = ((try? handle.names()) ?? []).filter { $0.hasPrefix(Self.name + ".v") && $0.hasSuffix(".backup") }
        func time(_ name: String) -> Int64 { Int64(name.split(separator: ".").dropLast().last ?? "") ?? 0 }
        return names.sorted { time($0) > time($1) }.map { directory + "/" + $0 }
    }
}
