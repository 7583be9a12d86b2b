import API
import FoundationEssentials
import LinuxSys
import NIOCore
import Synchronization

/// What the kernel noted of the peer when it connected.
struct ConnectionFacts: Sendable {
    let credentials: PeerCredentials
    /// When the connection was taken, boot-clock nanoseconds.
    let takenAt: UInt64
}

/// The facts of all open connections, asked of the kernel the moment a connection is taken: later its process may be another one.
final class Connections: Sendable {
    private struct State {
        var facts: [ObjectIdentifier: ConnectionFacts] = [:]
        var perUser: [UInt32: Int] = [:]
    }

    private let state = Mutex(State())
    private let most: Int
    private let mostPerUser: Int

    init(most: Int, mostPerUser: Int) {
        self.most = most
        self.mostPerUser = mostPerUser
    }

    var count: Int { state.withLock { $0.facts.count } }

    func facts(of channel: any Channel) -> ConnectionFacts? { state.withLock { $0.facts[ObjectIdentifier(channel)] } }

    /// What is refused when there are too many, so that one client cannot hold up others.
    func add(_ facts: ConnectionFacts, _ channel: any Channel) -> APIError? {
        state.withLock { state in
            let uid = facts.credentials.uid
            let own = state.perUser[uid, default: 0]
            guard own < mostPerUser || uid == 0 else {
                return APIError(.limit, "connections: user \(uid) has \(own), accepted are at most \(mostPerUser) of one user")
            }
            guard state.facts.count < most else {
                return APIError(.unavailable, "connections: found \(state.facts.count), accepted are at most \(most); try again")
            }
            state.perUser[uid] = own + 1
            state.facts[ObjectIdentifier(channel)] = facts
            return nil
        }
    }

    func remove(_ channel: any Channel) {
        state.withLock { state in
            guard let facts = state.facts.removeValue(forKey: ObjectIdentifier(channel)) else { return }
            let uid = facts.credentials.uid
            let left = (state.perUser[uid] ?? 1) - 1
            state.perUser[uid] = left > 0 ? left : nil
        }
    }
}

/// Notes who connected, first thing on every connection.
final class ConnectionHandler: ChannelInboundHandler, RemovableChannelHandler, Sendable {
    typealias InboundIn = Any

    private let connections: Connections

    init(_ connections: Connections) { self.connections = connections }

    func handlerAdded(context: ChannelHandlerContext) {
        let takenAt = bootNanoseconds()
        // The process's own groups, not those that its account has: it may have dropped some, or be of a group for this session only.
        let credentials = try? context.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) { number in
            try PeerCredentials(of: Descriptor(borrowing: number))
        }
        guard let credentials else { return context.close(promise: nil) }
        guard let refusal = connections.add(ConnectionFacts(credentials: credentials, takenAt: takenAt), context.channel) else { return }
        // Whatever it was about to ask for. To the socket itself: the handlers between here and there are for replies to requests.
        _ = try? context.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) { number in
            try Descriptor(borrowing: number).send(Self.reply(refusal))
        }
        context.close(promise: nil)
    }

    private static func reply(_ refusal: APIError) throws -> [UInt8] {
        let body = try JSONEncoder().encode(refusal)
        let head = [
            "HTTP/1.1 \(refusal.code.status) Refused", "Content-Type: application/json", "Content-Length: \(body.count)", "Connection: close", "", "",
        ]
        return Array(head.joined(separator: "\r\n").utf8) + body
    }

    func channelInactive(context: ChannelHandlerContext) {
        connections.remove(context.channel)
        context.fireChannelInactive()
    }
}
