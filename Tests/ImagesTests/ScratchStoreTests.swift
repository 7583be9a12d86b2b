import Foundation
import Images
import JobModel
import LinuxSys
import Testing

private let isRoot = ProcessContext.effectiveUser == 0
private let hasLoop = isRoot && FileManager.default.fileExists(atPath: "/dev/loop-control")

@Suite("Scratch", .enabled(if: isRoot && hasLoop, "needs root and loop devices"))
struct ScratchStoreTests {
    static let uid: UInt32 = 1_879_048_192
    func attempt(_ number: UInt64) -> AttemptID { AttemptID(TaskID(JobID(number)), 1) }

    /// Bytes that can be written as the slot's root until the kernel says no, and how it says it.
    private func fill(_ space: ScratchSpace, upTo limit: Int) throws -> (bytes: Int, errno: String) {
        let file = try space.upper.open(at: "fill", [.writeOnly, .create])
        let block = [UInt8](repeating: 0x5A, count: 1 << 20).enumerated().map { UInt8(truncatingIfNeeded: $0.offset &* 31) }
        var written = 0
        do throws(SystemError) {
            while written < limit {
                try file.write(block)
                // Quotas of btrfs count at the latest when data is given its place.
                try file.synchronizeData()
                written += block.count
            }
        } catch { return (written, error.errnoName) }
        return (written, "")
    }

    @Test func limitOfASubvolumeHolds() async throws {
        let place = try StorePlace()
        let store = try await ScratchStore.open(place.scratchSettings, running: [])
        #expect(store.diskLimit == .subvolumeQuota)
        try await {
            let space = try await store.take(for: attempt(1), kind: .disk, bytes: .mebibytes(20), inodes: nil, uid: Self.uid, gid: Self.uid)
            #expect(space.limitedBy == .subvolumeQuota && !space.limitedBy.limitsInodes)
            #expect(try space.upper.status().uid == Self.uid)
            let result = try fill(space, upTo: 64 << 20)
            #expect(result.errno == "EDQUOT" && (10 << 20...20 << 20).contains(result.bytes), "\(result)")
            // Another attempt still has its own.
            let other = try await store.take(for: attempt(2), kind: .disk, bytes: .mebibytes(40), inodes: nil, uid: Self.uid, gid: Self.uid)
            #expect(try fill(other, upTo: 30 << 20).errno == "")
            try other.directory.synchronizeFileSystem()
        }()
        let used = try #require(try await store.usage(of: attempt(2)))
        #expect(used.bytes.count > 29 << 20 && used.inodes == nil)
        for number in 1...2 { try await store.remove(attempt(UInt64(number))) }
        try await store.tearDown()
        #expect(try place.leavesNoMountOrLoop)
    }

    /// A daemon may be killed at any moment; the next takes what is called ready as it is.
    @Test func whatIsCalledReadyIsWhole() async throws {
        let place = try StorePlace()
        var settings = place.scratchSettings
        try await ScratchStore.open(settings, running: []).close()
        settings.prepared = 60
        let spaces = try Descriptor.open(settings.root + "/mount", .directory)
        let watching = Task.detached {
            var seen: Set<String> = []
            while !Task.isCancelled {
                for name in try spaces.names() where name.hasPrefix("ready-") && seen.insert(name).inserted {
                    let space = try spaces.open(at: name, [.directory, .noFollow])
                    for part in ["upper", "work"] { _ = try space.status(at: part) }
                }
            }
            return seen.count
        }
        let store = try await ScratchStore.open(settings, running: [])
        watching.cancel()
        #expect(try await watching.value > 10)
        spaces.close()
        try await store.tearDown()
        #expect(try place.leavesNoMountOrLoop)
    }

    @Test func limitsOfMemoryHold() async throws {
        let place = try StorePlace()
        let store = try await ScratchStore.open(place.scratchSettings, running: [])
        let space = try await store.take(for: attempt(1), kind: .memory, bytes: .mebibytes(4), inodes: 10, uid: Self.uid, gid: Self.uid)
        #expect(space.limitedBy == .memory && space.hostPath == nil)
        let result = try fill(space, upTo: 16 << 20)
        #expect(result.errno == "ENOSPC" && result.bytes <= 4 << 20 && result.bytes >= 3 << 20, "\(result)")
        #expect(throws: SystemError.self) { for number in 0..<20 { try space.upper.makeDirectory("\(number)") } }
        let used = try #require(try await store.usage(of: attempt(1)))
        #expect(used.bytes.count >= 3 << 20)
        try await store.remove(attempt(1))
        #expect(try await store.usage(of: attempt(1)) == nil)
        try await store.tearDown()
        #expect(try place.leavesNoMountOrLoop)
    }

