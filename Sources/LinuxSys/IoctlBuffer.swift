internal import CLinuxSys

/// The argument of an ioctl(2) as bytes with fields at the kernel's offsets, in the machine's byte order.
struct IoctlBuffer {
    private(set) var bytes: [UInt8]

    init(size: Int) { bytes = [UInt8](repeating: 0, count: size) }

    mutating func set<T: FixedWidthInteger>(_ value: T, at offset: Int) {
        bytes.withUnsafeMutableBytes { $0.storeBytes(of: value, toByteOffset: offset, as: T.self) }
    }

    mutating func set(_ text: String, at offset: Int, room: Int) throws(SystemError) {
        let utf8 = Array(text.utf8)
        guard utf8.count < room else {
            throw SystemError("name", text, errno: 36, detail: "\(utf8.count) bytes; fewer than \(room) are accepted")
        }
        bytes.replaceSubrange(offset..<(offset + utf8.count), with: utf8)
    }

    func get<T: FixedWidthInteger>(_ type: T.Type, at offset: Int) -> T {
        bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: type) }
    }

    mutating func withPointer(_ body: (UnsafeMutableRawPointer?) -> Int) -> Int {
        bytes.withUnsafeMutableBytes { body($0.baseAddress) }
    }

    /// Runs the ioctl on the buffer; the kernel may write into it.
    mutating func call(
        _ request: UInt, on file: Descriptor, _ operation: @autoclosure () -> String, _ subject: @autoclosure () -> String = ""
    ) throws(SystemError) {
        let number = file.rawValue
        let result = bytes.withUnsafeMutableBytes { buffer in uninterrupted { berth_sys_ioctl(number, request, buffer.baseAddress) } }
        _ = try check(result, operation(), subject())
    }
}

/// Builds ioctl numbers as <asm-generic/ioctl.h> does (x86 and ARM share it).
enum IoctlNumber {
    static func none(_ type: UInt, _ number: UInt) -> UInt { type << 8 | number }
    static func write(_ type: UInt, _ number: UInt, size: Int) -> UInt { 1 << 30 | UInt(size) << 16 | type << 8 | number }
    static func read(_ type: UInt, _ number: UInt, size: Int) -> UInt { 2 << 30 | UInt(size) << 16 | type << 8 | number }
    static func both(_ type: UInt, _ number: UInt, size: Int) -> UInt { 3 << 30 | UInt(size) << 16 | type << 8 | number }
}
