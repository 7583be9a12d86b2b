import Foundation
import JobLog
import Testing

/// A log's file in a directory of its own.
final class TemporaryLog {
    let directory: String
    let descriptor: Int32

    init() throws {
        directory = try #require(mkdtemp(strdup("/tmp/berth-log-XXXXXX")).map { String(cString: $0) })
        descriptor = open("\(directory)/log", O_RDWR | O_CREAT, 0o600)
    }

    deinit {
        close(descriptor)
        try? FileManager.default.removeItem(atPath: directory)
    }

    func writer(head: UInt64, tail: UInt64) -> LogWriter { LogWriter(file: descriptor, headLimit: head, tailLimit: tail) }

    func reader(at position: UInt64 = 0) -> LogReader { LogReader(file: descriptor, position: position) }

    var size: Int { Int(lseek(descriptor, 0, SEEK_END)) }
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
