import API
import Controller
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOHTTP1

/// Turns every error into the API's one form.
struct ErrorMiddleware: RouterMiddleware {
    typealias Context = BerthContext
    /// A store that stays broken is told once by the controller; clients that try again and again need not be.
    private let budget = LogBudget(lines: 60, in: .seconds(60))

    func handle(
        _ request: Request, context: BerthContext, next: (Request, BerthContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        // The framework's own is long, and begins alike for all requests.
        let id = String(UInt64.random(in: .min ... .max), radix: 16)
        context.logger[metadataKey: Self.loggedID] = "\(id)"
        var response = try await answer(request, context, id, next)
        response.headers[Self.header] = id
        return response
    }

    /// The framework's name for it.
    private static let loggedID = "hb.request.id"
    private static let header = HTTPField.Name("X-Request-ID")!

    /// What is the daemon's fault, or its state's, is told in its log, and the reply carries the id to look for.
    private func told(_ error: APIError, _ request: Request, _ context: BerthContext, _ id: String) -> APIError {
        guard error.code.status >= 500, budget.take() else { return error }
        let metadata: Logger.Metadata = ["request": "\(id)", "path": "\(request.uri.path)", "code": "\(error.code.rawValue)", "error": "\(error)"]
        context.logger.log(level: error.code == .internal ? .error : .warning, "request failed", metadata: metadata)
        var error = error
        error.request = id
        return error
    }

    private func answer(
        _ request: Request, _ context: BerthContext, _ id: String, _ next: (Request, BerthContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as APIError where error.code == .tooLarge {
            return try refuseTheRest(error, context)
        } catch let error as APIError {
            return try reply(told(error, request, context, id), status: .init(code: error.code.status))
        } catch let error as HTTPError {
            let code: APIError.Code = error.status == .notFound ? .unknown : error.status == .contentTooLarge ? .tooLarge : .malformed
            return try reply(APIError(code, error.body ?? "no such path"), status: error.status)
        } catch is CancellationError {
            throw CancellationError()
        } catch let error as HTTPParserError {
            // A stream that the client broke off, or that is no HTTP.
            return try reply(APIError(.malformed, "found a body that broke off (\(error)), accepted a whole one"), status: .badRequest)
        } catch {
            let failure = APIError(.internal, "internal error: \(error)")
            return try reply(told(failure, request, context, id), status: .internalServerError)
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
