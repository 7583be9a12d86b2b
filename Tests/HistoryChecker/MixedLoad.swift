import Foundation
import LinuxSys
import Synchronization
public import TestSupport

/// Clients that submit, hold, pause, cancel and look at random, each with one call after the other, and write down what they see.
public final class MixedLoad: Sendable {
    private struct State {
        var history = History()
        var number = 0
        /// The jobs that live, as last seen, and those submitted since.
        var living: [Int] = []
    }

    private let daemon: TestDaemon
    /// Where the tasks keep their journals.
    private let directory: String
    private let seed: UInt64
    private let state: Mutex<State>
    private let isOver = Mutex(true)
    private let running = DispatchGroup()
    /// Beyond this many living jobs nothing is submitted: what a small machine gets done while it is disturbed.
    private let most: Int

    private static let batches = ["day", "night"]

    /// - Parameter directory: an empty directory of the daemon's place.
    public init(_ daemon: TestDaemon, directory: String, seed: UInt64, atMost most: Int = 25) {
        (self.daemon, self.directory, self.seed, self.most) = (daemon, directory, seed, most)
        var state = State()
        // TestConfiguration's.
        state.history.licences = 2
        self.state = Mutex(state)
    }

    /// What was seen so far.
    public var history: History { state.withLock { $0.history } }

    /// Changes what was seen, such as at a power cut.
    public func change(_ body: @Sendable (inout History) -> Void) { state.withLock { body(&$0.history) } }

    /// Starts the clients.
    public func begin(clients: Int = 3) {
        isOver.withLock { $0 = false }
        for client in 0..<clients {
            running.enter()
            Thread.detachNewThread { [self] in
                var random = SeededGenerator(seed: seed &+ UInt64(client) &* 7919 &+ UInt64(state.withLock { $0.number }) &* 104_729)
                while !isOver.withLock({ $0 }) { step(&random) }
                running.leave()
            }
        }
    }

    /// Ends the clients and waits for their last calls.
    public func end() {
        isOver.withLock { $0 = true }
        running.wait()
    }

    /// Lifts every hold, waits for every job, and reads what came of them.
    public func settle(seconds: Int = 240) throws -> History {
        for batch in Self.batches {
            for act in [Sighting.Act.release, .resume] { _ = call(["batch", act.rawValue, batch], .act(act, .batch(batch))) }
        }
        let living = try daemon.berth("list --quiet").output.split(separator: "\n").map(String.init)
        for id in living {
            guard let job = Int(id) else { continue }
            for act in [Sighting.Act.release, .resume] { _ = call([act.rawValue, id], .act(act, .job(job))) }
        }
        if !living.isEmpty { try daemon.berth(["wait", "--timeout", "\(seconds)s"] + living, seconds: Int32(seconds + 30)) }
        var result = history
        try result.readRecords(of: daemon)
        try result.readJournals(in: directory)
        return result
    }

    // MARK: A client

    private func step(_ random: inout SeededGenerator) {
        let jobs = state.withLock { $0.living }
        switch Int.random(in: 0..<20, using: &random) {
        case 0..<6: submit(&random)
        case 6..<14:
            guard let job = jobs.randomElement(using: &random) else { return submit(&random) }
            act(on: job, &random)
        case 14..<16:
            let acts: [Sighting.Act] = [.hold, .release, .release, .pause, .resume, .resume]
            guard let batch = Self.batches.randomElement(using: &random), let act = acts.randomElement(using: &random) else { return }
            _ = call(["batch", act.rawValue, batch], .act(act, .batch(batch)))
        case 16..<19:
            guard let job = jobs.randomElement(using: &random) else { return submit(&random) }
            look(at: job)
        default: count()
        }
    }

    private func count() {
        guard let listed = try? daemon.berth("list --quiet"), listed.status == 0 else { return }
        state.withLock { $0.living = listed.output.split(separator: "\n").compactMap { Int($0) } }
    }

    /// What stands still holds up the load: some of it goes on.
    private func makeRoom(_ random: inout SeededGenerator) {
        count()
        for job in state.withLock({ $0.living }).shuffled(using: &random).prefix(3) {
            for act in [Sighting.Act.release, .resume] { _ = call([act.rawValue, "\(job)"], .act(act, .job(job))) }
        }
        guard let batch = Self.batches.randomElement(using: &random) else { return }
        for act in [Sighting.Act.release, .resume] { _ = call(["batch", act.rawValue, batch], .act(act, .batch(batch))) }
    }

    private func act(on job: Int, _ random: inout SeededGenerator) {
        let acts: [Sighting.Act] = [.hold, .hold, .release, .release, .release, .pause, .pause, .resume, .resume, .resume, .cancel]
        guard let act = acts.randomElement(using: &random) else { return }
        _ = call([act.rawValue, "\(job)"], .act(act, .job(job)))
    }

    private func look(at job: Int) {
        let began = bootNanoseconds()
        guard let seen = try? daemon.show("\(job)"), let kind = Sighting.Kind.look(seen) else { return rest() }
        note(Sighting(kind, began: began, ended: bootNanoseconds()))
    }

    private func submit(_ random: inout SeededGenerator) {
        let (number, isFull) = state.withLock { state in
            if state.living.count >= most { return (0, true) }
            state.number += 1
            return (state.number, false)
        }
        if isFull { return makeRoom(&random) }
        let (order, words) = Self.order(number, &random)
        state.withLock { $0.history.orders.append(order) }
        let isHeld = words.contains("--hold")
        let began = bootNanoseconds()
        let result = try? daemon.berth(["submit", "--quiet", "--name", order.name] + words, in: directory, seconds: 60)
        let job = result?.status == 0 ? result.flatMap { Int($0.line) } : nil
        note(Sighting(.submit(order: order.name, job: job, isHeld: isHeld), began: began, ended: bootNanoseconds(), isAcknowledged: job != nil))
        if let job { state.withLock { $0.living.append(job) } } else { rest() }
    }

    private func call(_ words: [String], _ kind: Sighting.Kind) -> Bool {
        let began = bootNanoseconds()
        let words = words[0] == "cancel" ? ["cancel", "--yes"] + words.dropFirst() : words
        let isDone = (try? daemon.berth(words, seconds: 60))?.status == 0
        note(Sighting(kind, began: began, ended: bootNanoseconds(), isAcknowledged: isDone))
        return isDone
    }

    private func note(_ sighting: Sighting) { state.withLock { $0.history.sightings.append(sighting) } }

    /// While the daemon is away calls fail at once.
    private func rest() { sleepBlocking(nanoseconds: 30_000_000) }
}
