import API
import Cgroups
import Containers
import JobModel
import LinuxSys
import Logging

/// The moment for which a look holds an attempt still. It is no pause: nothing of it is told as one, and a pause, a resume and a stop all go
/// before it.
struct Standstill {
    var since: BootTime
}

extension Supervisor {
    /// How long a job may take to freeze for a look; it is looked at as it runs otherwise.
    private static let freezeMilliseconds: UInt64 = 2_000

    /// One look, from the helper's start to the thaw. Whatever comes between, the job goes on when this has returned.
    func inspect(_ wish: InspectWish, _ inspection: Inspection) async throws -> InspectReply {
        guard let group, container != nil, !isFinished, [.running, .pausing, .paused].contains(observation.state), desired.record.stop == nil
        else {
            services.inspections.end(id)
            throw APIError(.conflict, "inspect of job \(id.task): it is \(observation.state.rawValue), accepted are running and paused")
        }
        self.inspection = inspection
        let timeout = services.settings.inspectTimeout
        let timer = services.reactor.at(bootNanoseconds: UInt64((services.clock.now().boot + timeout).nanoseconds)) { [weak self] in
            inspection.end(APIError(.unavailable, "inspect: it took longer than \(timeout)"))
            Task { await self?.endStandstill() }
        }
        var helper: InspectHelper?
        let result: Result<InspectReply, any Error>
        do {
            let started = try await startHelper(wish, group, timeout)
            helper = started.helper
            inspection.take(started.helper)
            result = .success(try await talk(with: started.helper, wish, inspection, group, started.path))
        } catch {
            result = .failure(inspection.reason ?? error)
        }
        services.reactor.cancel(timer)
        // In a task of its own, for whoever asked may be gone.
        await Task { await self.endStandstill() }.value
        self.inspection = nil
        await bury(helper)
        return try result.get()
    }

    private func startHelper(
        _ wish: InspectWish, _ group: AttemptGroup, _ timeout: TimeSpan
    ) async throws -> (helper: InspectHelper, path: String) {
        let path = services.settings.helperProgram
        // It tells of what is left out before it is killed.
        let milliseconds = UInt64(max(timeout.milliseconds / 2, timeout.milliseconds - 4_000))
        return try await services.inspecting.run {
            let members = try group.membership()
            var order = InspectOrder(controller: members.controller, groupPath: members.path, milliseconds: milliseconds)
            order.core = wish.core != nil
            order.process = wish.process
            return (try InspectHelper(path: path, order: order, members: members.processes), members.path)
        }
    }

    /// Kills the helper and sees to its end. One that is stuck in the kernel counts as a look under way until it is gone, so that there are never
    /// more of them than looks are allowed.
    private func bury(_ helper: InspectHelper?) async {
        let (services, id) = (services, id)
        guard let helper else { return services.inspections.end(id) }
        helper.kill()
        if (try? await services.inspecting.run { try helper.isReaped(within: 500) }) != false { return services.inspections.end(id) }
        services.logger.error("a helper that looked into a job is stuck in the kernel", metadata: ["attempt": "\(id)"])
        Task {
            while (try? await services.inspecting.run { try helper.isReaped(within: 1) }) == false { try? await Task.sleep(for: .seconds(1)) }
            services.inspections.end(id)
        }
    }

    // MARK: The talk

    private func talk(
        with helper: InspectHelper, _ wish: InspectWish, _ inspection: Inspection, _ group: AttemptGroup, _ path: String
    ) async throws -> InspectReply {
        var reply = InspectReply(attempt: id, takenAt: services.clock.now().wall, frozen: false, group: path)
        var last = "the threads"
        var isDone = false
        var stoodSince: BootTime?
        while true {
            let step: InspectHelper.Step
            do { step = try await services.inspecting.run { try helper.next(within: 1_000) } } catch {
                throw APIError(.internal, "the helper's words cannot be read: \(error)")
            }
            switch step {
            case .bytes(let bytes):
                do { try await wish.core?(bytes) } catch {
                    inspection.end(APIError(.unavailable, "whoever asked is gone"))
                    throw error
                }
            case .line(let line):
                if line.looked == true { stoodSince = try await holdStill(wish, group, helper, &reply) }
                if let refusal = line.refusal { throw APIError(.conflict, "inspect of job \(id.task): \(refusal)") }
                last = line.doing ?? last
                isDone = isDone || line.done == true
                reply.take(line)
            // One that is stuck in the kernel does not end when it is killed.
            case .silent where inspection.reason == nil: continue
            case .silent, .ended:
                if let reason = inspection.reason, reason.code != .unavailable || wish.core != nil { throw reason }
                guard isDone || inspection.reason != nil || !reply.processes.isEmpty else {
                    throw APIError(.internal, "the helper ended at \(last) without a word")
                }
                if !isDone {
                    let why = inspection.reason?.message ?? "the helper ended"
                    reply.notes.append("\(last) could not be read, and what comes after it is left out: \(why)")
                }
                reply.frozenMicroseconds = stoodSince.map { UInt64(max(0, (services.clock.now().boot - $0).nanoseconds / 1000)) }
                return reply
            }
        }
    }

