import JobModel
import Testing

@Suite struct TimeTests {
    @Test(
        arguments: [
            ("90", 90_000), ("90s", 90_000), ("15m", 900_000), ("15min", 900_000), ("2h", 7_200_000), ("1d", 86_400_000),
            ("1h30m", 5_400_000),
            ("250ms", 250), ("1.5h", 5_400_000), ("01:30:00", 5_400_000), ("2:30", 150_000), ("1-00:00:01", 86_401_000), ("0", 0),
        ] as [(String, Int64)])
    func timesAsPeopleWriteThem(text: String, milliseconds: Int64) { #expect(TimeSpan(text: text)?.milliseconds == milliseconds) }

    @Test(arguments: ["", "h", "-1s", "1x", "1h30", "1:2:3:4", ":", "1-", "x-1:00", "1:-2", "999999999999999d", "9999999999:00"])
    func whatIsNoTimeIsRefused(text: String) { #expect(TimeSpan(text: text) == nil) }

    @Test func shortForms() {
        let cases: [(Int64, String)] = [
            (0, "0ms"), (250, "250ms"), (1000, "1s"), (1500, "1.5s"), (90_000, "1m30s"), (3_600_000, "1h"), (5_400_000, "1h30m"),
            (86_400_000 + 3_600_000 + 60_000, "1d1h"),
        ]
        for (milliseconds, text) in cases { #expect(TimeSpan(milliseconds: milliseconds).description == text) }
    }

    @Test func clocksAndSpansAddUp() {
        let boot = BootTime(nanoseconds: 5_000_000_000)
        #expect(boot + .seconds(2) == BootTime(nanoseconds: 7_000_000_000) && (boot + .seconds(2)) - boot == .seconds(2))
        let wall = WallTime(milliseconds: 1000)
        #expect(wall + .minutes(1) - wall == .seconds(60) && wall < wall + .hours(1))
        #expect(TimeSpan.minutes(90) == .hours(1) + .minutes(30) && TimeSpan.hours(1) - .minutes(60) == .zero)
        let endless = TimeSpan(milliseconds: .max / 2)
        #expect(boot + endless > boot && endless.nanoseconds == .max / 2)
        #expect(TimeSpan.seconds(3).nanoseconds == 3_000_000_000 && TimeSpan(milliseconds: 1500).inSeconds == 1.5)
    }

    @Test func theJSONFormIsAPlainNumber() throws {
        #expect(try json([TimeSpan.seconds(2)]) == "[2000]")
        #expect(try roundTrip([BootTime(nanoseconds: .max)]) == [BootTime(nanoseconds: .max)])
        #expect(try roundTrip([WallTime(milliseconds: -5)]) == [WallTime(milliseconds: -5)])
    }
}