    /// As btrfs does by itself when the disk below it is full: who has some keeps it, the next ones get some anew, now and after a restart.
    @Test func whatTurnedReadOnlyIsMadeAnew() async throws {
        let place = try StorePlace()
        func breakIt() throws { try Mount.mount(nil, at: place.scratchSettings.root + "/mount", type: nil, flags: 32 | 1, data: nil) }
        var store = try await ScratchStore.open(place.scratchSettings, running: [])
        do {
            let old = try await store.take(for: attempt(1), kind: .disk, bytes: .mebibytes(8), inodes: nil, uid: Self.uid, gid: Self.uid)
            try old.upper.open(at: "kept", [.writeOnly, .create]).write("x")
            try breakIt()
            let new = try await store.take(for: attempt(2), kind: .disk, bytes: .mebibytes(8), inodes: nil, uid: Self.uid, gid: Self.uid)
            try new.upper.open(at: "new", [.writeOnly, .create]).write("x")
            #expect(try old.upper.names() == ["kept"])
            #expect(try await store.usage(of: attempt(1)) == nil)
            try await store.remove(attempt(1))
            try breakIt()
            try await store.remove(attempt(2))
        }
        try await store.close()
        store = try await ScratchStore.open(place.scratchSettings, running: [attempt(2)])
        do {
            let again = try await store.take(for: attempt(3), kind: .disk, bytes: .mebibytes(8), inodes: nil, uid: Self.uid, gid: Self.uid)
            try again.upper.open(at: "again", [.writeOnly, .create]).write("x")
        }
        try breakIt()
        try await store.remove(attempt(3))
        try await store.tearDown()
        #expect(try place.leavesNoMountOrLoop)
    }

    @Test func takenOnceAndClean() async throws {
        let place = try StorePlace()
        let store = try await ScratchStore.open(place.scratchSettings, running: [])
        for number in 1...6 {
            let space = try await store.take(
                for: attempt(UInt64(number)), kind: .disk, bytes: .mebibytes(8), inodes: nil, uid: Self.uid, gid: Self.uid)
            #expect(try space.upper.names().isEmpty && space.work.names().isEmpty)
            try space.upper.makeDirectory("used")
            let again = try #require(try await store.find(attempt(UInt64(number))))
            #expect(try again.upper.status().isSameFile(as: space.upper.status()))
            if number % 2 == 0 { try await store.remove(attempt(UInt64(number))) }
        }
        #expect(await store.attempts() == Set([1, 3, 5].map(attempt)))
        await #expect(throws: ImageError.self) { try await store.tearDown() }
        for number in [1, 3, 5] { try await store.remove(attempt(UInt64(number))) }
        try await store.tearDown()
        #expect(try place.leavesNoMountOrLoop)
    }

