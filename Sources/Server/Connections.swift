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

    func facts(of channel: any Channel) -> ConnectionFacts? { state.withLock { $0.facts[ObjectIdentifier(channel)] } }

    /// False when there are too many, so that one client cannot hold up others.
    func add(_ facts: ConnectionFacts, _ channel: any Channel) -> Bool {
        state.withLock { state in
            let own = state.perUser[facts.credentials.uid, default: 0]
            guard state.facts.count < most, own < mostPerUser || facts.credentials.uid == 0 else { return false }
            state.perUser[facts.credentials.uid] = own + 1
            state.facts[ObjectIdentifier(channel)] = facts
            return true
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
        guard let credentials, connections.add(ConnectionFacts(credentials: credentials, takenAt: takenAt), context.channel) else {
            context.close(promise: nil)
            return
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        connections.remove(context.channel)
        context.fireChannelInactive()
    }
}
