import Glibc
import LinuxSys

/// The input that is being read, in memory that outlives the process that reads it.
struct SharedInput {
    static let size = 1 << 20
    private let base: UnsafeMutableRawPointer

    /// - Parameter descriptor: of a memory file of `size` bytes.
    init(descriptor: Int32) throws {
        guard let base = mmap(nil, Self.size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0), base != MAP_FAILED else {
            throw Violation("mmap: \(errno)")
        }
        self.base = base
    }

    func store(_ input: [UInt8], round: UInt64) {
        let count = min(input.count, Self.size - 16)
        base.storeBytes(of: UInt64(count), as: UInt64.self)
        base.storeBytes(of: round, toByteOffset: 8, as: UInt64.self)
        input.withUnsafeBytes { (base + 16).copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(base), byteCount: count) }
    }

    var stored: (input: [UInt8], round: UInt64) {
        let count = min(Int(base.load(as: UInt64.self)), Self.size - 16)
        return (Array(UnsafeRawBufferPointer(start: base + 16, count: count)), base.load(fromByteOffset: 8, as: UInt64.self))
    }
}
