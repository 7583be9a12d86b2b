import JobModel
import LinuxSys
import Synchronization
import TestSupport
import Testing

@testable import NodeAgent

/// Slots of private daemons: leased from the top, given back when no file has an id of them any more.
@Suite final class SlotTableTests {
    private let place: TemporaryDirectory
    private let range: ClosedRange<UInt32> = 655_360...(655_360 + 4 * 65_536 - 1)

    init() throws { place = try TemporaryDirectory("slots") }
    deinit { place.remove() }

    private func table(_ name: String) throws -> SlotTable {
        if !Programs.exists(place(name)) { _ = try place.directory(name) }
        return SlotTable(
            range: range, directory: try .open(place(name), [.readOnly, .directory]), leaseDirectory: place("leases"), statePath: place(name))
    }

    private var leases: [String] { ((try? readTextFile(place("leases/leases"))) ?? "").split(separator: "\n").map(String.init) }

    /// A table of the machine's own, without leases.
    private func machineTable(_ name: String, holding text: String) throws -> SlotTable {
        _ = try place.directory(name)
        try place.write("\(name)/slots", text)
        return SlotTable(range: range, directory: try .open(place(name), [.readOnly, .directory]))
    }

    @Test func aBackupGivesUsersTheirSlotsBack() throws {
        let table = try machineTable("new", holding: "1000 0\n1005 2\n")
        let problems = try table.restore("1000 0\n1001 1\n1002 2\n1005 3\n")
        #expect(problems == ["slot 2 of user 1002 is user 1005's by now", "user 1005 has slot 2 by now and had 3 in the backup"])
        #expect(try readTextFile(place("new/slots")) == "1000 0\n1005 2\n1001 1\n")
        #expect(try table.slot(of: UserID(1001)) == 655_360 + 65_536)
        // Again: nothing is added twice.
        #expect(try table.restore("1001 1\n").isEmpty)
        #expect(try table.text() == "1000 0\n1005 2\n1001 1\n")
    }

    @Test func privateDaemonsLeaseAnew() throws {
        let table = try table("a")
        #expect(try table.restore("1000 0\n").isEmpty)
        #expect(try table.text().isEmpty)
    }

    @Test func givenBackAndTakenByOthers() throws {
        let first = try table("a")
        #expect(try first.slot(of: UserID(1000)) == 655_360 + 3 * 65_536)
        #expect(try first.slot(of: UserID(1001)) == 655_360 + 2 * 65_536)
        #expect(try table("b").slot(of: UserID(1000)) == 655_360 + 65_536)
        try first.returnLeases()
        #expect(leases == ["1 \(place("b"))"])
        #expect(try table("c").slot(of: UserID(7)) == 655_360 + 3 * 65_536)
        // The first daemon, started again, does not use what is another's now.
        #expect(try table("a").slot(of: UserID(1000)) == 655_360 + 2 * 65_536)
    }

    /// A daemon that died could not give anything back.
    @Test func deadLinesGoWithTheirDirectory() throws {
        _ = try table("dead").slot(of: UserID(1))
        _ = try table("living").slot(of: UserID(1))
        _ = try removeTree(at: try .open(place.path, [.readOnly, .directory]), "dead")
        let other = try table("other")
        try other.returnLeases()
        #expect(leases == ["2 \(place("living"))"])
        #expect(try other.slot(of: UserID(5)) == 655_360 + 3 * 65_536)
    }

    /// The table lies on tmpfs, the users' slots do not.
    @Test func aLeaseLostWithARebootIsTakenAgain() throws {
        let slot = try table("a").slot(of: UserID(1000))
        try Descriptor.open(place("leases"), [.readOnly, .directory]).unlink("leases")
        #expect(try table("b").slot(of: UserID(1)) == slot)
        #expect(throws: SlotTable.Failure.self) { try self.table("a").slot(of: UserID(1000)) }
        try table("b").returnLeases()
        #expect(try table("a").slot(of: UserID(1000)) == slot)
        #expect(leases == ["3 \(place("a"))"])
    }

    /// After a crash a user keeps the slot; after a reboot others may have come first.
    @Test func leasesAreRenewedAtTheStart() throws {
        let first = try table("a")
        let slots = try [UserID(1000), UserID(1001)].map { try first.slot(of: $0) }
        try first.renewLeases()
        #expect(try table("a").slot(of: UserID(1001)) == slots[1])
        try Descriptor.open(place("leases"), [.readOnly, .directory]).unlink("leases")
        #expect(try table("b").slot(of: UserID(5)) == slots[0])
        try table("a").renewLeases()
        #expect(try table("a").slot(of: UserID(1001)) == slots[1])
        #expect(try table("a").slot(of: UserID(1000)) == slots[1] - 65_536, "a new one: the old one is another's")
        #expect(Set(leases) == ["3 \(place("b"))", "2 \(place("a"))", "1 \(place("a"))"])
    }

    /// The table goes with the last lease, and its directory unless others have files there.
    @Test func nothingIsLeftWhenNobodyLeases() throws {
        let (first, second) = (try table("a"), try table("b"))
        _ = try first.slot(of: UserID(1))
        _ = try second.slot(of: UserID(1))
        try first.returnLeases()
        #expect(leases == ["2 \(place("b"))"])
        try second.returnLeases()
        #expect(!Programs.exists(place("leases")))
        // One that is open already makes them again.
        #expect(try first.slot(of: UserID(1)) == 655_360 + 3 * 65_536)
        #expect(leases == ["3 \(place("a"))"])
        let directory = try Descriptor.open(place("leases"), [.readOnly, .directory])
        _ = try directory.open(at: "berthd.sock", [.readWrite, .create])
        try first.returnLeases()
        #expect(try directory.names() == ["berthd.sock"])
    }

    private final class Found: Sendable { let slot = Mutex<UInt32?>(nil) }

    /// Whoever waits for the lock while the table is removed must not write into what has no name any more.
    @Test func aTableThatIsRemovedMeanwhileIsMadeAnew() throws {
        _ = try table("a").slot(of: UserID(1))
        let directory = try Descriptor.open(place("leases"), [.readOnly, .directory])
        let file = try directory.open(at: "leases", [.readWrite])
        _ = try file.lock(exclusive: true, wait: true)
        let waiting = try table("b")
        let found = Found()
        WorkQueue("waiting", width: 1).add { found.slot.withLock { $0 = try? waiting.slot(of: UserID(1)) } }
        // As `/proc/locks` shows those that wait: `-> FLOCK … device:inode …`.
        let inode = try file.status().inode
        try eventually("it waits for the lock") {
            try readTextFile("/proc/locks").split(separator: "\n").contains { $0.contains("-> FLOCK") && $0.contains(":\(inode) ") }
        }
        try directory.unlink("leases")
        try Descriptor.open(place.path, [.readOnly, .directory]).removeDirectory("leases")
        try file.unlock()
        eventually("the next slot is leased") { found.slot.withLock { $0 } == 655_360 + 3 * 65_536 }
        #expect(leases == ["3 \(place("b"))"])
    }

    /// A slot of the machine's daemon belongs to its user for ever.
    @Test func theMachinesSlotsAreNeverGivenBack() throws {
        _ = try place.directory("machine")
        let table = SlotTable(range: range, directory: try .open(place("machine"), [.readOnly, .directory]))
        #expect(try table.slot(of: UserID(1000)) == 655_360)
        try table.returnLeases()
        #expect(try table.slot(of: UserID(1001)) == 655_360 + 65_536)
        #expect(try table.slot(of: UserID(1000)) == 655_360)
    }
}
