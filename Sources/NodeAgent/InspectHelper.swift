import API
import Cgroups
import FoundationEssentials
import LinuxSys
import Synchronization

/// Runs `berth-helper inspect` and takes what it says, step by step (see `InspectOrder` for the talk). Nobody waits for its end: one that is
/// stuck in the kernel is killed and left to itself.
final class InspectHelper: Sendable {
    enum Step: Sendable {
        case line(InspectLine)
        /// Of the core.
        case bytes([UInt8])
        /// It closed its socket, and the pipe is empty.
        case ended
        /// Nothing came in the time given.
        case silent
    }

    private struct State {
        var rest: [UInt8] = []
        var taken = 0
        var socketEnded = false
        var pipeEnded = true
    }

    let process: ProcessHandle
    private let socket: Descriptor
    private let pipe: Descriptor?
    private let state = Mutex(State())

    init(path: String, order: InspectOrder, members: Descriptor) throws {
        let (ours, theirs) = try Descriptor.socketPair(.stream)
        var descriptors: [Int32: Descriptor] = [3: members, 4: theirs]
        var pipe: Descriptor?
        if order.core {
            let ends = try Descriptor.pipe()
            descriptors[5] = ends.writing
            pipe = ends.reading
        }
        let json = String(decoding: try JSONEncoder().encode(order), as: UTF8.self)
        process = try Spawn(
            path: path, arguments: ["berth-helper", "inspect", json], environment: ["LC_ALL": "C.UTF-8", "SWIFT_BACKTRACE": "enable=no"],
            descriptors: descriptors, newSession: true
        ).run()
        theirs.close()
        descriptors[5]?.close()
        socket = ours
        self.pipe = pipe
        state.withLock { $0.pipeEnded = pipe == nil }
    }

    func say(_ word: String) throws { try socket.send(Array("\(word)\n".utf8)) }

    /// The next thing it says, within the time given. Blocks; for one caller at a time.
    func next(within milliseconds: Int32) throws -> Step {
        while true {
            if let line = try takeLine() { return .line(line) }
            let (socketEnded, pipeEnded) = state.withLock { ($0.socketEnded, $0.pipeEnded) }
            if socketEnded, pipeEnded { return .ended }
            // What is in the pipe belongs before the word that it is done.
            if let pipe, !pipeEnded {
                let ready = try poll([(pipe, .readable), (socket, socketEnded ? [] : .readable)], milliseconds: milliseconds)
                if ready.allSatisfy(\.isEmpty) { return .silent }
                if !ready[0].isEmpty {
                    let bytes = try pipe.read(upTo: 1 << 18)
                    if !bytes.isEmpty { return .bytes(bytes) }
                    state.withLock { $0.pipeEnded = true }
                    continue
                }
            } else if try poll(socket, for: .readable, milliseconds: milliseconds).isEmpty {
                return .silent
            }
            try fill()
        }
    }

    private func takeLine() throws -> InspectLine? {
        let found = state.withLock { state -> [UInt8]? in
            guard let end = state.rest.firstIndex(of: 10) else { return nil }
            defer { state.rest.removeFirst(end + 1) }
            return Array(state.rest[..<end])
        }
        return try found.map { try JSONDecoder().decode(InspectLine.self, from: Data($0)) }
    }

    private func fill() throws {
        var bytes: [UInt8] = []
        do throws(SystemError) { bytes = try socket.read(upTo: 1 << 16) } catch { if error.errnoName != "ECONNRESET" { throw error } }
        try state.withLock { state in
            state.socketEnded = bytes.isEmpty
            state.rest += bytes
            state.taken += bytes.count
            guard state.rest.count <= InspectLine.sizeLimit, state.taken <= InspectLine.sizeLimitOfAll else {
                throw APIError(.internal, "the helper says more than \(InspectLine.sizeLimitOfAll) bytes")
            }
        }
    }

    /// Ends it, whatever it does; twice is fine.
    func kill() { try? process.signal(9) }

    /// Whether it has ended and was reaped. Blocks for the time given at most.
    func isReaped(within milliseconds: UInt64) throws -> Bool {
        guard try process.waitUntilEnded(milliseconds: Int32(clamping: milliseconds)) else { return false }
        _ = try process.wait()
        return true
    }
}
