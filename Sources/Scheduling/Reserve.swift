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

    var isKnown: Bool { start != .max }
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
}

extension State {
    /// The earliest time at which a claim fits according to the time limits of what runs, and what is left then (EASY).
    mutating func reserve(_ claim: Claim, now: Instant) -> Reserve {
        var room = machine.free
        var missing = claim.instances.enumerated().map { resource, chosen in chosen.filter { !machine.instancesFree[resource][$0] } }
        var cores = claim.cores.map { machine.freeCpus.intersection($0.allowed).count } ?? 0
        var released = 0
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
            kept: known ? Machine.Kept(cpus: CpuSet(cpus), instances: claim.instances) : Machine.Kept())
    }

    /// Rounded up, so that whoever wakes then finds the moment passed.
    static func milliseconds(_ nanoseconds: Int64) -> Int64 { nanoseconds / 1_000_000 + (nanoseconds % 1_000_000 > 0 ? 1 : 0) }
}
