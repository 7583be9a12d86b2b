import Glibc
import LinuxSys
import TestSupport

/// Feeds a target until its time is over. It runs in a process of its own, which a bad decoder may take along.
///
/// Each input is written to the page that it shares with its parent before it is read: that is what is left of it after a crash.
struct Worker {
    let target: FuzzTarget
    let seed: UInt64
    let seconds: Double
    let rounds: UInt64

    /// A finding ends it with this status; a crash with its signal.
    static let found: Int32 = 3
    /// Processor time for one input.
    private static let deadline = 10
    /// Address space on top of what the process has at the start.
    private static let memory: UInt = 1 << 30
    private static let keptInputs = 300

    func run(_ page: SharedInput) throws {
        try limitMemory()
        try target.prepare()
        var random = SeededGenerator(seed: seed)
        var pool = try Corpus.inputs(of: target)
        let mutator = Mutator(words: target.words)
        let began = Self.now()
        var accepted: UInt64 = 0
        var round: UInt64 = 0
        for input in pool {
            page.store(input, round: 0)
            _ = try read(input, round: 0)
        }
        while round < rounds, Self.now() - began < seconds {
            round += 1
            var input = Int.random(in: 0..<4, using: &random) == 0 || pool.isEmpty ? target.sample(&random) : pool.randomElement(using: &random) ?? []
            let other = pool.randomElement(using: &random) ?? target.sample(&random)
            mutator.mutate(&input, with: other, &random)
            if Int.random(in: 0..<4, using: &random) > 0 { target.repair(&input) }
            page.store(input, round: round)
            guard try read(input, round: round) else { continue }
            accepted += 1
            // What was taken is the start of what comes next.
            if pool.count < Self.keptInputs { pool.append(input) } else { pool[Int.random(in: 0..<pool.count, using: &random)] = input }
        }
        say("\(target.name): seed \(seed), \(round) inputs, \(accepted) taken")
    }

    /// Reads one input, as in the loop.
    func replay(_ input: [UInt8], _ page: SharedInput) throws {
        try limitMemory()
        try target.prepare()
        page.store(input, round: 0)
        say("\(target.name): \(try read(input, round: 0) ? "taken" : "refused")")
    }

    private func read(_ input: [UInt8], round: UInt64) throws -> Bool {
        setDeadline(Self.deadline)
        defer { setDeadline(0) }
        do {
            try target.read(input)
            return true
        } catch let violation as Violation {
            say("\(target.name): seed \(seed), input \(round): \(violation)")
            _exit(Self.found)
        } catch { return false }
    }

    /// SIGPROF counts the time that it computes, SIGALRM that it waits.
    private func setDeadline(_ seconds: Int) {
        var timer = itimerval()
        timer.it_value.tv_sec = seconds
        setitimer(__itimer_which_t(ITIMER_PROF.rawValue), &timer, nil)
        timer.it_value.tv_sec = seconds * 12
        setitimer(__itimer_which_t(ITIMER_REAL.rawValue), &timer, nil)
    }

    private func limitMemory() throws {
        let pages = try readTextFile("/proc/self/statm").split(separator: " ").first.flatMap { UInt($0) } ?? 0
        var limit = rlimit()
        limit.rlim_cur = pages * 4096 + Self.memory
        limit.rlim_max = limit.rlim_cur
        guard setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0 else { throw Violation("setrlimit: \(errno)") }
        // No core files of a decoder that fails.
        limit = rlimit()
        setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit)
    }

    private static func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
