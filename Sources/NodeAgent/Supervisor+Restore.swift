import Cgroups
import Containers
import JobModel

/// Jobs that go through a dump: docs/checkpoint.md.
extension Supervisor {
    /// The job is in a dump. Whoever restores it leaves the new PID 1 where the old one stood, and it is adopted from there; time limits stand still.
    func awaitRestore(_ name: String) async {
        if desired.record.stop != nil { return await stopUnread() }
        let groups = services.groups
        if group == nil { group = try? await services.work.run { try groups.open(name) } }
        if observation.state != .suspended {
            observation.pausedSince = observation.pausedSince ?? services.clock.now().boot
            observation.state = .suspended
            await report()
        }
        lookAgainLater()
    }

    /// It was dumped and restored while nobody looked: that is no time that it ran. Where it was seen in the dump, or paused before, the time counts
    /// from then; and where the restored one was seen it has been counted.
    func takeTimeOnDisk() async {
        let (runtime, name) = (services.runtime, containerName(id))
        guard observation.pausedSince == nil, let time = try? await services.work.run({ runtime.timeOnDisk(of: name) }) else { return }
        guard observation.monitor != time.monitor else { return }
        observation.pausedFor =
            observation.pausedFor + TimeSpan(milliseconds: Int64(clamping: (time.period.upperBound - time.period.lowerBound) / 1_000_000))
    }
}
