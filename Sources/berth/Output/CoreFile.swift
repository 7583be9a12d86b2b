import API
import JobModel
import LinuxSys

/// A core file as it comes in.
struct CoreFile {
    private let path: String
    private let file: Descriptor
    private var written: UInt64 = 0
    private var tail: [UInt8] = []

    /// The memory of a job is its owner's to read.
    init(path: String) throws {
        self.path = path
        do throws(SystemError) {
            file = path == "-" ? .standardOutput : try Descriptor.open(path, [.writeOnly, .create, .truncate, .noControllingTerminal], mode: 0o600)
        } catch {
            throw CommandFailure.refused("--core: \(error)")
        }
    }

    mutating func write(_ bytes: [UInt8]) throws(SystemError) {
        try file.write(bytes)
        written += UInt64(bytes.count)
        tail = Array((tail + bytes).suffix(CoreTrailer.size))
    }

    /// Says what is not in it; refuses one that is not whole.
    func finish() throws {
        let size = ValueText.size(Bytes(written))
        guard let lines = CoreTrailer.decode(tail) else {
            throw CommandFailure.refused("\(path == "-" ? "the core" : path): not whole after \(size), berthd ended it; it takes at most 30 s")
        }
        Console.note("\(path == "-" ? "" : "\(path): ")\(size)")
        for line in lines { Console.note(Escaping.oneLine(line)) }
    }
}
