import Foundation
import JobModel
import LinuxSys
import Testing

@testable import Cgroups

/// Huge pages on trees of plain files: which files are written, and what is read.
@Suite struct HugePageTests {
    /// A group with the files of two sizes, those of the smaller with a limit of reservations.
    private func group(_ tree: FakeTree, _ version: CgroupVersion, _ more: [String: String] = [:]) throws -> GroupDirectory {
        let last = version == .v2 ? "max" : "limit_in_bytes"
        let files = ["hugetlb.2MB.\(last)", "hugetlb.2MB.rsvd.\(last)", "hugetlb.1GB.\(last)", "hugetlb.2MB.current", "memory.max", "tasks"]
        try tree.write(Dictionary(uniqueKeysWithValues: files.map { ("g/\($0)", "max\n") }))
        try tree.write(Dictionary(uniqueKeysWithValues: more.map { ("g/\($0.key)", $0.value) }))
        return try GroupDirectory(path: "\(tree.path)/g", version: version)
    }

    @Test(arguments: [CgroupVersion.v1, .v2]) func everySizeIsLimited(version: CgroupVersion) throws {
        let tree = try FakeTree()
        let group = try group(tree, version)
        let last = version == .v2 ? "max" : "limit_in_bytes"
        let sizes = HugePageLimit.sizes(of: group)
        #expect(sizes.map(\.size) == [.mebibytes(2), .gibibytes(1)] && sizes.map(\.limitsReservations) == [true, false])
        try HugePageLimit.apply([HugePages(size: .mebibytes(2), bytes: .mebibytes(64))], sizes, to: group)
        func found() throws -> [String] { try ["2MB", "2MB.rsvd", "1GB"].map { try tree.read("g/hugetlb.\($0).\(last)") } }
        #expect(try found() == ["67108864", "67108864", "0"])
        try HugePageLimit.apply([], sizes, to: group)
        #expect(try found() == ["0", "0", "0"], "what was not asked for is taken by nobody")
    }

    @Test func aSizeThatTheKernelDoesNotLimitIsRefused() throws {
        let tree = try FakeTree()
        let group = try group(tree, .v2)
        let error = #expect(throws: CgroupError.self) {
            try HugePageLimit.apply([HugePages(size: .mebibytes(32), bytes: .mebibytes(64))], HugePageLimit.sizes(of: group), to: group)
        }
        #expect(error?.description.contains("wanted 2 of 32M, found pages of 2M, 1G") == true, "\(String(describing: error))")
        #expect(try tree.read("g/hugetlb.2MB.max") == "max\n", "nothing was written")
    }

    @Test func aLimitThatDoesNotTakeIsAnError() throws {
        let tree = try FakeTree()
        _ = try group(tree, .v2)
        try Descriptor.open("\(tree.path)/g", .directory).unlink("hugetlb.1GB.max")
        // It takes what is written and shows something else.
        try FileManager.default.createSymbolicLink(atPath: "\(tree.path)/g/hugetlb.1GB.max", withDestinationPath: "/dev/null")
        let group = try GroupDirectory(path: "\(tree.path)/g", version: .v2)
        let error = #expect(throws: CgroupError.self) { try HugePageLimit.apply([], HugePageLimit.sizes(of: group), to: group) }
        #expect(error?.description.contains("set hugetlb.1GB.max") == true && error?.wanted == "0", "\(String(describing: error))")
    }

    @Test func usageIsReadFromEitherVersion() throws {
        let old = try FakeTree()
        let legacy = try group(
            old, .v1,
            [
                "hugetlb.2MB.limit_in_bytes": "67108864\n", "hugetlb.2MB.max_usage_in_bytes": "4194304\n", "hugetlb.2MB.failcnt": "3\n",
                "hugetlb.2MB.rsvd.failcnt": "2\n", "hugetlb.1GB.limit_in_bytes": "0\n", "hugetlb.1GB.max_usage_in_bytes": "0\n",
                "hugetlb.1GB.failcnt": "0\n",
            ])
        #expect(
            HugePageLimit.usage(HugePageLimit.sizes(of: legacy), of: legacy)
                == [HugePageUsage(size: .mebibytes(2), peak: .mebibytes(4), failures: 5)])
        let new = try FakeTree()
        let unified = try group(
            new, .v2,
            [
                "hugetlb.2MB.max": "0\n", "hugetlb.2MB.events": "max 0\n", "hugetlb.1GB.max": "0\n", "hugetlb.1GB.events": "max 7\n",
            ])
        #expect(
            HugePageLimit.usage(HugePageLimit.sizes(of: unified), of: unified) == [HugePageUsage(size: .gibibytes(1), failures: 7)],
            "one that was allowed none and tried none has no account")
    }
}
