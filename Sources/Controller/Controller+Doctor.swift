public import API
public import Database
import JobModel
public import JobStore
import NodeAgent

/// A store that can look at itself.
public protocol CheckedStore: Sendable {
    func faults() async throws(StoreError) -> [String]
}

extension SQLiteStore: CheckedStore {}

extension Controller {
    /// How long what was found of the database is told again: looking reads all of it.
    private static let checkInterval: Int64 = 60_000_000_000

    /// Whether the store takes changes, and whether it is whole.
    ///
    /// - Parameter directory: where it lies.
    public func storeChecks(directory: String) async -> [DoctorCheck] {
        let faults = await storeFaults()
        let restore = StateRemedy(directory: directory).restore(DatabaseRestore.script(directory: directory))
        if !faults.isEmpty {
            return [DoctorCheck("database", .broken, "damaged: \(faults.joined(separator: "; "))", remedy: restore)]
        }
        if let storageFailure {
            // Then the room's check tells of it.
            if surroundings.diskShortage()?.stopsSubmits == true { return [] }
            let reason = BrokenStore(reason: storageFailure).description
            return [DoctorCheck("database", .broken, reason, remedy: storageFailure.contains("malformed") ? restore : nil)]
        }
        return [DoctorCheck("database", .ok, "takes changes, every page is whole")]
    }

    private func storeFaults() async -> [String] {
        let now = clock.now().boot
        if let known = lastFaults, now.nanoseconds - known.at.nanoseconds < Self.checkInterval { return await known.found.value }
        guard let store = store as? any CheckedStore else { return [] }
        let found = Task { (try? await store.faults()) ?? [] }
        lastFaults = (now, found)
        return await found.value
    }
}
