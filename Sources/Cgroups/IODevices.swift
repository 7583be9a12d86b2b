public import LinuxSys

/// Finds the disks that carry a path: what a throttle has to name.
public struct IODevices: Sendable {
    private let sysRoot: String
    private let mountTable: MountTable?

    /// Looks in sysfs and our mount table, or in others for tests.
    public init(sysRoot: String = "/sys", mounts: MountTable? = nil) {
        self.sysRoot = sysRoot
        mountTable = mounts
    }

    /// The whole disks below an open file or directory: a partition's parent, what a device mapper or RAID device is made of, the disk of a
    /// loop device's file.
    ///
    /// - Throws: when no disk carries it, as for tmpfs and network file systems.
    public func disks(of file: Descriptor) throws(SystemError) -> [DeviceNumber] {
        try disks(of: file, subject: file.displayPath, depth: 0)
    }

    /// The whole disks below a path of the host.
    public func disks(ofPath path: String) throws(SystemError) -> [DeviceNumber] { try disks(of: Descriptor.open(path, .path)) }

    /// The whole disks below a device, be it a disk's or the one that the mount table shows for a btrfs.
    public func disks(of device: DeviceNumber) throws(SystemError) -> [DeviceNumber] {
        try disks(below: device, subject: "device \(device)", depth: 0)
    }

    /// Whether a device only passes its traffic on to others, so that the same bytes are counted there too.
    public func isStacked(_ device: DeviceNumber) -> Bool {
        if device.isLoop { return true }
        return !slaves(of: device).isEmpty
    }

    /// What the kernel calls a device, such as `sda`; nil when it is gone.
    func name(of device: DeviceNumber) -> String? {
        guard let text = try? readTextFile("\(sysRoot)/dev/block/\(device)/uevent") else { return nil }
        let line = text.split(whereSeparator: \.isNewline).first { $0.hasPrefix("DEVNAME=") }
        return line.map { String($0.dropFirst("DEVNAME=".count)) }
    }

    private func disks(of file: Descriptor, subject: String, depth: Int) throws(SystemError) -> [DeviceNumber] {
        let device = try file.status().device
        // btrfs has device numbers of its own, a different one for each subvolume; the mount table tells where it comes from.
        guard device.major == 0 else { return try disks(below: device, subject: subject, depth: depth) }
        return try disks(below: sourceDevice(device, mount: mountID(of: file), subject), subject: subject, depth: depth + 1)
    }

    private func disks(below device: DeviceNumber, subject: String, depth: Int) throws(SystemError) -> [DeviceNumber] {
        guard depth < 16 else { throw SystemError("find disk of", subject, errno: 40, detail: "more than 16 devices on top of each other") }
        if device.major == 0 {
            return try disks(below: sourceDevice(device, mount: nil, subject), subject: subject, depth: depth + 1)
        }
        let directory = "\(sysRoot)/dev/block/\(device)"
        if (try? readTextFile("\(directory)/partition")) != nil, let parent = parentDisk(of: directory) {
            return try disks(below: parent, subject: subject, depth: depth + 1)
        }
        if let file = try? readTextFile("\(directory)/loop/backing_file") {
            let path = String(file.prefix { !$0.isNewline })
            return try disks(of: Descriptor.open(path, .path), subject: subject, depth: depth + 1)
        }
        let below = slaves(of: device)
        if below.isEmpty { return [device] }
        var found: Set<DeviceNumber> = []
        for slave in below { found.formUnion(try disks(below: slave, subject: subject, depth: depth + 1)) }
        return found.sorted { ($0.major, $0.minor) < ($1.major, $1.minor) }
    }

    private func slaves(of device: DeviceNumber) -> [DeviceNumber] {
        let directory = "\(sysRoot)/dev/block/\(device)/slaves"
        guard let names = try? Descriptor.open(directory, .directory).names() else { return [] }
        return names.compactMap { number(in: "\(directory)/\($0)/dev") }
    }

    /// A partition's directory lies in its disk's.
    private func parentDisk(of directory: String) -> DeviceNumber? { number(in: "\(directory)/../dev") }

    private func number(in file: String) -> DeviceNumber? {
        (try? readTextFile(file)).flatMap { DeviceNumber(text: String($0.prefix { !$0.isNewline })) }
    }

    private func sourceDevice(_ device: DeviceNumber, mount: Int?, _ subject: String) throws(SystemError) -> DeviceNumber {
        let table: MountTable
        if let mountTable { table = mountTable } else { table = try MountTable() }
        let sources = table.entries.filter { ($0.id == mount || $0.device == device) && $0.source.hasPrefix("/") }.map(\.source)
        for source in sources {
            if let status = try? Descriptor.open(source, .path).status(), status.kind == .blockDevice { return status.specialDevice }
        }
        throw noDisk(device, subject)
    }

    /// The line `mnt_id:	27` of fdinfo.
    private func mountID(of file: Descriptor) -> Int? {
        guard let text = try? readTextFile("/proc/self/fdinfo/\(file.rawValue)") else { return nil }
        let line = text.split(whereSeparator: \.isNewline).first { $0.hasPrefix("mnt_id:") }
        return line.flatMap { Int($0.dropFirst("mnt_id:".count).filter { !$0.isWhitespace }) }
    }

    private func noDisk(_ device: DeviceNumber, _ subject: String) -> SystemError {
        SystemError(
            "find disk of", subject, errno: 0, detail: "found device \(device), which no disk carries; a path on a disk is accepted")
    }
}

extension DeviceNumber {
    /// By its major number (devices.txt).
    var isLoop: Bool { major == 7 }
}
