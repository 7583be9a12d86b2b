import JobModel
import Logging
import Scheduling

/// Why nothing that takes disk should begin.
public struct DiskShortage: Sendable, Hashable {
    /// One line.
    public var text: String
    /// The database takes no more either: a submit is refused. Else it is taken, and waits.
    public var stopsSubmits: Bool

    public init(_ text: String, stopsSubmits: Bool) {
        self.text = text
        self.stopsSubmits = stopsSubmits
    }
}

extension Controller {
    /// Looks at the disk before a plan: while it is short nothing starts, and it is looked at again in a second. What runs goes on.
    func lookAtDisk() {
        let found = storageFailure.map { BrokenStore(reason: $0).description } ?? surroundings.diskShortage()?.text
        guard found != diskShortage else { return }
        if let found, diskShortage == nil { logger.warning("nothing starts while the disk is short", metadata: ["disk": "\(found)"]) }
        if found == nil { Task { await learnCapacity() } }
        if found == nil { logger.notice("the disk has room again") }
        diskShortage = found
        scheduler.apply(.startsHeld(found))
    }

    /// A daemon that was started on a full disk found less for scratch than there is now.
    private func learnCapacity() async {
        guard let found = await surroundings.scratchCapacity(), let known = scheduler.settings.scratchCapacity, found > known else { return }
        var settings = scheduler.settings
        settings.scratchCapacity = found
        scheduler.apply(.settings(settings))
        replan()
    }
}
