import API
import Controller
import Hummingbird
import JobModel
import NodeAgent

extension BerthServer {
    func addJobRoutes(to router: Router<BerthContext>) {
        let (controller, limit) = (parts.controller, parts.requestLimit)
        add(.submit, to: router) { [sessions, large] request, _, peer in
            let submit = try await request.decoded(SubmitRequest.self, limit: limit, large: large, of: peer.user)
            // A process inside a job submits, and is nobody's client.
            if submit.session != nil { try await controller.require(.attach, peer) }
            var answer = try await controller.submit(submit, peer: peer)
            if let session = submit.session, let job = answer.jobs.first, submit.dryRun != true {
                answer.session = try await sessions.run(job, session, peer: peer)
            }
            return try reply(answer, status: .created)
        }
        add(.submission, to: router) { _, context, peer in
            let key = RequestKey(context.parameters.get("key") ?? "")
            guard let answer = try await controller.submission(key, peer: peer) else {
                throw APIError(.unknown, "no submit with key \(key) was committed")
            }
            return try reply(answer)
        }
        add(.list, to: router) { request, _, peer in try reply(page: try await controller.list(ListRequest(query: request.apiQuery), peer: peer)) }
        add(.show, to: router) { [self] request, context, peer in
            let id = try Self.job(context)
            var detail = try await controller.show(id, ShowRequest(query: request.apiQuery), peer: peer)
            await addLiveUsage(to: &detail)
            return try reply(detail)
        }
        add(.wait, to: router) { request, _, peer in
            try reply(try await controller.wait(for: try await request.decoded(WaitRequest.self, limit: limit), peer: peer))
        }
        add(.update, to: router) { request, _, peer in
            try reply(try await controller.update(try await request.decoded(UpdateRequest.self, limit: limit), peer: peer))
        }
        for route in [Route.cancel, .signal, .requeue, .pause, .resume, .hold, .release] {
            add(route, to: router) { request, _, peer in
                try reply(try await controller.act(route, try await request.decoded(ActionRequest.self, limit: limit), peer: peer))
            }
        }
        add(.report, to: router) { request, _, peer in
            try reply(report: try await controller.report(ReportRequest(query: request.apiQuery), peer: peer))
        }
    }

    static func job(_ context: BerthContext) throws(APIError) -> JobID {
        let text = context.parameters.get("job") ?? ""
        guard let id = JobID(text) else { throw APIError(.invalid, "found \(DocumentText.quoted(text)), accepted a job id", field: "job") }
        return id
    }

    /// What running attempts used so far, and their PID 1.
    private func addLiveUsage(to detail: inout JobDetail) async {
        guard !detail.job.redacted else { return }
        for index in detail.attempts.indices where detail.attempts[index].state != .finished {
            detail.attempts[index].usage = await parts.agent.usage(of: detail.attempts[index].id)
            detail.attempts[index].pid = await parts.agent.monitorPID(of: detail.attempts[index].id)
        }
    }

    func addBatchRoutes(to router: Router<BerthContext>) {
        let (controller, limit) = (parts.controller, parts.requestLimit)
        add(.batchList, to: router) { request, _, peer in
            try reply(try await controller.listBatches(BatchRequest(query: request.apiQuery), peer: peer))
        }
        add(.batchShow, to: router) { request, _, peer in
            try reply(try await controller.showBatch(BatchRequest(query: request.apiQuery), peer: peer))
        }
        for route in [Route.batchPause, .batchResume, .batchHold, .batchRelease, .batchCancel] {
            add(route, to: router) { request, _, peer in
                let action = try await request.decoded(BatchActionRequest.self, limit: limit)
                return try reply(try await controller.act(route, onBatch: action, peer: peer))
            }
        }
    }
}
