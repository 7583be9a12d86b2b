public import JobModel
import LinuxSys

/// Whether the places that jobs leave things in take more: what is begun without room breaks half-way.
///
/// The bytes of the state directory are the affair of the database's reserve where it has one; this adds what the reserve does not know of.
public struct StateRoom: Sendable {
    /// So much has to be free for anything new to begin, in a state directory without a reserve (ends of jobs that run are still recorded in
    /// it), and of a disk that has the logs alone.
    public static let leastBytes = Bytes.mebibytes(32)
    public static let leastFiles = 500

    /// A place that takes nothing new.
    public struct Shortage: Sendable, Hashable, CustomStringConvertible {
        public enum Kind: Sendable, Hashable {
            /// The reserve says why.
            case reserve(String)
            case bytes(free: Bytes, needed: Bytes)
            /// Inodes.
            case files(free: UInt64)
            case readOnly
        }

        public let path: String
        public let kind: Kind
        /// The database cannot grow either: its files are there, so inodes are none of its cares, and a reserve has its room.
        public var isOfDatabase = false

        public var description: String {
            switch kind {
            case .reserve(let text): text
            case .bytes(let free, let needed): "\(path) is full: \(free) free, needed \(needed)"
            case .files(let free): "\(path) is full: room for \(free) more files (inodes), needed \(StateRoom.leastFiles)"
            case .readOnly: "\(path) is read-only"
            }
        }
    }

    private struct Place: Sendable {
        let path: String
        let directory: Descriptor
        /// Bytes that have to be free; zero: others see to them.
        let needed: Bytes
        let hasDatabase: Bool
    }

    private let places: [Place]
    private let reserveShortage: @Sendable () -> String?

    /// Of a directory and its logs, as far as they are there.
    ///
    /// - Parameters:
    ///   - needed: bytes that have to be free where there is no reserve.
    ///   - reserveShortage: what the reserve says; nil as a whole: there is none.
    public init(_ state: String, needed: Bytes = leastBytes, reserveShortage: (@Sendable () -> String?)? = nil) {
        let logs = state + "/logs"
        let (directory, logDirectory) = (try? Descriptor.open(state, [.path, .directory]), try? Descriptor.open(logs, [.path, .directory]))
        let isOneDisk = (try? directory?.status().device) == (try? logDirectory?.status().device)
        self.reserveShortage = reserveShortage ?? { nil }
        places = [
            directory.map { Place(path: state, directory: $0, needed: reserveShortage == nil ? needed : .zero, hasDatabase: true) },
            logDirectory.map { Place(path: logs, directory: $0, needed: isOneDisk ? .zero : Self.leastBytes, hasDatabase: false) },
        ].compactMap { $0 }
    }

    /// The first place that takes nothing new, with the database's first; nil when all do. Cheap.
    public var shortage: Shortage? {
        var found: [Shortage] = reserveShortage().map { [Shortage(path: places.first?.path ?? "", kind: .reserve($0))] } ?? []
        for place in places {
            // What cannot be asked says why when it is used.
            guard let status = try? place.directory.fileSystemStatus(), let kind = Self.shortage(status, needed: place.needed) else { continue }
            var isOfDatabase = place.hasDatabase
            if case .files = kind { isOfDatabase = false }
            found.append(Shortage(path: place.path, kind: kind, isOfDatabase: isOfDatabase))
        }
        return found.first(where: \.isOfDatabase) ?? found.first
    }

    static func shortage(_ status: FileSystemStatus, needed: Bytes = leastBytes) -> Shortage.Kind? {
        if status.isReadOnly { return .readOnly }
        if status.availableBytes < needed.count { return .bytes(free: Bytes(status.availableBytes), needed: needed) }
        // btrfs counts none.
        if status.totalInodes > 0, status.freeInodes < leastFiles { return .files(free: status.freeInodes) }
        return nil
    }
}
