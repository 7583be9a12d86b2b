import Containers
import JobModel
import LinuxSys
import Synchronization

/// Id maps and the user namespaces that carry them, per submitter: each costs a clone, so it is made once.
public final class IdentityCache: Sendable {
    struct Identity: Sendable {
        let map: IdentityMap
        /// For lower layers.
        let layers: Descriptor
        /// For read-write binds.
        let binds: Descriptor
    }

    private struct Key: Hashable {
        let owner: Owner
        let base: UInt32
    }

    private let slots: SlotTable
    private let known: Mutex<RecentlyUsed<Key, Identity>>

    /// - Parameter limit: how many are kept; each holds two descriptors, and a submitter may come with other groups each time.
    init(slots: SlotTable, limit: Int = 256) {
        self.slots = slots
        known = Mutex(RecentlyUsed(limit: limit))
    }

    /// Blocks on first use.
    func identity(of owner: Owner, imageBase: UInt32) throws -> Identity {
        let key = Key(owner: owner, base: imageBase)
        if let identity = known.withLock({ $0.value(for: key) }) { return identity }
        let map = IdentityMap(slot: try slots.slot(of: owner.user), owner: owner)
        let layers = map.layers(base: imageBase)
        let binds = IdentityMap.binds(slot: map.slot, owner: owner, slots: slots.range)
        let identity = Identity(
            map: map, layers: try UserNamespace.make(uidMap: layers.users, gidMap: layers.groups),
            binds: try UserNamespace.make(uidMap: binds.users, gidMap: binds.groups))
        // Two first starts at once may both have made one: all use the same.
        return known.withLock { known in
            if let first = known.value(for: key) { return first }
            known.keep(identity, for: key)
            return identity
        }
    }
}
