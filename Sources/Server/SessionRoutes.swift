import API
import Controller
import Hummingbird
import NIOCore

extension BerthServer {
    func addSessionRoutes(to router: Router<BerthContext>) {
        let (sessions, limit, controller, quiet) = (sessions, parts.requestLimit, parts.controller, quiet)
        add(.sessionCreate, to: router) { request, _, peer in
            try await controller.require(.attach, peer)
            let wanted = try await request.decoded(SessionRequest.self, limit: limit)
            return try reply(try await sessions.create(wanted, peer: peer), status: .created)
        }
        add(.sessionInput, to: router) { request, context, peer in
            try await controller.require(.attach, peer)
            let session = try await sessions.find(context.parameters.get("session") ?? "", peer: peer)
            quiet.allow(context.channel)
            var decoder = FrameDecoder()
            for try await buffer in request.body {
                decoder.append(buffer.readableBytesView)
                do {
                    while let frame = try decoder.next() { try await session.take(frame) }
                } catch let error as FrameDecoder.Failure {
                    throw APIError(.malformed, error.description)
                }
            }
            return try reply(SessionInputReply())
        }
        add(.sessionOutput, to: router) { _, context, peer in
            try await controller.require(.attach, peer)
            let session = try await sessions.find(context.parameters.get("session") ?? "", peer: peer)
            try await sessions.began(session)
            return streamed(Frame.mediaType) { output in
                try? await session.serve(output)
                await sessions.ended(session)
            }
        }
    }
}
