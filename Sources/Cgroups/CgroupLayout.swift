public import LinuxSys

/// How this machine mounts its control groups.
public struct CgroupLayout: Sendable, Hashable {
    /// Which of the three arrangements.
    public enum Kind: String, Sendable, Hashable {
        /// Every controller in v1.
        case v1
        /// Controllers in v1, and a v2 hierarchy beside it that freezes and kills.
        case hybrid
        /// Everything in v2.
        case v2
    }

    /// Which arrangement.
    public var kind: Kind
    /// Where the v2 hierarchy is mounted.
    public var unified: String?
    /// Where each v1 controller is mounted; two on one place are mounted together.
    public var legacy: [Controller: String]
    /// Which controllers v2 offers at its top.
    public var unifiedControllers: Set<Controller>

    /// Finds the hierarchies in a mount table.
    ///
    /// - Parameters:
    ///   - mounts: ours by default.
    ///   - root: put in front of every mount point, for trees in a temporary directory.
    /// - Throws: when there is neither a v2 hierarchy that can freeze nor v1's freezer, or no memory, cpu or pids controller.
    public static func discover(mounts: MountTable? = nil, root: String = "") throws(CgroupError) -> CgroupLayout {
        let table: MountTable
        do throws(SystemError) { if let mounts { table = mounts } else { table = try MountTable() } } catch {
            throw CgroupError("look for hierarchies", "/proc/self/mountinfo", cause: error)
        }
        var unified: String?
        var legacy: [Controller: String] = [:]
        // The first mount of a hierarchy counts; a bind of a part of it (root other than /) does not.
        for entry in table.entries where entry.root == "/" {
            if entry.type == "cgroup2", unified == nil { unified = root + entry.mountPoint }
            guard entry.type == "cgroup" else { continue }
            for controller in Controller.allCases where entry.superOptions.contains(controller.v1Name) && legacy[controller] == nil {
                legacy[controller] = root + entry.mountPoint
            }
        }
        return try classify(unified: unified, legacy: legacy)
    }

    private static func classify(unified: String?, legacy: [Controller: String]) throws(CgroupError) -> CgroupLayout {
        var offered: Set<Controller> = []
        if let unified, let text = try? readTextFile(unified + "/cgroup.controllers") {
            offered = Set(text.split(whereSeparator: \.isWhitespace).compactMap { Controller(rawValue: String($0)) })
        }
        let kind: Kind = unified == nil ? .v1 : legacy[.memory] == nil && offered.contains(.memory) ? .v2 : .hybrid
        let layout = CgroupLayout(kind: kind, unified: unified, legacy: kind == .v2 ? [:] : legacy, unifiedControllers: offered)
        for needed in [Controller.cpu, .memory, .pids, .cpuset] where layout.version(of: needed) == nil {
            throw CgroupError(
                "look for controllers", needed.rawValue, found: "it is in neither hierarchy; boot without cgroup_disable=\(needed.rawValue)"
            )
        }
        guard unified != nil || legacy[.freezer] != nil else {
            throw CgroupError("look for controllers", "freezer", found: "neither cgroup2 nor v1's freezer is mounted")
        }
        return layout
    }

    /// Where a controller lives; nil if nowhere.
    public func version(of controller: Controller) -> CgroupVersion? {
        if legacy[controller] != nil { return .v1 }
        return unifiedControllers.contains(controller) ? .v2 : nil
    }
}
