import Database
import Foundation
import JobModel
import JobStore

/// The stores that the suite is run against.
enum StoreUnderTest: String, CaseIterable, CustomStringConvertible {
    case memory, sqlite

    var description: String { rawValue }

    /// Runs a test with a new store and removes what it made.
    func with(_ body: (any MachineStore) async throws -> Void) async throws {
        switch self {
        case .memory: try await body(InMemoryStore())
        case .sqlite:
            let directory = NSTemporaryDirectory() + "berth-store-" + UUID().uuidString
            defer { try? FileManager.default.removeItem(atPath: directory) }
            let store = try SQLiteStore.open(directory: directory)
            defer { store.close() }
            try await body(store)
        }
    }
}

extension StoreTransaction {
    static func puts(_ entries: StoreEntry..., expecting: [StoreKey: Revision] = [:]) -> StoreTransaction {
        StoreTransaction(changes: entries.map { .put($0) }, expecting: expecting)
    }
}
