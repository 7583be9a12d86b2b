import Foundation
import JobLog
import Testing

/// Three files in a directory of their own.
final class TemporaryLog {
    let directory: String
    let descriptors: [Int32]

    init() throws {
        directory = try #require(mkdtemp(strdup("/tmp/berth-log-XXXXXX")).map { String(cString: $0) })
        let path = directory
        descriptors = ["head", "tail.0", "tail.1"].map { open("\(path)/\($0)", O_RDWR | O_APPEND | O_CREAT, 0o600) }
    }

    deinit {
        for descriptor in descriptors { close(descriptor) }
        try? FileManager.default.removeItem(atPath: directory)
    }

    func writer(head: UInt64, tail: UInt64) -> LogWriter {
        LogWriter(head: descriptors[0], tails: (descriptors[1], descriptors[2]), headLimit: head, tailLimit: tail)
    }

    func reader(at position: UInt64 = 0) -> LogReader {
        LogReader(head: descriptors[0], tails: (descriptors[1], descriptors[2]), position: position)
    }

    func size(_ file: Int) -> Int { Int(lseek(descriptors[file], 0, SEEK_END)) }
}

extension LogWriter {
    mutating func append(_ text: String, _ stream: LogStream = .output, at time: UInt64 = 1) {
        append(bytes: Array(text.utf8), stream, at: time)
    }

    mutating func append(bytes: [UInt8], _ stream: LogStream = .output, at time: UInt64 = 1) {
        bytes.withUnsafeBytes { append($0, stream: stream, bootNanoseconds: time) }
    }
}

extension LogReader {
    /// Everything that can be read, with small reads.
    mutating func readAll(step: Int = 1 << 16) throws -> [LogItem] {
        var items: [LogItem] = []
        while true {
            let more = try read(maximumBytes: step)
            if more.isEmpty { return items }
            items += more
        }
    }
}

/// The bytes the job printed, with nil for each that is gone.
func expanded(_ items: [LogItem]) -> [UInt8?] {
    var all: [UInt8?] = []
    for item in items {
        switch item {
        case .gap(let count): all += [UInt8?](repeating: nil, count: Int(count))
        case .frame(let frame): all += frame.bytes.map { $0 }
        }
    }
    return all
}
