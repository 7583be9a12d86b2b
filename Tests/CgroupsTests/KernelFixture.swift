import JobModel
import LinuxSys
import Testing

@testable import Cgroups

/// A parent of its own in the machine's real hierarchies, with a worker program's processes in its groups; everything goes with it.
final class KernelFixture {
    let parent: GroupParent
    let layout: CgroupLayout
    private var children: [ProcessHandle] = []
    private var serial = 0

    /// The arrangements that this machine can play: what it has, and on a hybrid also v1 alone.
    static let layouts: [CgroupLayout.Kind] = {
        guard isRoot, let found = try? CgroupLayout.discover() else { return [] }
        return found.kind == .hybrid && found.legacy[.freezer] != nil ? [.hybrid, .v1] : [found.kind]
    }()

    static let isRoot = (try? ProcessCapabilities.current().effective.contains(Capability(bit: 21))) ?? false

    init(_ kind: CgroupLayout.Kind) throws {
        var found = try CgroupLayout.discover()
        if kind == .v1, found.kind == .hybrid {
            found.unified = nil
            found.kind = .v1
        }
        layout = found
        parent = try GroupParent(layout: found, name: "berth-test-\(UInt32.random(in: 0...UInt32.max))")
    }

    /// Ends every process, removes every group, and says what was left.
    func tearDown() throws {
        let failures = try parent.sweep(keeping: [])
        for child in children { _ = try? child.wait() }
        #expect(parent.waitForRemovals().isEmpty)
        #expect(failures.isEmpty, "\(failures)")
        try parent.remove()
        #expect(try parent.layout.unified.map { try Descriptor.open($0, .directory).contains(parent.name) } != true)
    }

    func group(_ limits: GroupLimits = GroupLimits()) throws -> AttemptGroup {
        serial += 1
        let group = try parent.prepare("\(serial).1")
        try group.apply(limits, isNew: true)
        return group
    }

    /// Starts a Perl program inside the job's group; `output` reads what it prints.
    func start(_ program: String, in group: AttemptGroup, devices: [DeviceRule]? = nil) throws -> (
        process: ProcessHandle, output: Descriptor
    ) {
        let entry = try group.entry(devices: devices)
        var given: [Int32: Descriptor] = [:]
        let files = entry.tasks + [entry.jobTasks, entry.jobProcesses].compactMap { $0 }
        for (index, file) in files.enumerated() { given[Int32(10 + index)] = file }
        let (reading, writing) = try Descriptor.pipe()
        given[1] = writing
        let numbers = given.keys.filter { $0 >= 10 }.sorted().map(String.init).joined(separator: ",")
        let prologue = "$| = 1; for (\(numbers)) { open(F, '>&=', $_) or exit 98; syswrite(F, '0') or exit 99; close F; } print \"in\\n\"; "
        let child = try Spawn(path: "/usr/bin/perl", arguments: ["perl", "-e", prologue + program], descriptors: given).run()
        children.append(child)
        writing.close()
        let first = try reading.read(upTo: 3)
        try #require(String(decoding: first, as: UTF8.self) == "in\n", "the worker did not enter: \(String(describing: try? child.wait()))")
        return (child, reading)
    }
}

/// Runs a body with a fixture and takes it down whatever happens.
func withKernel(_ kind: CgroupLayout.Kind, _ body: (KernelFixture) throws -> Void) throws {
    let fixture = try KernelFixture(kind)
    let result = Result { try body(fixture) }
    try fixture.tearDown()
    try result.get()
}

/// Waits for something that another process does.
func eventually(_ milliseconds: UInt64 = 10_000, _ condition: () throws -> Bool) rethrows -> Bool {
    let deadline = bootNanoseconds() + milliseconds * 1_000_000
    while true {
        if try condition() { return true }
        if bootNanoseconds() > deadline { return false }
        sleepBlocking(nanoseconds: 2_000_000)
    }
}
