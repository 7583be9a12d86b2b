import JobModel

extension State {
    /// Takes in what happened; its cost is bound to what changed.
    public mutating func apply(_ change: Change) {
        steps += 1
        switch change {
        case .jobAdded(let job, let tasks): add(job, tasks)
        case .jobUpdated(let job): update(job)
        case .jobRemoved(let id): remove(id)
        case .finishedElsewhere(let outcomes): knowElsewhere(outcomes)
        case .holds(let id, let holds): setHolds(id, holds)
        case .batchHolds(let id, let holds): setBatchHolds(id, holds)
        case .pendingEnded(let id, let tasks, let outcome): endPending(id, tasks, outcome)
        case .pendingAgain(let id, let tasks): pendAgain(id, tasks)
        case .startsHeld(let reason): startsHeld = reason
        case .wallClockSet(let span): moveBackoffs(by: span)
        case .shape(let shape): rebuild(shape: shape, settings: settings)
        case .settings(let settings): rebuild(shape: shape, settings: settings)
        default: applyToAttempt(change)
        }
    }

    private mutating func applyToAttempt(_ change: Change) {
        switch change {
        case .started(let id, let placement, let at): begin(id, placement, at: at)
        case .adopted(let adoption): adopt(adoption)
        case .withdrawn(let task): withdraw(task)
        case .ended(let id, let ending): end(id, ending)
        case .frozen(let id, let keepCores, let at): freeze(id, keepCores: keepCores, at: at)
        case .wantsResume(let id, let at): wait(id, at: at)
        case .noLongerWantsResume(let id): stopWaiting(id)
        case .resumed(let id, let placement, let at): resume(id, placement, at: at)
        default: break
        }
    }

    /// A new machine or new settings change every fit and limit: everything is counted anew, once.
    private mutating func rebuild(shape: MachineShape, settings: Settings) {
        var snapshot = self.snapshot
        snapshot.shape = shape
        snapshot.settings = settings
        let (steps, held) = (self.steps, startsHeld)
        self = State(snapshot: snapshot)
        startsHeld = held
        self.steps += steps
    }
}
