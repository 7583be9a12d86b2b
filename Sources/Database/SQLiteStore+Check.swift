internal import GRDB
internal import LinuxSys
public import JobStore

extension SQLiteStore {
    /// Looks at a database that no daemon has open, without a write to it; nil when there is none yet.
    public static func check(directory: String) throws(DatabaseError) -> String? {
        guard let place = try? Descriptor.open(directory, [.path, .directory]), (try? place.contains(DatabaseFile.name)) == true else { return nil }
        let file = try DatabaseFile(directory: directory)
        defer {
            try? file.lock.unlock()
            file.lock.close()
        }
        let version = try DatabaseOpening(file: file, steps: Schema.steps, now: Self.wallClock()).inspect()
        return "\(file.path): whole, schema version \(version)"
    }

    /// What a look at all its pages finds wrong, three lines at most.
    public func faults() async throws(StoreError) -> [String] {
        do {
            let found = try await read { db in try String.fetchAll(db, sql: "PRAGMA quick_check(3)") }
            return found == ["ok"] ? [] : found.map { $0.replacing("\n", with: " ") }
        } catch {
            // A page that cannot be read ends the look itself.
            guard "\(error)".contains("malformed") || "\(error)".contains("not a database") else { throw error }
            return ["\(error)"]
        }
    }
}
