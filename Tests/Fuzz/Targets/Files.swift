import Foundation
import JobModel
import JobStore
import LinuxSys
import OCISpec
import TestSupport

/// What lies in files: records of the database, image documents, the kernel's mount table, the filter's policy.
extension FuzzTarget {
    /// A key, and the value behind it.
    static let storedRecords = FuzzTarget(
        name: "stored-record",
        sample: { random in
            let entries: [StoreEntry] = [
                .job(Sample.job(7, array: IntervalSet(0...99))), .tasks(JobID(7), Sample.table(IntervalSet([1, 5, 9]))),
                .attempt(Sample.attempt(7, 3)), .observation(Sample.observation(7, 0)), .batch(BatchRecord(id: BatchID(owner: UserID(5), name: "b"))),
                .counter(.jobs, .max),
            ]
            let entry = entries.randomElement(using: &random) ?? .counter(.jobs, 1)
            let key = entry.key.packed
            return switch Int.random(in: 0..<5, using: &random) {
            case 0: [0] + Sample.ledgerAttempt(Sample.attemptID(1)).packed
            case 1: [0] + Sample.ledgerJob(1).packed
            case 2: [0] + Sample.event(1).packed
            default: [UInt8(truncatingIfNeeded: key.count)] + key + entry.packedValue
            }
        }
    ) { bytes in
        guard let count = bytes.first.map(Int.init), bytes.count > count else { throw PackingError("no key") }
        let value = Array(bytes[(count + 1)...])
        guard count == 0 else {
            let entry = try StoreEntry(key: try StoreKey(packed: Array(bytes[1...count])), packedValue: value)
            return try mustEqual(entry, try StoreEntry(key: entry.key, packedValue: entry.packedValue), "entry")
        }
        let attempt = try? LedgerAttempt(packed: value)
        if let attempt { try mustEqual(attempt, try LedgerAttempt(packed: attempt.packed), "attempt") }
        if let job = try? LedgerJob(packed: value) { try mustEqual(job, try LedgerJob(packed: job.packed), "job") }
        let event = try Event(packed: value)
        try mustEqual(event, try Event(packed: event.packed), "event")
    }

    static let imageConfig = FuzzTarget(
        name: "image-config",
        words: [
            "null", "true", "{}", "[]", "\"", "\\u0000", "..", "/", ":", ",", "{", "}", "User", "Env", "sha256:", "SIGRTMAX+1", "layers", "diff_ids",
        ]
    ) { bytes in
        let data = Data(bytes)
        _ = try? JSONDecoder().decode(ImageManifest.self, from: data)
        _ = try? JSONDecoder().decode(ImageIndex.self, from: data)
        let raw = try JSONDecoder().decode(RawImageConfig.self, from: data)
        do {
            let config = try ImageConfig(validating: raw, machine: "amd64")
            try mustEqual(config, try JSONDecoder().decode(ImageConfig.self, from: JSONEncoder().encode(config)), "config")
        } catch {
            if error is Violation { throw error }
            try mustBeOneLine("\(error)")
            throw error
        }
    }

    /// Mount points of FUSE file systems are named by users.
    static let mountTable = FuzzTarget(name: "mount-table", words: [" ", "\n", " - ", "\\040", "\\", "/", ":", "rw", "\u{0}"]) { bytes in
        let table = MountTable(text: String(decoding: bytes, as: UTF8.self))
        _ = table.holding("/srv/a/b")
        if table.entries.isEmpty { throw SystemError("parse", errno: 22) }
    }

    static let seccompProfile = FuzzTarget(
        name: "seccomp-profile", sample: { _ in Corpus.files("Config/seccomp").first.map { Array($0.prefix(20_000)) } ?? [] },
        words: ["SCMP_ACT_ALLOW", "SCMP_CMP_MASKED_EQ", "null", "{}", "[]", "]}", "\"", "-1", "65536"]
    ) { bytes in
        do { _ = try SeccompProfile(json: bytes) } catch {
            try mustBeOneLine("\(error)")
            throw error
        }
    }
}
