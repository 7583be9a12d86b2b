import Foundation
import Images
import JobModel
import LinuxSys
import OCISpec
import TestSupport
import Testing

private let isRoot = ProcessContext.effectiveUser == 0

@Suite("Sandbox of the import helper", .enabled(if: isRoot, "needs root"))
struct HelperSandboxTests {
    @Test func theReaderOfTheArchiveCanDoNoHarm() async throws {
        let place = try StorePlace()
        let store = try await place.open()
        // Zeros after the end of the tar keep it busy: they are unpacked and hashed, not written.
        let bytes = TarBuilder.make { $0.file("x") }
        let archive = try place.archive(bytes)
        try archive.truncate(to: 8 << 30)
        let name = try #require(ImageReference("x"))
        let importing = Task { try await store.importArchive(archive, as: name, owner: .operators) }
        let (supervisor, reader) = try await findHelper()
        defer { try? ProcessHandle(pid: supervisor).signal(9) }
        try await waitForFilter(reader)
        let status = try fields(reader)
        let base = String(ImageStoreSettings.defaultBase)
        #expect(status["Uid"] == [base, base, base, base] && status["Gid"] == [base, base, base, base])
        // CHOWN, DAC_OVERRIDE, FOWNER and FSETID, over the ids of images only.
        #expect(
            status["CapEff"] == ["000000000000001b"] && status["CapPrm"] == ["000000000000001b"] && status["CapInh"] == ["0000000000000000"]
        )
        #expect(status["NoNewPrivs"] == ["1"] && status["Seccomp"] == ["2"])
        #expect(status["NSpid"]?.count == 2 && status["NSpid"]?.last == "1")
        for kind in ["user", "pid", "mnt", "net", "ipc", "uts", "cgroup"] {
            #expect(try readLink("/proc/\(reader)/ns/\(kind)") != readLink("/proc/self/ns/\(kind)"), "\(kind)")
        }
        #expect(try Descriptor.open("/proc/\(reader)/root", .directory).names().isEmpty)
        #expect(try Descriptor.open("/proc/\(reader)/fd", .directory).names().allSatisfy { (Int($0) ?? 99) <= 8 })
        let limits = try readTextFile("/proc/\(reader)/limits")
        #expect(limits.contains("Max address space         \(ImportLimits().memoryBytes)"))
        #expect(limits.contains("Max cpu time              \(ImportLimits().cpuSeconds)"))
        // Its end is the import's end, and nothing stays.
        try ProcessHandle(pid: supervisor).signal(9)
        await #expect(throws: ImageError.self) { try await importing.value }
        #expect(try place.isEmpty)
        for _ in 0..<6_000 where (try? ProcessHandle(pid: reader))?.isAlive == true { try await Task.sleep(for: .milliseconds(10)) }
        #expect((try? ProcessHandle(pid: reader))?.isAlive != true)
    }

    /// The helper that is a child of ours, and its child.
    private func findHelper() async throws -> (supervisor: Int32, reader: Int32) {
        let own = Int32(ProcessInfo.processInfo.processIdentifier)
        for _ in 0..<20_000 {
            for supervisor in children(of: own) where name(of: supervisor) == "berth-helper" {
                if let reader = children(of: supervisor).first, (try? Descriptor.open("/proc/\(supervisor)/fd/4", .path)) == nil {
                    return (supervisor, reader)
                }
            }
            try await Task.sleep(for: .milliseconds(5))
        }
        throw SystemError("find helper", errno: 0, detail: "there is none")
    }

    private func waitForFilter(_ pid: Int32) async throws {
        for _ in 0..<20_000 {
            if try fields(pid)["Seccomp"] == ["2"] { return }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    private func children(of parent: Int32) -> [Int32] {
        let numbers = ((try? Descriptor.open("/proc", .directory).names()) ?? []).compactMap { Int32($0) }
        return numbers.filter { (try? fields($0))?["PPid"] == [String(parent)] }
    }

    private func name(of pid: Int32) -> String { (try? fields(pid))?["Name"]?.first ?? "" }

    private func fields(_ pid: Int32) throws -> [String: [String]] {
        var found: [String: [String]] = [:]
        for line in try readTextFile("/proc/\(pid)/status").split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 1)
            if parts.count == 2 { found[String(parts[0])] = parts[1].split(whereSeparator: \.isWhitespace).map(String.init) }
        }
        return found
    }
}
