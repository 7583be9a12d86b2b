import JobModel
import JobSpecs
import Testing

/// The context's moment is 2030-03-17T17:46:40Z, which is 18:46:40 in its zone.
@Suite struct BeginTimeTests {
    private func begin(_ text: String, context: SpecContext = testContext) throws -> Int64? {
        var flags = SpecFlags()
        flags.command = ["x"]
        flags.begin = text
        return try JobFile.read(.none, flags: flags, context: context).jobs.first?.spec.begin.map { $0.milliseconds / 1000 }
    }

    @Test(
        arguments: [
            ("now", 1_900_000_000), ("now+1h", 1_900_003_600), ("+90", 1_900_000_090), ("now+2days", 1_900_172_800),
            ("now+1week", 1_900_604_800),
            ("18:46:40", 1_900_000_000), ("19:00", 1_900_000_800), ("18:00", 1_900_083_600), ("midnight", 1_900_018_800),
            ("tomorrow", 1_900_018_800),
            ("noon", 1_900_062_000), ("2030-03-18", 1_900_018_800), ("2030-03-18T00:00", 1_900_018_800),
            ("2030-03-18 00:00:30", 1_900_018_830),
            ("2030-03-17T23:00Z", 1_900_018_800), ("2030-03-18T02:30+03:30", 1_900_018_800), ("2030-03-17T18:00-05:00", 1_900_018_800),
            ("2000-02-29T00:00Z", 951_782_400), ("1970-01-01T00:00Z", 0), ("2100-03-01T00:00Z", 4_107_542_400),
            ("9999-12-31T23:59:59Z", 253_402_300_799),
        ] as [(String, Int64)]) func moments(_ text: String, _ seconds: Int64) throws
    { #expect(try begin(text) == seconds) }

    @Test(arguments: [
        "2030-02-29", "2030-13-01", "2030-00-01", "24:00", "12:60", "12", "1969-12-31", "2030-1-1", "now-1h", "2030-03-18T", "soon", "+",
        "2030-03-18T10:00+99:00", "٢٠٣٠-٠١-٠١", "",
    ])
    func noMoments(_ text: String) { #expect(throws: DocumentError.self) { try begin(text) } }

    /// The offset is that of the moment, not of now.
    @Test func aChangeOfTheClocksCounts() throws {
        let summer = WallTime(milliseconds: 1_901_300_000_000)
        let context = SpecContext(directory: "/", now: testContext.now) { $0 < summer ? 3600 : 7200 }
        #expect(try begin("2030-04-10T12:00", context: context) == 1_902_045_600)
    }
}
