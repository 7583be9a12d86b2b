import Foundation
import Images
import JobModel
import LinuxSys
import OCISpec
import TestSupport
import Testing

private let isRoot = ProcessContext.effectiveUser == 0

@Suite("Root file system of a job", .enabled(if: isRoot, "needs root"))
struct RootFilesystemTests {
    /// As slots are: somewhere in their range, for one test.
    static let slot: UInt32 = 1_879_048_192 + 65_536 * 77
    static let submitter: UInt32 = 1_000
    static let attempt = AttemptID(TaskID(JobID(9)), 1)

    static let layers = [
        TarBuilder.make {
            $0.directory("bin")
            $0.file("bin/tool", "tool", mode: 0o755)
            $0.file("bin/old", "old")
            $0.directory("home", uid: 1_000, gid: 1_000)
            $0.file("home/mine", "mine", uid: 1_000, gid: 1_000)
            $0.directory("cache")
            $0.file("cache/hidden", "x")
        },
        TarBuilder.make {
            $0.file("bin/.wh.old")
            $0.directory("cache")
            $0.file("cache/.wh..wh..opq")
            $0.file("cache/new", "new", uid: 5)
        },
    ]

    /// The map of a job with the submitter's own id punched in, and the same for layers.
    static func extents(from base: UInt32) -> [IDMapExtent] {
        [
            IDMapExtent(inside: base, outside: slot, count: submitter),
            IDMapExtent(inside: base + submitter, outside: submitter, count: 1),
            IDMapExtent(inside: base + submitter + 1, outside: slot + submitter + 1, count: 65_535 - submitter),
        ]
    }

    private func lease(_ place: StorePlace) async throws -> (ImageStore, ImageLease) {
        let store = try await place.open()
        let name = try #require(ImageReference("x"))
        _ = try await store.importArchive(try place.archive(DockerArchiveBuilder.archive(layers: Self.layers)), as: name, owner: .operators)
        return (store, try await store.lease(name, for: Self.attempt))
    }

    @Test(arguments: [ScratchKind.memory, .disk])
    func mergedTreeAndIdsAreRight(kind: ScratchKind) async throws {
        let place = try StorePlace()
        let (_, lease) = try await lease(place)
        let scratchStore = try await ScratchStore.open(place.scratchSettings, running: [])
        let other = AttemptID(TaskID(JobID(10)), 1)
        try await {
            let scratch = try await scratchStore.take(
                for: Self.attempt, kind: kind, bytes: .mebibytes(64), inodes: nil, uid: Self.slot, gid: Self.slot)
            let map = Self.extents(from: lease.base)
            let idMap = try UserNamespace.make(uidMap: map, gidMap: map)
            let roots = RootFilesystem()
            let root = try place.assemble(roots, lease, scratch: scratch, idMap: idMap)

            // What is seen: both layers, whiteouts applied, ids as the job's map has them.
            #expect(try root.open(at: "bin", .directory).names() == ["tool"])
            #expect(try root.open(at: "cache", .directory).names() == ["new"])
            #expect(try root.status(at: "bin/tool").uid == Self.slot)
            #expect(try root.status(at: "home/mine").uid == Self.submitter)
            #expect(try root.status(at: "cache/new").uid == Self.slot + 5)
            #expect(try root.status().uid == Self.slot)

            let target = try place.attach(root)
            defer { try? Mount.detach(target, lazily: true) }
            // From inside: the image's root and the submitter write; what they make lies on disk as slot + n and as the submitter's.
            try place.inside(
                map: Self.extents(from: 0), root: target,
                "echo 1 > /mnt/by-root; chown 7:7 /mnt/by-root; stat -c %u /mnt/bin/tool > /mnt/seen")
            try place.inside(map: Self.extents(from: 0), root: target, as: Self.submitter, "echo 2 > /mnt/home/by-me")
            #expect(try scratch.upper.status(at: "by-root").uid == Self.slot + 7)
            #expect(try scratch.upper.status(at: "home/by-me").uid == Self.submitter)
            #expect(try root.open(at: "seen").readText() == "0\n")

            // The layer itself is untouched, and a second job of the same image sees nothing of the first.
            #expect(throws: SystemError.self) { try lease.layers[1].directory.status(at: "by-root") }
            let scratch2 = try await scratchStore.take(
                for: other, kind: kind, bytes: .mebibytes(64), inodes: nil, uid: Self.slot, gid: Self.slot)
            let second = try place.assemble(roots, lease, scratch: scratch2, idMap: idMap)
            #expect(try second.open(at: ".", .directory).names() == ["bin", "cache", "home"])
            second.close()
        }()
        for attempt in [Self.attempt, other] { try await scratchStore.remove(attempt) }
        try await scratchStore.tearDown()
    }

