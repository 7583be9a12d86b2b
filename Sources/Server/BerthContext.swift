import Controller
import Hummingbird
import Logging
import NIOCore

/// What a request carries beside its head: who asks.
struct BerthContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let channel: any Channel
    /// Set by `PeerMiddleware`.
    var peer: Peer?

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        channel = source.channel
    }
}
