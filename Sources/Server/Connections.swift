import LinuxSys
import NIOCore
import Synchronization

/// What the kernel noted of the peer when a connection was taken.
struct ConnectionFacts: Sendable {
    let pid: Int32
    let uid: UInt32
    let gid: UInt32
    /// Nil where the kernel has no SO_PEERPIDFD (before 6.5).
    let pidfd: Descriptor?
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
            let own = state.perUser[facts.uid, default: 0]
            guard state.facts.count < most, own < mostPerUser || facts.uid == 0 else { return false }
            state.perUser[facts.uid] = own + 1
            state.facts[ObjectIdentifier(channel)] = facts
            return true
        }
    }

    func remove(_ channel: any Channel) {
        state.withLock { state in
            guard let facts = state.facts.removeValue(forKey: ObjectIdentifier(channel)) else { return }
            let left = (state.perUser[facts.uid] ?? 1) - 1
            state.perUser[facts.uid] = left > 0 ? left : nil
        }
    }
}

/// Notes who connected, first thing on every connection.
final class ConnectionHandler: ChannelInboundHandler, RemovableChannelHandler, Sendable {
    typealias InboundIn = Any

    /// `struct ucred` (unix(7)).
    private struct Credentials: Sendable {
        var pid: Int32
        var uid: UInt32
        var gid: UInt32
    }

    private let connections: Connections

    init(_ connections: Connections) { self.connections = connections }

    func handlerAdded(context: ChannelHandlerContext) {
        let channel = context.channel
        guard let provider = channel as? any SocketOptionProvider else { return }
        let level = SocketOptionLevel(PeerCredentials.socketLevel)
        let credentials: EventLoopFuture<Credentials> = provider.unsafeGetSocketOption(
            level: level, name: SocketOptionName(PeerCredentials.credentialsOption))
        let pidfd: EventLoopFuture<Int32> = provider.unsafeGetSocketOption(
            level: level, name: SocketOptionName(PeerCredentials.pidfdOption))
        let takenAt = bootNanoseconds()
        credentials.and(pidfd.map { Int32?.some($0) }.recover { _ in nil }).whenComplete { [connections] result in
            guard case .success(let (found, number)) = result else {
                channel.close(promise: nil)
                return
            }
            let facts = ConnectionFacts(
                pid: found.pid, uid: found.uid, gid: found.gid, pidfd: number.map { Descriptor(adopting: $0) }, takenAt: takenAt)
            if !connections.add(facts, channel) { channel.close(promise: nil) }
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        connections.remove(context.channel)
        context.fireChannelInactive()
    }
}
