import JobModel
import JobStore
import Testing

/// Every packed value comes back the same, and none of its fields is left out.
@Suite struct PackingTests {
    /// The stored fields of each hand-packed type. A field that is added to a type has to be added to its `+Packing` file, to the sample and
    /// here: without that it would be lost at the next restart.
    @Test func everyFieldIsPacked() {
        func fields(_ value: Any) -> [String] { Mirror(reflecting: value).children.compactMap(\.label) }
        #expect(fields(Sample.attempt(1)) == ["id", "placement", "assignedAt", "coresReleased", "stop", "grace", "queuedAt"])
        #expect(
            fields(Sample.observation(1)) == [
                "id", "state", "startedAt", "endedAt", "pausedFor", "pausedSince", "outcome", "usage", "freezeFailed", "accountMissing",
                "note", "warned", "thresholdsTold", "killsTold", "memorySignalled", "stopSignalledAt", "groupName", "monitor",
                "freezeGeneration",
            ])
        #expect(fields(Sample.placement) == ["cpus", "memoryNodes", "shared", "named"])
        #expect(fields(Sample.stamp) == ["wall", "boot", "bootID"])
        #expect(
            fields(Sample.table()) == [
                "pending", "active", "succeeded", "unsuccessful", "cancelled", "dependencyFailed", "started", "holds", "attempts",
                "notBefore", "retried", "pendingSince",
            ])
        #expect(
            fields(Hold(kind: .user, scope: .task, by: .root, at: WallTime(milliseconds: 0))) == [
                "kind", "scope", "by", "byName", "at", "keepCores", "reason",
            ])
        #expect(
            fields(Sample.demand) == [
                "cores", "cpuMillis", "memory", "swap", "pids", "scratch", "scratchInodes", "scratchKind", "named", "hugePages",
            ])
        #expect(fields(Sample.usage).count == 29)
        #expect(
            fields(Sample.ledgerAttempt(Sample.attemptID(1))) == [
                "id", "owner", "ownerName", "name", "batch", "queue", "image", "node", "demand", "timeLimit", "placement", "submittedAt",
                "startedAt", "endedAt", "queuedFor", "ranFor", "pausedFor", "outcome", "usage", "startingFor",
                "startedBoot", "note",
            ])
        #expect(
            fields(Sample.event(1)) == ["sequence", "at", "kind", "job", "task", "attempt", "owner", "batch", "outcome", "detail"])
        #expect(fields(Sample.ledgerJob(1)) == ["record", "tasks", "endedAt"])
    }

    @Test func samplesLeaveNoFieldEmpty() {
        for value in [Sample.attempt(1), Sample.observation(1), Sample.usage, Sample.event(1)] as [Any] {
            for child in Mirror(reflecting: value).children where Mirror(reflecting: child.value).displayStyle == .optional {
                #expect(Mirror(reflecting: child.value).children.count == 1, "\(child.label ?? "") is nil in the sample")
            }
        }
    }

    @Test func entriesComeBack() throws {
        var table = Sample.table(IntervalSet(0...9))
        table.holds = [
            TaskHold(
                hold: Hold(
                    kind: .operatorPause, scope: .batch, by: UserID(3), byName: "ada", at: WallTime(milliseconds: 9), keepCores: true,
                    reason: "maintenance"),
                tasks: IntervalSet([1, 2, 7]))
        ]
        table.attempts = [3: 2, 900_000: 7, 0: 1]
        table.notBefore = [3: WallTime(milliseconds: -1), 4: WallTime(milliseconds: .max)]
        table.retried = [3: 1, 9: 4]
        table.pendingSince = [3: WallTime(milliseconds: 5), 8: WallTime(milliseconds: -7)]
        let hold = Hold(kind: .user, scope: .batch, by: .root, at: WallTime(milliseconds: 1))
        let entries: [StoreEntry] = [
            .job(Sample.job(7, array: IntervalSet(0...99))), .job(Sample.job(8)), .tasks(JobID(7), table), .attempt(Sample.attempt(7, 3)),
            .attempt(Sample.attempt(8)), .observation(Sample.observation(7, 0)),
            .observation(AttemptObservation(id: Sample.attemptID(9), state: .assigned)),
            .batch(BatchRecord(id: BatchID(owner: UserID(5), name: "a/b ü"), holds: [hold])), .counter(.jobs, .max),
        ]
        for entry in entries {
            let key = try StoreKey(packed: entry.key.packed)
            #expect(key == entry.key)
            #expect(try StoreEntry(key: key, packedValue: entry.packedValue) == entry)
        }
    }

    @Test func ledgerAndEventsComeBack() throws {
        let outcomes: [AttemptOutcome] = [
            .succeeded, .failed(code: 255), .killed(signal: 9), .timedOut, .outOfMemory, .cancelled,
            .startFailed(operation: "", errno: "E"),
            .preempted, .nodeLost, .monitorLost,
        ]
        for outcome in outcomes {
            let attempt = Sample.ledgerAttempt(Sample.attemptID(.max >> 1, .max, .max), outcome: outcome)
            #expect(try LedgerAttempt(packed: attempt.packed) == attempt)
        }
        var never = Sample.ledgerAttempt(Sample.attemptID(1))
        (never.startedAt, never.startedBoot, never.name, never.batch, never.image, never.note, never.usage) = (nil, nil, nil, nil, nil, nil, Usage())
        #expect(try LedgerAttempt(packed: never.packed) == never)
        #expect(try LedgerJob(packed: Sample.ledgerJob(4).packed) == Sample.ledgerJob(4))
        #expect(try Event(packed: Sample.event(4).packed) == Sample.event(4))
    }

    /// What was written before a field was known has no value there, and above all no zero.
    @Test func earlierRecordsAreRead() throws {
        var packer = Packer()
        for number in UInt64(1)...18 { packer.number(number, number) }
        let usage = try Usage(packed: packer.bytes)
        #expect(usage.cpuMicroseconds == 3 && usage.involuntarySwitches == 18)
        #expect([usage.memoryFailures, usage.outOfMemoryEvents, usage.scratchFiles, usage.reapedCpuMicroseconds].allSatisfy { $0 == nil })
        #expect(usage.swapPeak == nil && usage.devices == nil && usage.scratchBytes == nil)
    }

    @Test func randomIndexSetsComeBack() throws {
        let seed = Generator.freshSeed
        var generator = Generator(seed: seed)
        for _ in 0..<500 {
            let set = Sample.indices(using: &generator, below: TaskIndex.random(in: 1...20_000, using: &generator))
            #expect(try IntervalSet(packed: set.packed) == set, "seed \(seed)")
        }
        for set in [
            IntervalSet(), IntervalSet([0]), IntervalSet(0...TaskIndex.max), IntervalSet([TaskIndex.max]), IntervalSet([0, TaskIndex.max]),
        ] {
            #expect(try IntervalSet(packed: set.packed) == set)
        }
    }

    @Test func keysSortAsIdsDo() {
        let ids = [
            Sample.attemptID(1), Sample.attemptID(2, 0, 1), Sample.attemptID(2, 0, 2), Sample.attemptID(2, 1), Sample.attemptID(256),
            Sample.attemptID(70_000, 65_536),
        ]
        let packed = ids.map { StoreKey.attempt($0).packed }
        for (lower, higher) in zip(packed, packed.dropFirst()) { #expect(lower.lexicographicallyPrecedes(higher)) }
    }

    @Test func aNewerVersionsFieldsAreSkipped() throws {
        var packer = Packer()
        Sample.event(1).pack(into: &packer)
        packer.number(77, 5)
        packer.text(78, "later")
        #expect(try Event(packed: packer.bytes) == Sample.event(1))
    }

    /// Damaged values are refused or read as something; they never end the process.
    @Test func damagedValuesDoNoHarm() {
        let seed = Generator.freshSeed
        var generator = Generator(seed: seed)
        let wholes = [
            Sample.observation(7, 3).packed, Sample.ledgerAttempt(Sample.attemptID(1)).packed, Sample.table(IntervalSet([1, 5, 9])).packed,
        ]
        for whole in wholes {
            for _ in 0..<2000 {
                var bytes = Array(whole.prefix(Int.random(in: 0...whole.count, using: &generator)))
                if let index = bytes.indices.randomElement(using: &generator) {
                    bytes[index] = UInt8.random(in: 0...255, using: &generator)
                }
                _ = try? AttemptObservation(packed: bytes)
                _ = try? LedgerAttempt(packed: bytes)
                _ = try? StoreKey(packed: bytes)
            }
        }
        #expect(throws: PackingError.self) { try AttemptObservation(packed: Array(Sample.observation(1).packed.dropLast(46))) }
    }

    @Test func aLargeArrayStaysSmall() {
        let everyOther = IntervalSet(stride(from: TaskIndex(0), to: 400_000, by: 2))
        #expect(everyOther.packed.count < 51_000)
        #expect(StoreEntry.tasks(JobID(1), Sample.table(IntervalSet(0...999_999))).packedValue.count < 100)
        let job = Sample.job(1, array: everyOther)
        #expect(StoreEntry.job(job).packedValue.count < 60_000)
    }
}
