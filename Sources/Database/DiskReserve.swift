internal import GRDB
internal import GRDBSQLite
public import JobModel
internal import LinuxSys
internal import Synchronization

/// Blocks of the state file system that belong to the database before it needs them, so that it goes on when scratch, logs and images have filled the
/// disk, however fast they write: they were allocated to its files (fallocate(2)), where nobody else can take them and SQLite writes next.
///
///     berth.db       what it holds │ room to grow
///     berth.db-wal   a whole WAL, which is written over and over
///     berth.db-shm   its index
///
/// After each write-back SQLite cuts `berth.db` to what it holds, rounded up to its chunk size (SQLITE_FCNTL_CHUNK_SIZE), so that is the length of
/// the file. The WAL and its index are not cut, and keep what lies behind their ends (FALLOC_FL_KEEP_SIZE).
///
/// The files stay open as long as the database is: closing one of them would end SQLite's locks (fcntl(2)).
public final class DiskReserve: Sendable {
    /// How it stands.
    public struct State: Sendable, Hashable {
        public var wanted: Bytes
        public var held: Bytes
        /// On the file system, for those without privileges.
        public var free: Bytes
        /// Why less is held than wanted; nil: nothing is missing.
        public var problem: String?
    }

    /// A file that is as long as it gets, allocated from its beginning.
    private struct Part: Sendable {
        let file: Descriptor
        let share: Int64

        func missing() throws(SystemError) -> Int64 { max(0, share - (try file.status().allocatedBytes)) }
    }

    /// What is to be held.
    public let wanted: Bytes
    /// After so many pages the WAL is to be written back, so that a large commit still fits behind them.
    let logPages: Int
    private let directory: Descriptor
    private let path: String
    private let parts: [Part]
    private let main: Descriptor
    /// Of `berth.db`, behind what it holds.
    private let growth: Int64
    private let known = Mutex<(size: Int64, problem: SystemError?)>((size: -1, problem: nil))

    /// A share of a small disk is enough: a database is small.
    static func bounded(_ wanted: Bytes, total: UInt64) -> Bytes { min(wanted, Bytes(total / 16)) }

    /// What one in this directory would hold; nil: none.
    public static func size(_ wanted: Bytes, in directory: String) -> Bytes? {
        guard let status = try? Descriptor.open(directory, [.path, .directory]).fileSystemStatus() else { return nil }
        let size = bounded(wanted, total: status.totalBytes)
        return size > .zero && status.type != FileSystemStatus.tmpfs ? size : nil
    }

    /// SQLite cuts the WAL back to 64 MiB; its index has 32 KiB for 4,096 pages of 4 KiB. Of a small reserve the half.
    private static func shares(of wanted: Bytes) -> (log: Int64, index: Int64) {
        let whole = Int64(clamping: wanted.count)
        let log = min(max(whole / 4, min(whole / 2, 8 << 20)), 64 << 20)
        return (log, log / 256 + (64 << 10))
    }

    /// Nil when none is wanted, or where there is no disk (tmpfs). The database is open.
    init?(of file: DatabaseFile, wanted: Bytes) throws(SystemError) {
        let status = try file.handle.fileSystemStatus()
        self.wanted = Self.bounded(wanted, total: status.totalBytes)
        guard self.wanted > .zero, status.type != FileSystemStatus.tmpfs else { return nil }
        directory = file.handle
        path = file.directory
        let (log, index) = Self.shares(of: self.wanted)
        logPages = Int(log / 2 / 4096)
        growth = Int64(clamping: self.wanted.count) - log - index
        main = try file.handle.open(at: DatabaseFile.name, [.readWrite, .noFollow])
        parts = [
            Part(file: try file.handle.open(at: DatabaseFile.name + "-wal", [.readWrite, .noFollow]), share: log),
            Part(file: try file.handle.open(at: DatabaseFile.name + "-shm", [.readWrite, .noFollow]), share: index),
        ]
    }

    /// Before the database is opened on a full disk: it needs room for a WAL and its index, which went with the last close. What is given up of the
    /// file's end is taken anew later; whoever writes at the same moment may be faster, and then the next start gives up some more.
    static func makeRoom(for file: DatabaseFile, wanted: Bytes) {
        guard let status = try? file.handle.fileSystemStatus() else { return }
        let (log, index) = shares(of: bounded(wanted, total: status.totalBytes))
        guard let main = try? file.handle.open(at: DatabaseFile.name, [.readWrite, .noFollow]), let size = try? main.status().size,
            status.availableBytes < UInt64(log + index)
        else { return }
        let end = held(in: main)
        // What is not ours, or not for us, is left as it is.
        guard isOurs(main), size > end, end > 0 else { return }
        try? main.truncate(to: size - min(log + index, (size - end) / 4 * 3))
        // The blocks are free once the file system's journal has it.
        try? main.synchronize()
    }

