import API
import Controller
import Hummingbird
import Logging
import NIOCore
import NIOHTTP1

/// Turns every error into the API's one form.
struct ErrorMiddleware: RouterMiddleware {
    typealias Context = BerthContext

    func handle(
        _ request: Request, context: BerthContext, next: (Request, BerthContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as APIError where error.code == .tooLarge {
            return try refuseTheRest(error, context)
        } catch let error as APIError {
            return try reply(error, status: .init(code: error.code.status))
        } catch let error as HTTPError {
            let code: APIError.Code = error.status == .notFound ? .unknown : error.status == .contentTooLarge ? .tooLarge : .malformed
            return try reply(APIError(code, error.body ?? "no such path"), status: error.status)
        } catch is CancellationError {
            throw CancellationError()
        } catch let error as HTTPParserError {
            // A stream that the client broke off, or that is no HTTP.
            return try reply(APIError(.malformed, "found a body that broke off (\(error)), accepted a whole one"), status: .badRequest)
        } catch {
            context.logger.error("request failed", metadata: ["path": "\(request.uri.path)", "error": "\(error)"])
            return try reply(APIError(.internal, "internal error: \(error)"), status: .internalServerError)
        }
    }

    /// The client may go on sending for ever: what comes is read and dropped for a while, so that it finds the reply, then the connection
    /// closes.
    private func refuseTheRest(_ error: APIError, _ context: BerthContext) throws -> Response {
        let channel = context.channel
        channel.eventLoop.scheduleTask(in: Self.patience) { channel.close(promise: nil) }
        var response = try reply(error, status: .init(code: error.code.status))
        response.headers[.connection] = "close"
        return response
    }

    private static let patience = TimeAmount.seconds(5)
}

/// Finds out who asks before anything else is looked at.
struct PeerMiddleware: RouterMiddleware {
    typealias Context = BerthContext
    let connections: Connections
    let resolver: PeerResolver

    func handle(
        _ request: Request, context: BerthContext, next: (Request, BerthContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        context.peer = try await resolver.peer(of: connections.facts(of: context.channel))
        return try await next(request, context)
    }
}

extension BerthContext {
    /// The peer that the middleware found.
    func requirePeer() throws(APIError) -> Peer {
        guard let peer else { throw APIError(.denied, "the peer cannot be identified") }
        return peer
    }
}