    /// Freezes the job unless it is paused anyway, and tells the helper to go on; since when it stands still for that alone.
    private func holdStill(
        _ wish: InspectWish, _ group: AttemptGroup, _ helper: InspectHelper, _ reply: inout InspectReply
    ) async throws -> BootTime? {
        if let reason = inspection?.reason { throw reason }
        if observation.state == .paused {
            reply.frozen = true
        } else if !wish.running {
            standstill = Standstill(since: services.clock.now().boot)
            disarmLimits()
            let isFrozen =
                (try? await services.work.untilTrue(withinMilliseconds: Self.freezeMilliseconds, first: { try group.requestFreeze() }) {
                    try group.isFrozen(within: $0)
                }) ?? false
            if let reason = inspection?.reason {
                // It was let go meanwhile, and the freeze may have come after that.
                await endStandstill()
                await letGo()
                throw reason
            }
            reply.frozen = isFrozen
            if !isFrozen {
                let why =
                    (try? await services.work.run { "\(group.giveUpFreezing(afterMilliseconds: Self.freezeMilliseconds))" }) ?? "it does not freeze"
                reply.notes.append("not of one moment: \(why)")
                await endStandstill()
            }
        }
        try helper.say(reply.frozen ? "frozen" : "running")
        return reply.frozen ? standstill?.since : nil
    }

    // MARK: The job goes on

    /// Lets the job go on if it stands for a look alone. Twice is fine.
    func endStandstill() async {
        guard let standstill else { return }
        self.standstill = nil
        guard !isFinished else { return }
        let now = services.clock.now().boot
        // Time limits stand still meanwhile, as in a pause; one that began in between counts its own time.
        observation.pausedFor = observation.pausedFor + max(.zero, (observation.pausedSince ?? now) - standstill.since)
        await letGo()
        if !isFinished, observation.state == .running { armLimits() }
    }

    /// A pause stands after a look. One that is still to come does not hold up the end.
    private var isToStand: Bool {
        observation.state == .paused || observation.state == .pausing || desired.frozen && !freezeGivenUp && desired.record.stop == nil
    }

    private func letGo() async {
        guard let group, !isFinished, standstill == nil, !isToStand else { return }
        let task = Task { await thawHeld(group) }
        lettingGo = task
        await task.value
        if lettingGo == task { lettingGo = nil }
    }

    /// Thaws a job that no pause holds; tried again until it goes.
    func thawHeld(_ group: AttemptGroup) async {
        do {
            let isThawed = try await services.work.untilTrue(
                withinMilliseconds: AttemptGroup.thawMilliseconds, first: { try group.requestThaw() }
            ) { try group.isThawed(within: $0) }
            if !isThawed { throw group.stillFrozen() }
        } catch {
            guard !isFinished else { return }
            logger.error("a job that was looked at does not go on", metadata: ["attempt": "\(id)", "error": "\(error)"])
            let at = UInt64(services.clock.now().boot.nanoseconds) + 1_000_000_000
            services.reactor.at(bootNanoseconds: at) { [weak self] in Task { await self?.letGo() } }
        }
    }

    /// What is to happen to the job goes before a look at it.
    func endInspection(_ why: String) async {
        guard let inspection else { return }
        inspection.end(APIError(.conflict, "inspect of job \(id.task): \(why) meanwhile, try again"))
        await endStandstill()
    }
}

extension InspectReply {
    fileprivate mutating func take(_ line: InspectLine) {
        if let process = line.process, processes.count < InspectLimit.processes {
            let place = processes.firstIndex { ($0.startedAt, $0.id) > (process.startedAt, process.id) } ?? processes.count
            processes.insert(process, at: place)
        }
        if let command = line.command, let place = processes.firstIndex(where: { $0.hostID == command.hostID }) {
            processes[place].command = command.words
        }
        if let note = line.note, notes.count < 2 * InspectLimit.notes { notes.append(note) }
        processesOmitted = line.processesOmitted ?? processesOmitted
    }
}
