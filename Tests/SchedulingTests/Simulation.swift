import Foundation
import JobModel
import Scheduling

/// A workload played through the scheduler: at one moment all ends, then all submissions, then one plan.
struct Simulation {
    struct Item: Sendable {
        var id: UInt64
        var submit: Int64
        var run: Int64
        var limit: Int64
        var cores: Int
        var memory: UInt64 = 0
        var priority: Int = 0
    }

    /// When each job started, in the order of `items`, which are sorted by submission.
    static func starts(_ items: [Item], cores: Int, memory: UInt64 = 1 << 30) -> [Int64] {
        var state = State(shape: .uniform(cpus: cores, memory: Bytes(memory)), settings: State.Settings(reservedCores: 0))
        var starts = [Int64](repeating: -1, count: items.count)
        var ends: [Int64: [Int]] = [:]
        let submits = Dictionary(grouping: items.indices) { items[$0].submit }
        var moments = Set(submits.keys)
        while let now = moments.min() {
            moments.remove(now)
            for item in ends.removeValue(forKey: now) ?? [] {
                state.apply(.ended(AttemptID(TaskID(JobID(UInt64(item) + 1)), 1), .finished(.attempt(.succeeded))))
            }
            for item in submits[now] ?? [] { state.apply(.jobAdded(job(items[item], item), tasks: TaskTable(pending: IntervalSet([0])))) }
            for decision in state.plan(now: Fixture.now(now)).decisions {
                guard case .start(let task, let placement) = decision else { continue }
                let item = Int(task.job.value) - 1
                state.apply(.started(AttemptID(task, 1), placement, at: Fixture.boot(now)))
                starts[item] = now
                ends[now + items[item].run, default: []].append(item)
                moments.insert(now + items[item].run)
            }
        }
        return starts
    }

    private static func job(_ item: Item, _ position: Int) -> State.Job {
        State.Job(
            id: JobID(UInt64(position) + 1), user: UserID(1000), priority: item.priority, sequence: UInt64(position),
            demand: ResourceDemand(cores: item.cores, memory: Bytes(item.memory)), timeLimit: .seconds(item.limit))
    }

    /// The same by looking at every job at every moment: EASY as it is written down, for cores and memory.
    static func naiveStarts(_ items: [Item], cores: Int, memory: UInt64 = 1 << 30) -> [Int64] {
        var starts = [Int64](repeating: -1, count: items.count)
        var moments = Set(items.map(\.submit))
        while let now = moments.min() {
            moments.remove(now)
            let running = items.indices.filter { starts[$0] >= 0 && starts[$0] + items[$0].run > now }
            var freeCores = cores - running.reduce(0) { $0 + items[$1].cores }
            var freeMemory = Int64(memory) - running.reduce(0) { $0 + Int64(items[$1].memory) }
            var profile = running.map { (end: max(now, starts[$0] + items[$0].limit), item: $0) }
            var shadow: (time: Int64, cores: Int, memory: Int64)?
            let waiting = items.indices.filter { items[$0].submit <= now && starts[$0] < 0 }
            for item in waiting.sorted(by: { (-items[$0].priority, $0) < (-items[$1].priority, $1) }) {
                let want = items[item]
                let fits = want.cores <= freeCores && Int64(want.memory) <= freeMemory
                if let known = shadow {
                    let outlasts = now + want.limit > known.time
                    guard fits, !outlasts || (want.cores <= known.cores && Int64(want.memory) <= known.memory) else { continue }
                    if outlasts { shadow = (known.time, known.cores - want.cores, known.memory - Int64(want.memory)) }
                } else if !fits {
                    shadow = reservation(want, now, freeCores, freeMemory, profile, items)
                    continue
                }
                starts[item] = now
                freeCores -= want.cores
                freeMemory -= Int64(want.memory)
                profile.append((now + want.limit, item))
                moments.insert(now + want.run)
            }
        }
        return starts
    }

    private static func reservation(
        _ want: Item, _ now: Int64, _ cores: Int, _ memory: Int64, _ profile: [(end: Int64, item: Int)], _ items: [Item]
    ) -> (time: Int64, cores: Int, memory: Int64) {
        for time in Set(profile.map(\.end)).sorted() {
            let gone = profile.filter { $0.end <= time }
            let left = (cores + gone.reduce(0) { $0 + items[$1.item].cores }, memory + gone.reduce(0) { $0 + Int64(items[$1.item].memory) })
            if want.cores <= left.0, Int64(want.memory) <= left.1 { return (time, left.0 - want.cores, left.1 - Int64(want.memory)) }
        }
        return (.max, 0, 0)
    }
}

/// Published workloads beside the repository, where they are; they are not part of it.
enum Traces {
    /// `BERTH_TRACES`, or `../shared/traces` beside the repository.
    static let folder: URL? = {
        let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let named = ProcessInfo.processInfo.environment["BERTH_TRACES"].map { URL(fileURLWithPath: $0) }
        let folder = named ?? root.deletingLastPathComponent().appendingPathComponent("shared/traces")
        let needed = [folder.appendingPathComponent("KTH-SP2.swf.xz").path, "/usr/bin/xz"]
        return needed.allSatisfy(FileManager.default.fileExists) ? folder : nil
    }()

    static func lines(_ name: String) throws -> [Substring] {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/xz")
        process.arguments = ["-dc", folder!.appendingPathComponent(name).path]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return String(decoding: data, as: UTF8.self).split(separator: "\n")
    }

    /// The loader's rules stand in the header of the traces' reference simulator.
    static func load(_ name: String, first: Int) throws -> (items: [Simulation.Item], processors: Int) {
        var items: [Simulation.Item] = []
        var processors = 0
        for line in try lines(name) {
            if line.hasPrefix(";") {
                let words = line.split(separator: " ")
                if let at = words.firstIndex(where: { $0.hasSuffix("MaxProcs:") }), at + 1 < words.count {
                    processors = Int(words[at + 1]) ?? 0
                }
                continue
            }
            let fields = line.split(separator: " ").map { Int64(Double($0) ?? -1) }
            guard fields.count >= 9 else { continue }
            let cores = fields[7] > 0 ? fields[7] : fields[4]
            let limit = fields[8] > 0 ? fields[8] : fields[3]
            let run = min(fields[3], limit)
            guard fields[1] >= 0, run > 0, cores > 0, cores <= processors else { continue }
            items.append(Simulation.Item(id: UInt64(fields[0]), submit: fields[1], run: run, limit: limit, cores: Int(cores)))
        }
        let sorted = items.enumerated().sorted { ($0.element.submit, $0.offset) < ($1.element.submit, $1.offset) }.map(\.element)
        return (Array(sorted.prefix(first)), processors)
    }
}
