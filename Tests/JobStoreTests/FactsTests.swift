import JobModel
import JobStore
import TestSupport
import Testing

/// What reports read of an attempt is what its record says.
@Suite struct FactsTests {
    private func facts(_ bytes: [UInt8], name: String? = nil) throws -> AttemptFacts? {
        var reader = FactsReader(name: name)
        return try bytes.withUnsafeBytes { try reader.read($0) }
    }

    /// One reader for many, since it remembers words from one to the next.
    @Test func factsAreThoseOfTheRecord() throws {
        var generator = SeededGenerator()
        var reader = FactsReader()
        let outcomes: [AttemptOutcome] = [
            .succeeded, .failed(code: 3), .killed(signal: 9), .timedOut, .outOfMemory, .cancelled, .startFailed(operation: "x", errno: "E"),
            .preempted, .nodeLost, .monitorLost,
        ]
        for round in UInt64(1)...300 {
            var attempt = Sample.ledgerAttempt(
                Sample.attemptID(round, Bool.random(using: &generator) ? 7 : nil, UInt32(round)),
                batch: ["b", "ü/long name of a batch", nil][Int(round % 3)],
                endedAt: Int64.random(in: -5...9_999_999, using: &generator), outcome: outcomes[Int(round % 10)])
            if Bool.random(using: &generator) { (attempt.startedAt, attempt.startingFor, attempt.image) = (nil, nil, nil) }
            if round % 5 == 0 { attempt.usage = Usage() }
            attempt.demand.cores = Int.random(in: 0...300, using: &generator)
            (attempt.node, attempt.ownerName) = (["n1", "", "a-node-with-a-long-name"][Int(round % 3)], "user\(round % 2)")
            let read = try attempt.packed.withUnsafeBytes { try reader.read($0) }
            #expect(read == AttemptFacts(attempt), "seed \(generator.seed)")
        }
    }

    /// A field that is added to the facts is read too.
    @Test func noFieldIsLeftOut() throws {
        let found = try #require(try facts(Sample.ledgerAttempt(Sample.attemptID(3, 4, 5)).packed))
        for value in [found, found.usage] as [Any] {
            for child in Mirror(reflecting: value).children where Mirror(reflecting: child.value).displayStyle == .optional {
                #expect(Mirror(reflecting: child.value).children.count == 1, "\(child.label ?? "") is nil")
            }
        }
    }

    @Test func onlyThoseOfANameAreRead() throws {
        let packed = Sample.ledgerAttempt(Sample.attemptID(1)).packed
        #expect(try facts(packed, name: "name") != nil && facts(packed, name: "nam") == nil && facts(packed, name: "named") == nil)
    }

    /// Damaged records are refused or read as something; nothing beyond their end is touched.
    @Test func damagedRecordsDoNoHarm() {
        var generator = SeededGenerator()
        let whole = Sample.ledgerAttempt(Sample.attemptID(1)).packed
        for _ in 0..<5000 {
            var bytes = Array(whole.prefix(Int.random(in: 0...whole.count, using: &generator)))
            if let index = bytes.indices.randomElement(using: &generator) { bytes[index] = UInt8.random(in: 0...255, using: &generator) }
            _ = try? facts(bytes)
        }
    }

    @Test func accountsComeBack() throws {
        var totals = AccountTotals()
        totals.add(Sample.usage)
        totals.add(Usage())
        var usage = Sample.usage
        usage.minorFaults = nil
        totals.add(usage)
        #expect(totals.sums[0] == 2 && totals.missing == [0, 0, 0, 0, 0, 0, 1, 0])
        #expect(try AccountTotals(packed: totals.packed) == totals)
        let span = AccountSpan(
            bootID: "b", identity: "1-2", since: WallTime(milliseconds: 7), jobs: totals, parent: [1, 2, nil, nil, 5, 6, .max, nil])
        #expect(try AccountSpan(packed: span.packed) == span)
        #expect(totals.since(totals) == AccountTotals())
    }
}
