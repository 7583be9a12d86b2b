internal import CLinux
internal import LaunchProgram

/// The descriptors of one request: those passed, then those that operations make.
struct DescriptorTable {
    private var descriptors: [Int32]

    init(_ passed: [Int32]) {
        descriptors = passed
    }

    /// The descriptor at a place; EBADF where there is none.
    func get(_ index: DescriptorIndex) throws(Fault) -> Int32 {
        let place = Int(index.rawValue)
        guard place < descriptors.count, descriptors[place] >= 0 else {
            throw Fault(errno: EBADF, detail: "descriptor " + ByteString(number: place))
        }
        return descriptors[place]
    }

    /// Puts a new descriptor where none is yet.
    mutating func put(_ descriptor: Int32, at index: DescriptorIndex) throws(Fault) {
        let place = Int(index.rawValue)
        while descriptors.count <= place { descriptors.append(-1) }
        guard descriptors[place] < 0 else { throw Fault(errno: EEXIST, detail: "descriptor " + ByteString(number: place)) }
        descriptors[place] = descriptor
    }

    /// Takes the first descriptor out; the others move up.
    mutating func takeFirst() throws(Fault) -> Int32 {
        guard !descriptors.isEmpty else { throw Fault(errno: EBADF, detail: "no program was passed") }
        return descriptors.removeFirst()
    }

    /// All of them; EBADF when a place is empty.
    func all() throws(Fault) -> [Int32] {
        for place in descriptors.indices { _ = try get(DescriptorIndex(UInt16(truncatingIfNeeded: place))) }
        return descriptors
    }

    mutating func closeAll() {
        for descriptor in descriptors where descriptor >= 0 { _ = linux_close(descriptor) }
        descriptors = []
    }
}
