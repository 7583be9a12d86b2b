import LaunchProgram
import LinuxSys

/// The table of a launch program: descriptors passed with the request, then places for those that operations make.
struct DescriptorTable {
    private(set) var passed: [Descriptor] = []
    private var made: UInt16 = 0

    /// Adds one that travels with the request. All of them come before the first `place`.
    mutating func pass(_ descriptor: Descriptor) -> DescriptorIndex {
        assert(made == 0, "descriptors are passed before places are made")
        passed.append(descriptor)
        return DescriptorIndex(UInt16(passed.count - 1))
    }

    mutating func pass(_ descriptor: Descriptor?) -> DescriptorIndex? {
        guard let descriptor else { return nil }
        let index: DescriptorIndex = pass(descriptor)
        return index
    }

    /// A place for a descriptor that an operation makes.
    mutating func place() -> DescriptorIndex {
        made += 1
        return DescriptorIndex(UInt16(passed.count) + made - 1)
    }
}
