import API
import LinuxSys

/// One HTTP/1.1 connection over the Unix socket; blocking, one request at a time, used by one thread.
final class Connection {
    let descriptor: Descriptor
    private var parser = HTTPReplyParser()
    private var pending: [UInt8] = []
    /// A request went out whose reply is not wholly read.
    private var isBusy = false
    /// The reply came before the request was sent whole; what follows of the request is left out.
    private var isCut = false
    private(set) var isUsable = true

    init(path: String) throws(ClientError) {
        do throws(SystemError) { descriptor = try Descriptor.connect(to: path) } catch {
            // Nothing there, or nobody listens: one thing for people.
            throw error.isNotFound || error.errnoName == "ECONNREFUSED" ? .notRunning(path: path) : .socket(error)
        }
    }

    /// Whether another request may follow on it.
    var isIdle: Bool { isUsable && !isBusy }

    /// Sends the head and, unless `chunked`, the whole body.
    func send(_ method: HTTPMethod, _ target: String, body: [UInt8]? = nil, type: String = "application/json", chunked: Bool = false)
        throws(ClientError)
    {
        var head = "\(method.rawValue) \(target) HTTP/1.1\r\nHost: berth\r\n\(APIVersion.header): \(APIVersion.current)\r\n"
        if chunked {
            head += "Content-Type: \(type)\r\nTransfer-Encoding: chunked\r\n"
        } else if let body {
            head += "Content-Type: \(type)\r\nContent-Length: \(body.count)\r\n"
        } else if method == .post {
            head += "Content-Length: 0\r\n"
        }
        parser = HTTPReplyParser()
        pending = []
        isBusy = true
        try write(Array((head + "\r\n").utf8) + (body ?? []))
    }

    /// One chunk of a body sent with `chunked`; nothing for no bytes, which would end it.
    func sendChunk(_ bytes: [UInt8]) throws(ClientError) {
        guard !bytes.isEmpty else { return }
        try write(Array("\(String(bytes.count, radix: 16))\r\n".utf8) + bytes + [13, 10])
    }

    func endChunks() throws(ClientError) { try write(Array("0\r\n\r\n".utf8)) }

    /// Body bytes were read together with the head or the body is over, so that `readBody` does not wait.
    var hasBuffered: Bool { !pending.isEmpty || parser.isComplete }

    /// Waits for the reply's head.
    func readHead(milliseconds: Int32? = nil) throws(ClientError) -> HTTPHead {
        while true {
            if let head = parser.head { return head }
            guard try fill(milliseconds) else { throw .closed }
        }
    }

    /// The next bytes of the body; nil at its end.
    func readBody(milliseconds: Int32? = nil) throws(ClientError) -> [UInt8]? {
        while pending.isEmpty {
            if parser.isComplete {
                finish()
                return nil
            }
            if !(try fill(milliseconds)) {
                do throws(HTTPReplyParser.Failure) { try parser.end() } catch { throw .closed }
            }
        }
        defer { pending = [] }
        return pending
    }

    /// Whether a reply has begun or the connection ended, without waiting.
    func hasInput() -> Bool {
        guard let ready = try? poll(descriptor, for: .readable, milliseconds: 0) else { return true }
        return !ready.isEmpty
    }

    func close() {
        isUsable = false
        descriptor.close()
    }

    private func finish() {
        isBusy = false
        if isCut || !parser.canBeReused { close() }
    }

    /// Reads once; false at the end of the connection.
    private func fill(_ milliseconds: Int32?) throws(ClientError) -> Bool {
        if let milliseconds, try ready(within: milliseconds) == false {
            close()
            throw .timedOut(milliseconds)
        }
        let bytes = try read()
        guard !bytes.isEmpty else {
            isUsable = false
            return false
        }
        do throws(HTTPReplyParser.Failure) { pending += try parser.feed(bytes) } catch {
            close()
            guard case .malformed(let what) = error else { return false }
            throw .unexpected(what)
        }
        return true
    }

    private func ready(within milliseconds: Int32) throws(ClientError) -> Bool {
        do throws(SystemError) { return try !poll(descriptor, for: .readable, milliseconds: milliseconds).isEmpty } catch {
            throw .socket(error)
        }
    }

    private func read() throws(ClientError) -> [UInt8] {
        do throws(SystemError) { return try descriptor.read(upTo: 1 << 16) } catch {
            close()
            throw error.errnoName == "ECONNRESET" ? .closed : .socket(error)
        }
    }

    /// By send(2), because a write(2) to a closed socket would end us with SIGPIPE.
    ///
    /// Who refuses a request need not read the rest of it: a reply ends the sending, or both sides would wait for each other.
    private func write(_ bytes: [UInt8]) throws(ClientError) {
        var rest = bytes[...]
        while !rest.isEmpty, !isCut {
            do throws(SystemError) {
                if let count = try descriptor.sendWithoutWaiting(Array(rest)) {
                    rest.removeFirst(count)
                } else {
                    isCut = try poll(descriptor, for: [.readable, .writable], milliseconds: nil).contains(.readable)
                }
            } catch {
                throw ["EPIPE", "ECONNRESET"].contains(error.errnoName) ? .closed : .socket(error)
            }
        }
    }
}
