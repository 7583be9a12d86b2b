import API
import Controller
import Hummingbird
import JobModel
import NIOCore
import NodeAgent

extension BerthServer {
    func addInspectRoute(to router: Router<BerthContext>) {
        add(.inspect, to: router) { [parts] request, context, peer in
            let wanted = try InspectRequest(query: request.apiQuery)
            let id = try await parts.controller.inspected(TaskID(try Self.job(context), wanted.index), wanted, peer: peer)
            var wish = InspectWish(running: wanted.running)
            wish.process = wanted.process
            guard wanted.core else { return try reply(try await parts.agent.inspect(id, wish, by: peer.user)) }
            return try await Self.core(id, wish, parts.agent, peer.user)
        }
    }

    /// The reply begins with the first byte, so that what is refused before is refused as anything else is.
    private static func core(_ id: AttemptID, _ wish: InspectWish, _ agent: Agent, _ user: UserID) async throws -> Response {
        let output = FrameOutput()
        var wish = wish
        wish.core = { try await output.write($0) }
        let producer = Task { [wish] in
            do {
                _ = try await agent.inspect(id, wish, by: user)
                await output.finish()
            } catch {
                await output.tear(error)
            }
        }
        // A client that takes nothing holds nobody up for ever.
        let limit = agent.services.settings.inspectTimeout + .seconds(5)
        let watchdog = Task {
            try await Task.sleep(for: .milliseconds(limit.milliseconds))
            await output.fail()
        }
        let first: [UInt8]
        do {
            guard let bytes = try await output.next() else { throw APIError(.internal, "internal error: a core without a byte") }
            first = bytes
        } catch {
            watchdog.cancel()
            throw error
        }
        return stream("application/octet-stream") { writer in
            defer { watchdog.cancel() }
            do {
                try await writer.write(ByteBuffer(bytes: first))
                while let bytes = try await output.next() { try await writer.write(ByteBuffer(bytes: bytes)) }
                // What was dropped because it was too late is no end.
                if await output.isLost { throw FrameOutput.Gone() }
                try await writer.finish(nil)
            } catch {
                await output.fail()
                producer.cancel()
                throw error
            }
        }
    }
}
