public import JobModel
public import LinuxSys

/// The ids of one job: its user's slot with the submitter's own ids punched in one to one (contract §7, user_namespaces(7)).
public struct IdentityMap: Hashable, Sendable {
    /// How many ids a slot has.
    public static let slotSize: UInt32 = 65536

    public let users: [IDMapExtent]
    public let groups: [IDMapExtent]
    public let slot: UInt32

    /// - Parameters:
    ///   - slot: the first host id of the user's slot.
    ///   - owner: nothing is punched in for root, who starts as id 0 of root's slot.
    public init(slot: UInt32, owner: Owner) {
        self.slot = slot
        let isRoot = owner.user == .root
        users = Self.punched(slot: slot, ids: isRoot ? [] : [owner.user.value])
        // The kernel takes 340 extents; each punched id costs up to two.
        let own = isRoot ? [] : ([owner.group.value] + owner.groups.map(\.value).filter { $0 != 0 }).prefix(150)
        groups = Self.punched(slot: slot, ids: own.filter { $0 != 0 })
    }

    static func punched(slot: UInt32, ids: some Sequence<UInt32>) -> [IDMapExtent] {
        var extents: [IDMapExtent] = []
        var next: UInt32 = 0
        for id in Set(ids).sorted() {
            if id < slotSize {
                if id > next { extents.append(IDMapExtent(inside: next, outside: slot + next, count: id - next)) }
                next = id + 1
            } else if next < slotSize {
                extents.append(IDMapExtent(inside: next, outside: slot + next, count: slotSize - next))
                next = slotSize
            }
            extents.append(IDMapExtent(inside: id, outside: id, count: 1))
        }
        if next < slotSize { extents.append(IDMapExtent(inside: next, outside: slot + next, count: slotSize - next)) }
        return extents
    }

    /// The host's id of an id inside; nil when nothing maps it.
    public func outside(user: UInt32) -> UInt32? { Self.map(user, users) }
    public func outside(group: UInt32) -> UInt32? { Self.map(group, groups) }

    private static func map(_ id: UInt32, _ extents: [IDMapExtent]) -> UInt32? {
        extents.first { id >= $0.inside && id - $0.inside < $0.count }.map { $0.outside + (id - $0.inside) }
    }

    /// The map for an id-mapped clone of image layers, which lie on disk as `base` + n.
    public func layers(base: UInt32) -> (users: [IDMapExtent], groups: [IDMapExtent]) {
        func shifted(_ extents: [IDMapExtent]) -> [IDMapExtent] {
            extents.compactMap { extent in
                guard extent.inside < Self.slotSize else { return nil }
                return IDMapExtent(inside: base + extent.inside, outside: extent.outside, count: extent.count)
            }
        }
        return (shifted(users), shifted(groups))
    }

    /// The map for read-write binds: every host id stands for itself but those of slots, so that the submitter writes wherever it may outside,
    /// and no one else inside can create or chown there (EOVERFLOW). An owner that the job's own map lacks gives nobody inside a privilege
    /// (`capable_wrt_inode_uidgid`).
    ///
    /// - Parameter slots: the range that slots are cut from.
    public static func binds(slot: UInt32, owner: Owner, slots: ClosedRange<UInt32>) -> (users: [IDMapExtent], groups: [IDMapExtent]) {
        var extents: [IDMapExtent] = []
        let isRoot = owner.user == .root
        // Real root's files appear as those of id 0 inside.
        if isRoot { extents.append(IDMapExtent(inside: 0, outside: slot, count: 1)) }
        let first: UInt32 = isRoot ? 1 : 0
        extents.append(IDMapExtent(inside: first, outside: first, count: slots.lowerBound - first))
        // -1 is no id.
        let above = slots.upperBound + 1
        if above < .max { extents.append(IDMapExtent(inside: above, outside: above, count: .max - above)) }
        return (extents, extents)
    }
}
