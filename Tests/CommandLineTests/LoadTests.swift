import API
import Client
import Foundation
import JobModel
import LinuxSys
import Synchronization
import TestSupport
import Testing

extension EndToEnd {
    /// A long queue and many clients at once: every request is answered, and the daemon's memory stays bounded. `BERTH_LOAD_SECONDS` makes it long,
    /// with 1,000,000 tasks and 200 clients; only then pages of the list are held to their time, which a busy machine would break.
    @Suite(.timeLimit(.minutes(60))) struct LoadTests {
        private static let seconds = ProcessContext.variable("BERTH_LOAD_SECONDS").flatMap(UInt64.init)
        private static let clients = seconds == nil ? 40 : 200
        private static let tasks = seconds == nil ? 100_000 : 1_000_000
        /// The most that the daemon may have resident; mostly what the records and their queue take.
        private static let memory: UInt64 = 400 << 20

        private struct Seen {
            /// How long pages of the list took, in nanoseconds.
            var pages: [UInt64] = []
            var requests = 0
            var accepted: Set<JobID> = []
            var cancelled: Set<JobID> = []
            var logBytes = 0
            var problems: [String] = []
        }

        /// A page without what the rows say: two hundred clients of a debug build that read all of it would take the machine from the daemon.
        private struct Page: Decodable {
            struct Row: Decodable { var id: JobID }
            var jobs: [Row]
            var next: JobID?
            var isInOrder: Bool { zip(jobs, jobs.dropFirst()).allSatisfy { $0.id < $1.id } && next.map { $0 == jobs.last?.id } ?? true }
        }

        private final class Record: Sendable { let seen = Mutex(Seen()) }

        @Test func everybodyIsAnswered() throws {
            let daemon = try TestDaemon(configuration: "requests:\n  connections: 1024\n  connections_per_user: 1024\n")
            try daemon.start()
            try daemon.prepare()
            let queued = try daemon.submit(["--hold", "--array", "0-\(Self.tasks - 1)", "--no-cwd", "--", "true"])
            let talker = try daemon.submit(["--no-cwd", "--cpu", "0.2", "--", "sh", "-c", "while :; do echo a line of its log; sleep 0.05; done"])
            try daemon.awaitLog(talker, "a line")
            let record = Record()
            let until = bootNanoseconds() + (Self.seconds ?? 8) * 1_000_000_000
            let running = DispatchGroup()
            for number in 0..<Self.clients {
                running.enter()
                let (socket, log) = (daemon.socket, JobID(talker))
                Thread.detachNewThread {
                    var random = SeededGenerator(seed: Seed.value &+ UInt64(number))
                    Self.ask(BerthClient(socketPath: socket), number, log, until, &random, record)
                    running.leave()
                }
            }
            running.wait()
            let result = record.seen.withLock { $0 }
            #expect(result.problems.isEmpty, "\(result.problems.prefix(5)) of \(result.problems.count)")
            // Each kind of client got something done.
            #expect(!result.pages.isEmpty && !result.accepted.isEmpty && !result.cancelled.isEmpty && result.logBytes > 0)
            let status = try readTextFile("/proc/\(daemon.pid)/status")
            let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") } ?? ""
            let resident = (UInt64(line.filter(\.isNumber)) ?? .max) << 10
            #expect(resident < Self.memory, "\(line)")
            let slow = result.pages.sorted()[result.pages.count * 99 / 100]
            print(
                "load: \(Self.clients) clients, \(result.requests) requests, \(result.pages.count) pages, their p99 \(slow / 1_000_000) ms,",
                "\(resident >> 20) MiB resident at most")
            if Self.seconds != nil { #expect(slow < 1_000_000_000, "99 of 100 pages come within a second") }
            // What was accepted is there, but what was cancelled.
            let living = Set(try daemon.berth("list --quiet").output.split(separator: "\n").compactMap { JobID(String($0)) })
            let own = Set([queued, talker].compactMap { JobID($0) })
            #expect(living == result.accepted.subtracting(result.cancelled).union(own))
            let findings = try daemon.end()
            #expect(findings.isEmpty, "\(findings)")
        }

        /// One client's day: a kind of request of its own, again and again.
        private static func ask(
            _ client: BerthClient, _ number: Int, _ log: JobID?, _ until: UInt64, _ random: inout SeededGenerator, _ record: Record
        ) {
            client.replyTimeout = 60_000
            var own: [JobID] = []
            while bootNanoseconds() < until {
                do {
                    switch number % 4 {
                    case 0:
                        let began = bootNanoseconds()
                        let request = ListRequest(expand: Bool.random(using: &random), limit: 100)
                        let page = try client.call(.list, query: request.query, as: Page.self)
                        let took = bootNanoseconds() - began
                        guard page.isInOrder else { throw TestDaemon.Failure(description: "a page that is not in order") }
                        record.seen.withLock { $0.pages.append(took) }
                    case 1:
                        var spec = JobSpec()
                        spec.command = ["true"]
                        spec.hold = true
                        let ids = try client.submit(SubmitRequest(jobs: [SubmittedSpec(spec)])).jobs.map(\.id)
                        own += ids
                        record.seen.withLock { $0.accepted.formUnion(ids) }
                        guard own.count > 3 else { break }
                        let id = own.remove(at: Int.random(in: 0..<own.count, using: &random))
                        _ = try client.act(.cancel, ActionRequest(Selection([TaskSelector(jobs: id.value...id.value)])))
                        _ = record.seen.withLock { $0.cancelled.insert(id) }
                    case 2:
                        guard let log else { return }
                        let stream = try client.rawLog(log, LogRequest(follow: true))
                        for _ in 0..<5 {
                            let count = try stream.next()?.count ?? 0
                            record.seen.withLock { $0.logBytes += count }
                        }
                        stream.close()
                    default:
                        guard let log else { return }
                        _ = try client.show(log)
                    }
                } catch {
                    record.seen.withLock { $0.problems.append("client \(number): \(error)") }
                    return
                }
                record.seen.withLock { $0.requests += 1 }
            }
        }
    }
}
