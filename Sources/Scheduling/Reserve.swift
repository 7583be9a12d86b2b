import JobModel

/// The promise to the first in line that cannot start: when it will, and what must be left for it then.
struct Reserve: Sendable {
    let task: TaskID
    let order: Order?
    /// Nanoseconds on the boot clock; `Int64.max`: not known, because frozen attempts hold what it needs.
    let start: Int64
    /// Of the estimate.
    let wall: WallTime?
    /// What is left at `start` for those that run longer.
    var extra: ResourceVector
    /// CPUs and instances that those that run longer must not take.
    let kept: Machine.Kept
    /// What is left under the limits that count the job, so that nobody uses them up and it keeps its reservation.
    var books: [BookRoom]

    var isKnown: Bool { start != .max }

    /// Whether a start leaves the limits open for the one that waits.
    func leavesLimits(_ need: ResourceVector, countedIn positions: [Int]) -> Bool {
        books.allSatisfy { !positions.contains($0.position) || (1 <= $0.tasks && need.cpu <= $0.cpu && need.memory <= $0.memory) }
    }

    /// Books a start.
    mutating func use(_ need: ResourceVector, countedIn positions: [Int], outlasts: Bool) {
        if outlasts { extra -= need }
        for index in books.indices where positions.contains(books[index].position) {
            books[index].tasks -= 1
            books[index].cpu -= need.cpu
            books[index].memory -= need.memory
        }
    }
}

/// What a limit still admits beside the one that waits.
struct BookRoom: Sendable {
    let position: Int
    var tasks: Int64
    var cpu: Int64
    var memory: Int64

    init(_ book: LimitBook, at position: Int, for need: ResourceVector) {
        self.position = position
        tasks = book.limits.activeTasks.map { Int64($0 - book.tasks - 1) } ?? .endless
        cpu = book.limits.activeCores.map { Int64($0) * 1000 - book.cpu - need.cpu } ?? .endless
        memory = book.limits.activeMemory.map { Int64(capped: $0.count) - book.memory - need.memory } ?? .endless
    }
}

/// What the reservation is for.
struct Claim: Sendable {
    let task: TaskID
    let order: Order?
    let need: ResourceVector
    /// Instances chosen by name, by position of the resource.
    let instances: [Set<Int>]
    /// Of a resume: so many CPUs of these.
    var cores: (count: Int, allowed: CpuSet)?
    /// Positions of the limits that count it.
    var books: [Int] = []
}

extension State {
    /// The earliest time at which a claim fits according to the time limits of what runs, and what is left then (EASY).
    mutating func reserve(_ claim: Claim, now: Instant) -> Reserve {
        var room = machine.free
        var missing = claim.instances.enumerated().map { resource, chosen in chosen.filter { !machine.instancesFree[resource][$0] } }
        var cores = claim.cores.map { machine.freeCpus.intersection($0.allowed).count } ?? 0
        var released = 0
        let rooms = claim.books.map { BookRoom(books[$0], at: $0, for: claim.need) }
        func fits() -> Bool { claim.need.fits(in: room) && missing.allSatisfy(\.isEmpty) && cores >= (claim.cores?.count ?? 0) }
        var next = 0
        var start = now.boot.nanoseconds
        while next < profile.items.count, !fits() || max(start, profile.items[next].end) == start {
            start = max(start, profile.items[next].end)
            let holding = attempts[profile.items[next].task]!.holding
            room += machine.vector(holding)
            for (resource, list) in holding.instances.enumerated() { missing[resource].subtract(list) }
            if let allowed = claim.cores?.allowed {
                let local = holding.cpus.intersection(allowed).count
                cores += local
                released += local
            }
            next += 1
        }
        steps += next
        let known = fits()
        room -= claim.need
        let cpus = claim.cores.map { machine.freeCpus.intersection($0.allowed).members.suffix(max(0, $0.count - released)) } ?? []
        let wall = known ? now.wall + TimeSpan(milliseconds: Self.milliseconds(start - now.boot.nanoseconds)) : nil
        return Reserve(
            task: claim.task, order: claim.order, start: known ? start : .max, wall: wall, extra: room,
            kept: known ? Machine.Kept(cpus: CpuSet(cpus), instances: claim.instances) : Machine.Kept(), books: rooms)
    }

    /// Rounded up, so that whoever wakes then finds the moment passed.
    static func milliseconds(_ nanoseconds: Int64) -> Int64 { nanoseconds / 1_000_000 + (nanoseconds % 1_000_000 > 0 ? 1 : 0) }
}