    /// By the header: the user version stands at 60, the application's id at 68.
    private static func isOurs(_ main: Descriptor) -> Bool {
        guard let header = try? main.read(upTo: 72, at: 0), header.count == 72 else { return false }
        func number(_ place: Int) -> Int64 { header[place..<place + 4].reduce(0) { $0 << 8 | Int64($1) } }
        return number(68) == Int64(Schema.applicationID) && number(60) <= Int64(Schema.steps.map(\.version).max() ?? 0)
    }

    /// Takes what is missing; on the writer's connection. Blocks for a moment.
    func hold(_ db: GRDB.Database) {
        var problem: SystemError?
        for part in parts {
            do throws(SystemError) { if try part.missing() > 0 { try part.file.allocate(part.share, keepSize: true) } } catch {
                problem = problem ?? error
            }
        }
        let size = held()
        do throws(SystemError) { try holdGrowth(behind: size, db) } catch { problem = problem ?? error }
        known.withLock { [problem] in $0 = (size: size, problem: problem) }
    }

    /// The chunk has to be no longer than the file, or SQLite would make a hole; so the file grows first, and what cannot grow keeps its chunk.
    private func holdGrowth(behind size: Int64, _ db: GRDB.Database) throws(SystemError) {
        let page: Int64 = 1 << 16
        // The size of a chunk is an int: a large file consists of several.
        let count = (size + growth) / (1 << 30) + 1
        let chunk = ((size + growth) / count / page + 1) * page
        // Of a file that was longer SQLite would cut the rest only after its next write-back. Nobody else writes meanwhile.
        if try main.status().size > chunk * count { try main.truncate(to: chunk * count) }
        try main.allocate(chunk * count)
        var value = Int32(chunk)
        _ = sqlite3_file_control(db.sqliteConnection, "main", SQLITE_FCNTL_CHUNK_SIZE, &value)
    }

    /// What the file holds by its header (fileformat2.html, 1.3): the size of a page at 16, their number at 28.
    private static func held(in main: Descriptor) -> Int64 {
        guard let header = try? main.read(upTo: 32, at: 0), header.count == 32 else { return 0 }
        let page = Int64(header[16]) << 8 | Int64(header[17])
        return (page == 1 ? 65_536 : page) * header[28..<32].reduce(Int64(0)) { $0 << 8 | Int64($1) }
    }

    private func held() -> Int64 { Self.held(in: main) }

    /// Takes it anew where the database has grown or shrunk, or something was missing.
    func follow(in pool: DatabasePool) {
        if known.withLock({ $0.size }) != held() { pool.writeWithoutTransaction { hold($0) } }
    }

    public var state: State {
        let behind = ((try? main.status().allocatedBytes) ?? 0) - held()
        let missing = parts.reduce(max(0, growth - max(0, behind))) { $0 + ((try? $1.missing()) ?? $1.share) }
        let free = (try? directory.fileSystemStatus().availableBytes) ?? 0
        return State(
            wanted: wanted, held: wanted - Bytes(UInt64(missing)), free: Bytes(free),
            problem: missing > 0 ? known.withLock { $0.problem }.map { "\($0)" } ?? "it was just used" : nil)
    }

    /// Why nothing that needs the disk should begin: less is free than the reserve is large, what is missing in it taken off. Cheap.
    public var shortage: String? {
        let state = state
        let free = state.free - (isUnsupported ? .zero : state.wanted - state.held)
        guard free < wanted else { return nil }
        return "\(free) free on the disk of \(path), needed are \(wanted) (disk_reserve)"
    }

    /// The file system cannot allocate ahead (EOPNOTSUPP): then nothing is held, ever.
    private var isUnsupported: Bool { known.withLock { $0.problem?.errno == 95 } }

    func close() {
        main.close()
        for part in parts { part.file.close() }
    }
}

extension SQLiteStore {
    /// Tries to make the reserve whole again.
    public func mendReserve() async { _ = try? await committer.exclusively { [reserve] db in reserve?.hold(db) } }
}
