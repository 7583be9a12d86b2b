import Cgroups
public import JobModel
import LinuxSys

extension Agent {
    /// What running attempts use now, at least those that are wanted. Many who ask within a moment share one reading.
    public func currentUse(of wanted: some Sequence<AttemptID>) async -> [AttemptID: CurrentUse] {
        let now = services.clock.now().boot
        // One that started since would be missing in it.
        if let last = lastUse, now - last.at < Self.useIsFresh, wanted.allSatisfy(last.attempts.contains) { return await last.reading.value }
        let watched = supervisors
        let reading = Task { [services] in
            var groups: [AttemptID: AttemptGroup] = [:]
            for (id, supervisor) in watched { groups[id] = await supervisor.runningGroup }
            let found = groups
            let read = try? await services.blocking.run { found.mapValues { $0.currentUse(at: services.clock.now().boot) } }
            return read ?? [:]
        }
        lastUse = (now, Set(watched.keys), reading)
        return await reading.value
    }

    private static let useIsFresh = TimeSpan(milliseconds: 250)
}

extension Supervisor {
    /// Its groups, while there is something in them to count.
    var runningGroup: AttemptGroup? { isFinished ? nil : group }
}
