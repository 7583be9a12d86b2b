import API
import LinuxSys
import Testing

@testable import Inspection

/// What `smaps` says, and what of it may be read.
@Suite struct MappingTests {
    private static let text = """
        55d0c0000000-55d0c0002000 r-xp 00001000 fe:00 1234                       /usr/bin/a b
        Size:                  8 kB
        Rss:                   4 kB
        Pss:                   2 kB
        Anonymous:             0 kB
        Swap:                  0 kB
        VmFlags: rd ex mr mw me
        55d0c1000000-55d0c1003000 rw-p 00000000 00:00 0                          [heap]
        Rss:                  12 kB
        Pss:                  12 kB
        Anonymous:            12 kB
        Swap:                  4 kB
        VmFlags: rd wr mr mw me ac
        7f0000000000-7f0000004000 rw-p 00000000 00:00 0
        Rss:                   0 kB
        VmFlags: rd wr um
        7f0000010000-7f0000012000 r--s 00000000 00:2b 3                          /stuck/file
        VmFlags: rd sh
        7fff00000000-7fff00001000 r--p 00000000 00:00 0                          [vvar]
        VmFlags: rd pf de dd

        """
    private let mappings = Mappings(text: Self.text)
    private let systems = FileSystems(
        host: "30 1 254:0 / / rw - ext4 /dev/vda rw\n31 30 0:43 / /stuck rw - fuse.stuck stuck rw\n", sharedMemory: DeviceNumber(major: 0, minor: 1))

    @Test func everyMappingIsReadWithItsSizes() throws {
        try #require(mappings.all.count == 5)
        let (program, heap) = (mappings.all[0], mappings.all[1])
        #expect(program.range == 0x55d0_c000_0000..<0x55d0_c000_2000 && program.rights == "r-xp" && program.offset == 0x1000)
        #expect(program.device == "254:0" && program.inode == 1234 && program.path == "/usr/bin/a b" && program.isFile && program.isPrivate)
        #expect(heap.resident == 12 << 10 && heap.swapped == 4 << 10 && heap.anonymous == 12 << 10 && !heap.isFile)
        #expect(mappings.all[3].device == "0:43" && !mappings.all[3].isPrivate)
    }

    /// A path of a job's making is no line of its own, and no field.
    @Test(arguments: [
        "", "x", "1-2", "2-1 rwxp 0 0:0 0", "1-2 rwx 0 0:0 0", "1-2 rwxp 0 0 0", "1-2 rwxp 0 0:0 x", "g-h rwxp 0 0:0 0", "-2 rwxp 0 0:0 0",
    ])
    func othersAreNone(line: Substring) { #expect(Mapping(line) == nil) }

    @Test func whatMustNotBeReadIsNamed() {
        let found = mappings.all.map { $0.refusal(systems) }
        #expect(found == [nil, nil, "under userfaultfd", "a file of fuse.stuck", "a page of the kernel's"])
    }

    @Test(arguments: [
        ("rd wr", nil), ("wr", "not readable"), ("rd io", "a device"), ("rd pf", "a device"), ("rd um", "under userfaultfd"),
        ("rd uw", "under userfaultfd"), ("rd ui", "under userfaultfd"), ("rd dd", "not to be dumped, as the program asked (MADV_DONTDUMP)"),
    ])
    func flagsDecide(flags: String, why: String?) throws {
        let mapping = try #require(Mappings(text: "1000-2000 rw-p 0 00:00 0\nVmFlags: \(flags)\n").all.first)
        #expect(mapping.refusal(systems) == why)
    }

    /// One that nobody knows may be anybody's.
    @Test func filesOfUnknownFileSystemsAreNotRead() throws {
        let mapping = try #require(Mappings(text: "1000-2000 rw-s 0 00:63 7 /x\nVmFlags: rd\n").all.first)
        #expect(mapping.refusal(systems) == "a file of an unknown file system")
        let memory = try #require(Mappings(text: "1000-2000 rw-s 0 00:01 7 /memfd:x\nVmFlags: rd\n").all.first)
        #expect(memory.refusal(systems) == nil)
    }

    /// The job's own table does not overrule the machine's.
    @Test func theMachinesMountsComeFirst() throws {
        var systems = systems
        systems.add("90 1 0:43 / /mine rw - ext4 x rw\n91 1 0:44 / /own rw - tmpfs x rw\n")
        #expect(mappings.all[3].refusal(systems) == "a file of fuse.stuck")
        #expect(try #require(Mappings(text: "1000-2000 rw-s 0 00:2c 7 /own/x\nVmFlags: rd\n").all.first).refusal(systems) == nil)
    }

    @Test func wordsAreReadFromHarmlessMemoryAlone() {
        #expect(mappings.hindrance(in: 0x55d0_c100_0000..<0x55d0_c100_0010) == nil)
        #expect(mappings.hindrance(in: 0x7f00_0000_3ff0..<0x7f00_0000_4000) == "under userfaultfd")
        #expect(mappings.hindrance(in: 0x7f00_0001_0000..<0x7f00_0001_0001) == "a file's (/stuck/file)")
        #expect(mappings.hindrance(in: 0x1000..<0x2000) == "not mapped")
    }

    @Test func theyAreAddedUpByWhatIsMapped() {
        let lines = (0..<40).map {
            "\(String(4096 * (10 + 2 * $0), radix: 16))-\(String(4096 * (11 + 2 * $0), radix: 16)) r--p 0 08:01 9 /lib/\($0 / 2)\nRss: \($0) kB\n"
        }
        let summary = Mappings(text: lines.joined()).summary
        #expect(summary.mappings == 40 && summary.mapped == 40 * 4096 && summary.resident == 780 << 10)
        #expect(
            Mappings(text: lines.joined()).all[1].shown == InspectedRange(start: 0xC000, end: 0xD000, rights: "r--p", what: "/lib/0", resident: 1024))
        #expect(summary.largest.count == 20 && summary.mappingsOmitted == nil)
        #expect(summary.largest.first == InspectedMapping(what: "/lib/19", mappings: 2, mapped: 8192, resident: 77 << 10))
    }
}
