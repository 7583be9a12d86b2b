import HeapModule
import JobModel

extension State {
    /// The pool is what nobody holds exclusively. It is told in front of all starts: what it loses goes to them, and what it gains has no owner any more.
    mutating func tellPool(_ pass: inout Pass) {
        for position in pass.shared { setPool(&pass.plan.decisions[position]) }
        guard machine.sharedMillis > 0 else {
            announcedPool = nil
            return
        }
        guard announcedPool != machine.freeCpus else { return }
        announcedPool = machine.freeCpus
        pass.plan.decisions.insert(.poolChanged(machine.freeCpus), at: 0)
    }

    /// Exclusive starts later in the same plan took from the pool.
    private mutating func setPool(_ decision: inout Plan.Decision) {
        switch decision {
        case .start(let task, var placement):
            placement.cpus = machine.freeCpus
            attempts[task]?.placement = placement
            decision = .start(task, placement)
        case .resume(let id, var placement):
            placement.cpus = machine.freeCpus
            attempts[id.task]?.placement = placement
            decision = .resume(id, placement)
        default: break
        }
    }

    func tellTimes(_ pass: inout Pass) {
        var delays: [Int64] = []
        if let timer = timers.min { delays.append((timer.at - pass.now.wall).milliseconds) }
        if let reserve = pass.reserve {
            let start = reserve.isKnown ? BootTime(nanoseconds: reserve.start) : nil
            pass.plan.reservations.append(Plan.Reservation(task: reserve.task, start: start, wall: reserve.wall))
            if reserve.isKnown, reserve.start > pass.now.boot.nanoseconds { delays.append(Self.milliseconds(pass.window)) }
        }
        // `passTimers` removed what is due, so that a delay is never zero.
        if let delay = delays.min() { pass.plan.wakeAfter = TimeSpan(milliseconds: delay) }
    }

    /// When the task is expected to start, from the last plan's reservation; nil: not known.
    func reservedStart(_ task: TaskID) -> WallTime? { reserve?.task == task ? reserve?.wall : nil }
}
