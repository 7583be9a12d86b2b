import LinuxSys

/// The directories of one group in all hierarchies.
struct GroupDirectories: Sendable {
    /// v2's, or hybrid's side that freezes and kills.
    var unified: GroupDirectory?
    /// v1's by controller; controllers that are mounted together share one.
    var legacy: [Controller: GroupDirectory]
    /// The child that holds the job, on the freezing side; nil for a parent.
    var job: GroupDirectory?

    /// Every directory once.
    var all: [GroupDirectory] {
        var seen: Set<String> = []
        return ([unified].compactMap { $0 } + Controller.allCases.compactMap { legacy[$0] }).filter { seen.insert($0.path).inserted }
    }

    /// The directory whose files limit or count a controller's matter; nil where this kernel has it nowhere.
    func holding(_ controller: Controller, _ layout: CgroupLayout) -> GroupDirectory? {
        legacy[controller] ?? (layout.unifiedControllers.contains(controller) ? unified : nil)
    }

    /// Freezer of v1 where no v2 side can do it.
    var freezing: GroupDirectory? { unified ?? legacy[.freezer] }

    // MARK: the parent

    static func parent(_ layout: CgroupLayout, name: String) throws(CgroupError) -> GroupDirectories {
        var made = GroupDirectories(unified: nil, legacy: [:], job: nil)
        if let mount = layout.unified {
            var directory = try GroupDirectory(path: mount, version: .v2)
            try enable(layout, in: directory)
            for part in name.split(separator: "/") {
                directory = try directory.make(String(part), reuse: true)
                try enable(layout, in: directory)
            }
            made.unified = directory
        }
        var byMount: [String: GroupDirectory] = [:]
        for controller in used(layout) {
            guard let mount = layout.legacy[controller] else { continue }
            if byMount[mount] == nil { byMount[mount] = try legacyParent(mount, name: name, isCpuset: false) }
            if controller == .cpuset { byMount[mount] = try legacyParent(mount, name: name, isCpuset: true) }
            made.legacy[controller] = byMount[mount]
        }
        return made
    }

    /// Beside v1 only those are left that nobody mounted there, such as hugetlb; what cannot be had of them is missing to nobody who does not ask.
    private static func enable(_ layout: CgroupLayout, in directory: GroupDirectory) throws(CgroupError) {
        do throws(CgroupError) { try UnifiedTree.enable(layout.unifiedControllers, in: directory) } catch { if layout.kind == .v2 { throw error } }
    }

    /// The v1 controllers of which an attempt needs a group or a shared one.
    private static func used(_ layout: CgroupLayout) -> [Controller] {
        Controller.allCases.filter { controller in
            guard layout.legacy[controller] != nil else { return false }
            // v2 counts cpu time and freezes without any controller: no group for it in v1 then.
            return layout.unified == nil || (controller != .freezer && controller != .cpuacct)
        }
    }

    private static func legacyParent(_ mount: String, name: String, isCpuset: Bool) throws(CgroupError) -> GroupDirectory {
        var directory = try GroupDirectory(path: mount, version: .v1)
        for part in name.split(separator: "/") {
            let above = directory
            directory = try above.make(String(part), reuse: true)
            if isCpuset { try Cpuset.inherit(directory, from: above) }
        }
        return directory
    }

    // MARK: an attempt

    /// Makes an attempt's directories below this parent; fails if one is there.
    func make(_ name: String) throws(CgroupError) -> GroupDirectories {
        try below { directory throws(CgroupError) in
            try directory.make(name)
        } job: { directory throws(CgroupError) in
            try directory.make("job")
        }
    }

    /// Opens an attempt's directories; nil if none is left.
    func open(_ name: String) throws(CgroupError) -> GroupDirectories? {
        let found = try below { directory throws(CgroupError) in
            try directory.child(name)
        } job: { directory throws(CgroupError) in
            try directory.child("job")
        }
        return found.all.isEmpty ? nil : found
    }

    private func below(
        _ child: (GroupDirectory) throws(CgroupError) -> GroupDirectory?, job: (GroupDirectory) throws(CgroupError) -> GroupDirectory?
    ) throws(CgroupError) -> GroupDirectories {
        var result = GroupDirectories(unified: nil, legacy: [:], job: nil)
        if let unified { result.unified = try child(unified) }
        var byPath: [String: GroupDirectory] = [:]
        for controller in Controller.allCases where controller != .devices {
            guard let directory = legacy[controller] else { continue }
            if byPath[directory.path] == nil { byPath[directory.path] = try child(directory) }
            result.legacy[controller] = byPath[directory.path]
        }
        if let freezing = result.freezing { result.job = try job(freezing) }
        return result
    }

    // MARK: removal

    func removeParent(name: String, layout: CgroupLayout) throws(CgroupError) {
        if let devices = legacy[.devices] { try SharedDevices.removeAll(in: devices) }
        let mounts = Set([layout.unified].compactMap { $0 } + layout.legacy.values)
        let parts = name.split(separator: "/").map(String.init)
        for mount in mounts {
            // Only the last part is ours alone; those above go if nobody else uses them.
            for depth in stride(from: parts.count, to: 0, by: -1) {
                let above = mount + parts[..<(depth - 1)].map { "/" + $0 }.joined()
                guard let directory = try? GroupDirectory(path: above, version: .v1) else { continue }
                do throws(CgroupError) { _ = try GroupRemover.removeNow(parts[depth - 1], in: directory) } catch {
                    if depth == parts.count { throw error }
                    break
                }
            }
        }
    }
}
