import NIOCore
import NIOHTTPTypes
import Synchronization

/// Connections that may be silent as long as they like: a person at a terminal thinks.
final class QuietChannels: Sendable {
    private let channels = Mutex<Set<ObjectIdentifier>>([])

    func allow(_ channel: any Channel) { channels.withLock { _ = $0.insert(ObjectIdentifier(channel)) } }
    func allows(_ channel: any Channel) -> Bool { channels.withLock { $0.contains(ObjectIdentifier(channel)) } }
    func forget(_ channel: any Channel) { channels.withLock { _ = $0.remove(ObjectIdentifier(channel)) } }
}

/// Drops a client that neither reads nor writes for a while, although it is its turn.
///
/// A client that waits for its reply is left alone, and so is one that the server does not read from (an upload behind others).
final class IdleHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let limit: TimeAmount
    private let quiet: QuietChannels
    private var last = NIODeadline.now()
    /// Requests whose reply has not been written yet.
    private var unanswered = 0
    private var isRequestWhole = true
    /// The server asked for bytes that have not come.
    private var wantsBytes = false
    /// Parts of replies that the client has not taken.
    private var untaken = 0
    private var timer: Scheduled<Void>?

    init(_ limit: TimeAmount, _ quiet: QuietChannels) {
        self.limit = limit
        self.quiet = quiet
    }

    func handlerAdded(context: ChannelHandlerContext) { arm(context, in: limit) }
    func handlerRemoved(context: ChannelHandlerContext) { timer?.cancel() }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        quiet.forget(context.channel)
        context.fireChannelInactive()
    }

    func read(context: ChannelHandlerContext) {
        if !wantsBytes { last = .now() }
        wantsBytes = true
        context.read()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        last = .now()
        wantsBytes = false
        switch unwrapInboundIn(data) {
        case .head:
            unanswered += 1
            isRequestWhole = false
        case .body: break
        case .end: isRequestWhole = true
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = unwrapOutboundIn(data) { unanswered -= 1 }
        if untaken == 0 { last = .now() }
        untaken += 1
        let taken = promise ?? context.eventLoop.makePromise(of: Void.self)
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        taken.futureResult.whenComplete { _ in
            bound.value.last = .now()
            bound.value.untaken -= 1
        }
        context.write(data, promise: taken)
    }

    private func arm(_ context: ChannelHandlerContext, in time: TimeAmount) {
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleTask(in: time) {
            let (handler, context) = bound.value
            handler.look(context)
        }
    }

    private func look(_ context: ChannelHandlerContext) {
        let left = last + limit - .now()
        let mustRead = untaken > 0
        let mustWrite = wantsBytes && (unanswered == 0 || !isRequestWhole) && !quiet.allows(context.channel)
        guard left <= .zero, mustRead || mustWrite else { return arm(context, in: left <= .zero ? limit : left) }
        context.close(promise: nil)
    }
}
