import Foundation
public import LinuxSys
import Synchronization

/// A request as a fake server read it.
public struct FakeRequest: Sendable {
    public var method: String
    public var target: String
    public var head: String
    public var body: [UInt8]
}

/// A server on a Unix socket whose every answer the test writes itself, byte by byte; a thread for each connection.
public final class FakeServer: Sendable {
    public let path: String
    private let directory: String
    private let listener: Descriptor
    private let accepted = Atomic<Int>(0)
    private let isStopped = Atomic<Bool>(false)

    /// Calls `serve` with each connection and its number from 0; the connection closes when it returns.
    public init(_ serve: @escaping @Sendable (FakeConnection, Int) throws -> Void) throws {
        directory = NSTemporaryDirectory() + "berth-test-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        path = directory + "/socket"
        let listener = try Descriptor.listen(at: path)
        self.listener = listener
        Thread.detachNewThread { [self] in
            while !isStopped.load(ordering: .acquiring), let connection = try? listener.accept() {
                let number = accepted.add(1, ordering: .acquiringAndReleasing).oldValue
                Thread.detachNewThread {
                    try? serve(FakeConnection(connection), number)
                    connection.close()
                }
            }
        }
    }

    /// How many connections were made so far.
    public var connections: Int { accepted.load(ordering: .acquiring) }

    /// Ends the thread that accepts and removes the socket.
    public func stop() {
        isStopped.store(true, ordering: .releasing)
        try? listener.shutDown()
        try? FileManager.default.removeItem(atPath: directory)
    }
}

/// The server's side of one connection.
public final class FakeConnection {
    public let descriptor: Descriptor
    private var buffer: [UInt8] = []

    init(_ descriptor: Descriptor) { self.descriptor = descriptor }

    public struct Ended: Error {}

    /// The next request with its whole body; throws `Ended` when the client closed.
    public func request() throws -> FakeRequest { try request(after: try readHead()) }

    /// The request whose head was read already.
    public func request(after head: String) throws -> FakeRequest {
        var request = FakeRequest(method: "", target: "", head: head, body: [])
        let words = head.prefix { $0 != "\r\n" }.split(separator: " ")
        (request.method, request.target) = (String(words[0]), String(words[1]))
        if head.lowercased().contains("transfer-encoding: chunked") {
            while let chunk = try readChunk() { request.body += chunk }
        } else if let length = field("content-length", of: head).flatMap({ Int($0) }) {
            request.body = try take(length)
        }
        return request
    }

    /// Everything before the empty line.
    public func readHead() throws -> String {
        while true {
            if let end = buffer.firstRange(of: Array("\r\n\r\n".utf8)) {
                let head = String(decoding: buffer[..<end.lowerBound], as: UTF8.self)
                buffer.removeFirst(end.upperBound)
                return head
            }
            try fill()
        }
    }

    /// The next chunk of a body; nil at its end.
    public func readChunk() throws -> [UInt8]? {
        while true {
            if let end = buffer.firstRange(of: [13, 10]) {
                guard let size = Int(String(decoding: buffer[..<end.lowerBound], as: UTF8.self), radix: 16) else { throw Ended() }
                buffer.removeFirst(end.upperBound)
                let chunk = try take(size)
                _ = try take(2)
                return size == 0 ? nil : chunk
            }
            try fill()
        }
    }

    public func write(_ text: String) throws { try write(Array(text.utf8)) }
    public func write(_ bytes: [UInt8]) throws { try descriptor.send(bytes) }

    /// A whole reply with a length.
    public func reply(_ status: Int = 200, json: String) throws {
        try write("HTTP/1.1 \(status) X\r\nContent-Type: application/json\r\nContent-Length: \(json.utf8.count)\r\n\r\n\(json)")
    }

    public func beginChunks(_ status: Int = 200) throws { try write("HTTP/1.1 \(status) X\r\nTransfer-Encoding: chunked\r\n\r\n") }
    public func chunk(_ bytes: [UInt8]) throws { try write(Array("\(String(bytes.count, radix: 16))\r\n".utf8) + bytes + [13, 10]) }
    public func endChunks() throws { try write("0\r\n\r\n") }

    private func field(_ name: String, of head: String) -> String? {
        head.split(separator: "\r\n").first { $0.lowercased().hasPrefix(name + ":") }.map {
            $0.dropFirst(name.count + 1).trimmingCharacters(in: .whitespaces)
        }
    }

    private func take(_ count: Int) throws -> [UInt8] {
        while buffer.count < count { try fill() }
        defer { buffer.removeFirst(count) }
        return Array(buffer.prefix(count))
    }

    private func fill() throws {
        let bytes = try descriptor.read(upTo: 65_536)
        guard !bytes.isEmpty else { throw Ended() }
        buffer += bytes
    }
}

extension FakeServer {
    /// A socket file on which nobody listens any more.
    public static func abandonedSocket(at path: String) throws {
        let listener = try Descriptor.listen(at: path)
        listener.close()
    }
}
