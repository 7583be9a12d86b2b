import Foundation
import JobModel
import LinuxSys
import Testing

@testable import Images

/// A way to keep scratch whose accounts are what the test says.
private final class AccountedScratch: ScratchBackend {
    let kind: ScratchLimitKind
    let spaces: Descriptor
    let used: [String: Bytes]

    init(_ kind: ScratchLimitKind, root: Descriptor, used: [String: Bytes]) throws {
        self.kind = kind
        self.used = used
        spaces = try root.makeAndOpenDirectory("spaces", mode: 0o700)
        for name in used.keys { try make(name) }
    }

    func make(_ name: String) throws(SystemError) { try makeDirectories(in: try spaces.makeAndOpenDirectory(name, mode: 0o700)) }
    func limit(_ space: Descriptor, bytes: Bytes, inodes: Int?) {}
    func remove(_ name: String) throws(SystemError) { try removeTree(at: spaces, name) }
    func usage(of space: Descriptor) -> ScratchUsage {
        let name = space.displayPath.split(separator: "/").last.map(String.init) ?? ""
        return ScratchUsage(bytes: used[name] ?? .zero, inodes: nil)
    }
    func tearDown() {}
}

@Suite struct ScratchCapacityTests {
    /// What adopted attempts hold was promised to them: a scheduler that subtracts the promise must find the bytes in the sum.
    @Test(arguments: [ScratchLimitKind.projectQuota, .subvolumeQuota])
    func whatAdoptedAttemptsUsedIsPartOfTheCapacity(kind: ScratchLimitKind) async throws {
        let place = try StorePlace()
        let root = try place.directory.makeAndOpenDirectory("scratch", mode: 0o700)
        let adopted = AttemptID(TaskID(JobID(1)), 1)
        let used = Bytes.gibibytes(3000)
        let disk = try AccountedScratch(kind, root: root, used: [adopted.description: used, "2#1": .gibibytes(7000)])
        let lock = try root.open(at: "lock", [.readWrite, .create])
        let store = ScratchStore(settings: ScratchSettings(root: place.path + "/scratch", prepared: 0), root: root, lock: lock, disk: disk)
        try await store.load(running: [adopted])
        let free = Bytes(try root.fileSystemStatus().availableBytes)
        let more = Int64((try await store.capacity()).count) - Int64(free.count)
        let wanted = kind == .projectQuota ? Int64(used.count) : 0
        #expect(abs(more - wanted) < 64 << 30, "others use the disk meanwhile: \(more)")
    }
}