    @Test func runningAttemptsAreAdoptedAndOthersSwept() async throws {
        let place = try StorePlace()
        let store = try await ScratchStore.open(place.scratchSettings, running: [])
        for number in 1...3 {
            let space = try await store.take(
                for: attempt(UInt64(number)), kind: .disk, bytes: .mebibytes(8), inodes: nil, uid: Self.uid, gid: Self.uid)
            try space.upper.makeDirectory("of-\(number)")
        }
        await #expect(throws: ImageError.self, "two daemons on one scratch") {
            try await ScratchStore.open(place.scratchSettings, running: [])
        }
        try await store.close()
        let again = try await ScratchStore.open(place.scratchSettings, running: [attempt(2)])
        #expect(await again.attempts() == [attempt(2)])
        #expect(try await again.find(attempt(2))?.upper.names() == ["of-2"])
        #expect(try await again.find(attempt(1)) == nil)
        let names = try Descriptor.open(place.path + "/scratch/mount", .directory).names()
        #expect(names.filter { !$0.hasPrefix("ready-") } == [attempt(2).description])
        try await again.remove(attempt(2))
        try await again.tearDown()
        #expect(try place.leavesNoMountOrLoop)
    }

    @Test func aDamagedImageIsMadeAnew() async throws {
        let place = try StorePlace()
        let store = try await ScratchStore.open(place.scratchSettings, running: [])
        try await store.tearDown()
        try Descriptor.open(place.path + "/scratch/scratch.btrfs", .readWrite).truncate(to: 1 << 20)
        try await withStore(place) { store in
            let space = try await store.take(for: attempt(1), kind: .disk, bytes: .mebibytes(8), inodes: nil, uid: Self.uid, gid: Self.uid)
            try space.upper.makeDirectory("works")
        }
    }

    /// A mount namespace that was copied while the image was mounted keeps it, and its loop device, alive: a second device on the same file would
    /// be a second file system writing over the first.
    @Test func anImageThatIsHeldElsewhereGetsNoSecondDevice() async throws {
        let place = try StorePlace()
        let store = try await ScratchStore.open(place.scratchSettings, running: [])
        _ = try await store.take(for: attempt(1), kind: .disk, bytes: .mebibytes(8), inodes: nil, uid: Self.uid, gid: Self.uid)
            .upper.makeDirectory("before")
        // What other tests have mounted it lets go, or their stores could not be taken down.
        let script = """
            awk -v own=\(place.path) '$5 ~ "/berth-images-" && index($5, own) != 1 { print $5 }' /proc/self/mountinfo |
            while read -r other; do umount -l "$other"; done
            exec sleep 600
            """
        let holder = try Spawn(
            path: "/usr/bin/unshare", arguments: ["unshare", "-m", "sh", "-c", script], environment: ["PATH": "/usr/sbin:/sbin:/usr/bin:/bin"]
        ).run()
        defer {
            try? holder.signal(9)
            _ = try? holder.wait()
        }
        let own = try readLink("/proc/self/ns/mnt")
        for _ in 0..<1_000 where (try? readLink("/proc/\(holder.pid)/ns/mnt")) ?? own == own { try await Task.sleep(for: .milliseconds(10)) }
        try await store.close()
        try Mount.detach(place.path + "/scratch/mount", lazily: true)
        #expect(try MountTable().entries.allSatisfy { !$0.mountPoint.hasPrefix(place.path) })

        let again = try await ScratchStore.open(place.scratchSettings, running: [attempt(1)])
        let image = place.path + "/scratch/scratch.btrfs"
        let devices = (0..<64).filter { LoopDevice.backingFile(of: $0)?.hasPrefix(image) == true }
        #expect(devices.count == 1, "\(devices)")
        #expect(try await again.find(attempt(1))?.upper.names() == ["before"])
        try holder.signal(9)
        try await again.remove(attempt(1))
        try await again.tearDown()
        #expect(try place.leavesNoMountOrLoop)
    }

    @Test func nobodyElseReachesScratch() async throws {
        let place = try StorePlace()
        try await withStore(place) { store in
            _ = try await store.take(for: attempt(1), kind: .disk, bytes: .mebibytes(8), inodes: nil, uid: Self.uid, gid: Self.uid)
            for path in ["/scratch", "/scratch/mount", "/scratch/mount/1#1/upper"] {
                let arguments = [
                    "setpriv", "--reuid", "\(Self.uid)", "--regid", "\(Self.uid)", "--clear-groups", "--", "ls", place.path + path,
                ]
                #expect(
                    try Spawn(path: "/usr/bin/setpriv", arguments: arguments, environment: ["PATH": "/usr/bin:/bin"]).run().wait()
                        != .exited(0))
            }
        }
    }

    private func withStore(_ place: StorePlace, _ body: (ScratchStore) async throws -> Void) async throws {
        let store = try await ScratchStore.open(
            ScratchSettings(root: place.path + "/scratch", prepared: 1, forced: .subvolumeQuota), running: [])
        try await body(store)
        for attempt in await store.attempts() { try await store.remove(attempt) }
        try await store.tearDown()
        #expect(try place.leavesNoMountOrLoop)
    }
}

extension StorePlace {
    /// Waits for what ends in the background.
    var leavesNoMountOrLoop: Bool {
        get throws {
            for _ in 0..<6_000 {
                let mounts = try MountTable().entries.filter { $0.mountPoint.hasPrefix(path) }
                let loops = (0..<64).filter { LoopDevice.backingFile(of: $0)?.hasPrefix(path) == true }
                if mounts.isEmpty, loops.isEmpty { return true }
                Thread.sleep(forTimeInterval: 0.01)
            }
            return false
        }
    }
}
