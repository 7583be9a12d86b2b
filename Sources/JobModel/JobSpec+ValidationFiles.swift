extension JobSpec {
    func validateDevices() throws(SpecError) {
        let devices = devices ?? []
        try SpecCheck.count(devices.count, atMost: SpecBounds.listLength, "devices", "devices")
        for (index, device) in devices.enumerated() {
            try device.validate("devices[\(index)]")
            // Its access would not be what was asked for.
            if device.isDefault {
                throw SpecCheck.refuse(
                    "devices[\(index)].path", "\(DocumentText.quoted(device.path)), which every job has", "a device that not every job has")
            }
        }
        try SpecCheck.unique(devices.map(\.path), { "devices[\($0)].path" }, DocumentText.quoted)
    }

    func validateMounts() throws(SpecError) {
        let mounts = mounts ?? []
        try SpecCheck.count(mounts.count, atMost: SpecBounds.listLength, "mounts", "mounts")
        for (index, mount) in mounts.enumerated() { try mount.validate("mounts[\(index)]") }
        try SpecCheck.unique(mounts.map(\.target), { "mounts[\($0)].target" }, DocumentText.quoted)
        for (index, mount) in mounts.enumerated() {
            guard let size = mount.size, let memory = resources.memory, size > memory else { continue }
            throw SpecCheck.refuse("mounts[\(index)].size", "\(size)", "at most the job's memory of \(memory)")
        }
    }

    func validateFiles() throws(SpecError) {
        try SpecCheck.path(workingDirectory, "workingDirectory", root: true)
        try SpecCheck.path(submitDirectory, "submitDirectory", root: true)
        // Without mounts of its own a job finds the directory at the same place.
        if mounts == nil, let directory = submitDirectory, MountSpec.isReserved(directory), directory != "/dev/shm" {
            throw SpecCheck.refuse("submitDirectory", DocumentText.quoted(directory), "a directory outside /proc, /sys and /dev, or none")
        }
        try SpecCheck.pattern(output?.path, "output.path")
        try SpecCheck.pattern(error?.path, "error.path")
        try SpecCheck.pattern(input, "input")
        if let output, let error, output.path == error.path, output.append != error.append {
            throw SpecCheck.refuse("error.append", "one file with and without append", "the same for output and error")
        }
    }
}

extension DeviceRequest {
    /// Every job has it, or something of that name.
    public var isDefault: Bool {
        guard let entry = path.split(separator: "/").dropFirst().first else { return false }
        return (SpecBounds.defaultDevices + SpecBounds.defaultDeviceEntries).contains { $0 == entry }
    }

    /// Each device once, with all the access that is asked for, without those that every job has: instances of a resource may share one, such as
    /// a node for control.
    public static func merged(_ requests: [DeviceRequest]) -> [DeviceRequest] {
        var merged: [DeviceRequest] = []
        for request in requests where !request.isDefault {
            guard let index = merged.firstIndex(where: { $0.path == request.path }) else {
                merged.append(request)
                continue
            }
            merged[index].access += request.access.filter { !merged[index].access.contains($0) }
        }
        return merged
    }

    /// Checks path and access; `path` is the field that holds the request.
    public func validate(_ field: String) throws(SpecError) {
        try SpecCheck.path(path, "\(field).path")
        guard path.hasPrefix("/dev/") else { throw SpecCheck.refuse("\(field).path", DocumentText.quoted(path), "a path below /dev") }
        guard !access.isEmpty, access.allSatisfy({ "rwm".contains($0) }), Set(access).count == access.count else {
            throw SpecCheck.refuse("\(field).access", DocumentText.quoted(access), "any of r, w and m, each once")
        }
    }
}

extension MountSpec {
    /// Where Berth mounts itself: nothing of a job may lie over it or under it.
    private static let reserved = ["/proc", "/sys", "/dev"]

    static func isReserved(_ path: String) -> Bool { reserved.contains { path == $0 || path.hasPrefix($0 + "/") } }

    func validate(_ field: String) throws(SpecError) {
        try SpecCheck.path(target, "\(field).target")
        if Self.isReserved(target) {
            throw SpecCheck.refuse("\(field).target", DocumentText.quoted(target), "a path outside /proc, /sys and /dev")
        }
        switch kind {
        case .bind:
            guard let source else { throw SpecCheck.refuse("\(field).source", "no source", "an absolute path of the machine") }
            try SpecCheck.path(source, "\(field).source", root: true)
            if size != nil { throw SpecCheck.refuse("\(field).size", "a size of a bind", "a size of a tmpfs only") }
        case .tmpfs:
            if let source { throw SpecCheck.refuse("\(field).source", DocumentText.quoted(source), "no source for a tmpfs") }
            try SpecCheck.range(size, Bytes.kibibytes(4)...SpecBounds.size.upperBound, "\(field).size")
        }
    }
}
