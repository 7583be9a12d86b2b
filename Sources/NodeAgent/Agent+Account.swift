import Cgroups
import Containers
public import JobModel

extension Agent {
    public func account(of attempts: [AttemptID]) async -> MachineAccount? {
        // Before any is adopted, what an earlier daemon started has groups, but nobody who watches over it.
        var found: [AttemptID: Usage] = [:]
        for id in attempts {
            if let supervisor = supervisor(of: id) { found[id] = await supervisor.usageSoFar() } else { found[id] = await inheritedUsage(id) }
        }
        let (groups, used) = (services.groups, found)
        return try? await services.work.run {
            MachineAccount(name: groups.name, identity: try groups.identity(), usage: groups.usage(), attempts: used)
        }
    }

    private func inheritedUsage(_ id: AttemptID) async -> Usage? {
        guard services.inherited.contains(id) else { return nil }
        let (services, name) = (services, containerName(id))
        return try? await services.work.run {
            try services.groups.open(services.runtime.groupName(of: name) ?? name)?.usage()
        } ?? Usage()
    }
}

extension Supervisor {
    /// Nothing before the attempt has groups.
    func usageSoFar() async -> Usage? {
        if isFinished { return observation.usage ?? Usage() }
        guard let group else { return Usage() }
        return try? await services.work.run { group.usage() }
    }
}