    /// The kernel gives the inode number of a namespace that ended to the next one: a clone that is kept must not pass for the other map's.
    @Test func keptClonesAreOfTheirOwnMap() async throws {
        let place = try StorePlace()
        let (_, lease) = try await lease(place)
        let scratchStore = try await ScratchStore.open(place.scratchSettings, running: [])
        let roots = RootFilesystem()
        for number in UInt32(0)..<20 {
            try await {
                let slot = Self.slot + 65_536 * number
                let scratch = try await scratchStore.take(
                    for: Self.attempt, kind: .memory, bytes: .mebibytes(1), inodes: nil, uid: slot, gid: slot)
                let map = [IDMapExtent(inside: lease.base, outside: slot, count: 65_536)]
                let root = try place.assemble(roots, lease, scratch: scratch, idMap: try UserNamespace.make(uidMap: map, gidMap: map))
                #expect(try root.status(at: "bin/tool").uid == slot)
            }()
            try await scratchStore.remove(Self.attempt)
        }
        try await scratchStore.tearDown()
    }

    @Test
    func readOnlySurpriseIsAnError() async throws {
        let place = try StorePlace()
        let (_, lease) = try await lease(place)
        let scratchStore = try await ScratchStore.open(place.scratchSettings, running: [])
        let scratch = try await scratchStore.take(
            for: Self.attempt, kind: .memory, bytes: .mebibytes(1), inodes: 1, uid: Self.slot, gid: Self.slot)
        // overlayfs needs inodes of its own in the work directory: without any it comes up read-only.
        for number in 0..<100 { _ = try? scratch.upper.makeDirectory("\(number)") }
        let map = Self.extents(from: lease.base)
        let idMap = try UserNamespace.make(uidMap: map, gidMap: map)
        #expect(throws: (any Error).self) { _ = try place.assemble(RootFilesystem(), lease, scratch: scratch, idMap: idMap) }
        try await scratchStore.remove(Self.attempt)
        try await scratchStore.tearDown()
    }

    @Test func stagedPartsCarryWhatTheLauncherNeeds() async throws {
        let place = try StorePlace()
        let (_, lease) = try await lease(place)
        let scratchStore = try await ScratchStore.open(place.scratchSettings, running: [])
        for kind in ScratchKind.allCases {
            let attempt = AttemptID(TaskID(JobID(11)), kind == .disk ? 1 : 2)
            try await {
                let scratch = try await scratchStore.take(
                    for: attempt, kind: kind, bytes: .mebibytes(64), inodes: nil, uid: Self.slot, gid: Self.slot)
                let map = Self.extents(from: lease.base)
                let idMap = try UserNamespace.make(uidMap: map, gidMap: map)
                let parts = try RootFilesystem().stagedParts(lease, scratch: scratch, idMap: idMap)
                #expect(parts.layers.count == 2)
                #expect(try parts.layers[0].status(at: "cache/new").uid == Self.slot + 5)
                #expect(try parts.scratch.status(at: "upper").uid == Self.slot)
                #expect(try parts.scratch.contains("work"))
            }()
            try await scratchStore.remove(attempt)
        }
        try await scratchStore.tearDown()
    }
}
