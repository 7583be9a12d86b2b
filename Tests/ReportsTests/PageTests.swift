import API
import JobModel
import TestSupport
import Testing

@testable import Reports

/// The page as a browser draws it.
@Suite struct PageTests {
    /// Closes whatever it may stand in, then does harm.
    private static let hostile =
        "</title></text></svg><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">'\u{202E}\u{1B}"

    private static func attempt(
        _ job: UInt64, cpus: [Int], from: Int64, to: Int64, shared: Bool = false, name: String? = nil, outcome: AttemptOutcome = .succeeded
    ) -> LedgerAttempt {
        var attempt = Ledger.attempt(
            job, batch: name, cores: shared ? 0 : cpus.count, cpuMillis: shared ? 500 : 0, queuedMs: Int64(job) * 1000, ranMs: (to - from) * 1000,
            outcome: outcome, usage: Ledger.usage(user: UInt64(to - from) * 500_000, system: 0, peak: .mebibytes(50)))
        attempt.name = name
        attempt.placement.cpus = CpuSet(cpus)
        (attempt.startedAt, attempt.endedAt) = (WallTime(milliseconds: from * 1000), WallTime(milliseconds: to * 1000))
        return attempt
    }

    /// On four cores: two for 100 s, one for the second half, a share of the pool for the first quarter.
    private static func page() -> String {
        let attempts = [
            attempt(3, cpus: [0, 1, 2, 3], from: 1000, to: 1025, shared: true, outcome: .timedOut),
            attempt(2, cpus: [3], from: 1050, to: 1100, name: hostile, outcome: .failed(code: 1)),
            attempt(1, cpus: [0, 1], from: 1000, to: 1100, name: "fit"),
        ]
        var table = ReportTable.Builder(by: .batch)
        var plots = ReportPlots.Builder(cores: 4, memory: .mebibytes(400))
        for attempt in attempts {
            table.add(attempt)
            plots.add(AttemptFacts(attempt))
        }
        var reply = ReportReply(table: table.table(), attempts: attempts.reversed().map { AttemptReport($0) })
        reply.plots = plots.plots
        return ReportPage(reply: reply, subject: "Jobs of \(hostile)", now: WallTime(milliseconds: 2_000_000), secondsFromUTC: 0).html
    }

    private static let boxes = """
        (query) => [...document.querySelectorAll(query)].map(e => { const b = e.getBoundingClientRect(); return { run: e.dataset.run || "",
        size: e.dataset.size || "", x: b.x, y: b.y, width: b.width, height: b.height, fill: getComputedStyle(e).fill,
        title: (e.querySelector("title") || {}).textContent || "" }; })
        """

    @Test(.enabled(if: Browser.canRun, "needs chromium")) func whatIsDrawnIsWhatWas() throws {
        let found = try #require(
            try Browser.measure(
                Self.page(),
                """
                (boxes => ({ gantt: boxes("#gantt rect.run"), given: boxes("#cores rect.given"), used: boxes("#cores rect.used"),
                memory: boxes("#memory rect.given"), waits: boxes("#waits rect.p50"), whole: boxes("#cores line.whole"),
                rows: [...document.querySelectorAll("tbody tr")].map(r => [...r.children].map(c => c.textContent)),
                width: document.documentElement.scrollWidth, title: document.title, scripts: document.scripts.length,
                images: document.images.length, text: document.body.innerText, back: getComputedStyle(document.body).backgroundColor
                }))(\(Self.boxes))
                """))
        func number(_ value: JSONValue) -> Double { Double(value.description) ?? .nan }
        func near(_ a: Double, _ b: Double, _ slack: Double = 1.5) -> Bool { abs(a - b) <= slack }

        // The Gantt: a bar for each run, where and as long as it was.
        let bars = Dictionary(uniqueKeysWithValues: found["gantt"].list.map { ($0["run"].text ?? "", $0) })
        #expect(bars.keys.sorted() == ["1#1", "2#1", "3#1"])
        let (first, second, third) = (try #require(bars["1#1"]), try #require(bars["2#1"]), try #require(bars["3#1"]))
        let width = number(first["width"])
        #expect(width > 600 && near(number(second["width"]), width / 2) && near(number(third["width"]), width / 4), "\(found["gantt"])")
        #expect(near(number(second["x"]), number(first["x"]) + width / 2) && near(number(third["x"]), number(first["x"])))
        #expect(near(number(first["height"]), number(second["height"]) * 2, 3), "two cores, two lines")
        // cpu 0 and 1, cpu 3 below them, the pool last.
        #expect(near(number(second["y"]), number(first["y"]) + number(first["height"]), 3) && number(third["y"]) > number(second["y"]))
        let colours = Set([first, second, third].map { $0["fill"].text ?? "" })
        #expect(colours.count == 3 && !colours.contains("rgb(0, 0, 0)"), "an outcome has a colour: \(colours)")
        #expect(first["title"].text?.contains("fit") == true)

        // Use over time: 15 s a bucket, 1.0 share aside: 2.5, 2.5 (10 of 15 s), 2, 2 (and 3 for the last 10 s), 3 …
        let given = found["given"].list.map { number($0["height"]) }
        #expect(given.count == found["used"].list.count && given.count > 5)
        let line = try #require(found["whole"].list.first)
        let floor = found["given"].list.map { number($0["y"]) + number($0["height"]) }.max() ?? 0
        let core = (floor - number(line["y"])) / 4
        #expect(near(given.max() ?? 0, 3 * core), "\(given), a core is \(core)")
        #expect(near(given.first ?? 0, given.first ?? 0) && zip(given, found["used"].list).allSatisfy { $0 >= number($1["height"]) })
        let memory = found["memory"].list.map { number($0["height"]) }
        // Two runs of 100 MiB each, of 400 there are.
        #expect(near(memory.max() ?? 0, 2 * core), "\(memory)")

        // Waits: 1 s for two cores, 2 s for one, 3 s for a share.
        let waits = found["waits"].list
        #expect(waits.map { $0["size"].text } == ["<1", "1", "2"])
        #expect(
            near(number(waits[0]["width"]), number(waits[2]["width"]) * 3, 3) && near(number(waits[1]["width"]), number(waits[2]["width"]) * 2, 3))

        // Names are text.
        #expect(found["scripts"].number == 1 && found["images"].number == 0, "the test's own script alone")
        #expect(found["title"].text?.hasPrefix("Berth: Jobs of </title>") == true, "\(found["title"])")
        #expect(second["title"].text?.contains("<script>document.title='owned'</script><img src=x onerror=") == true)
        #expect(second["title"].text?.contains("\u{202E}") == false)
        #expect(found["rows"].list.contains { $0[0].text?.contains("ada/</title></text>") == true }, "\(found["rows"])")
        #expect((found["width"].number ?? .max) <= 1240, "nothing runs out of the window")
        // By night it is dark.
        let night = try Browser.measure(Self.page(), dark: true, "getComputedStyle(document.body).backgroundColor")
        #expect(night?.text != nil && night?.text != found["back"].text)
    }

    @Test func aPageNeedsNothingElse() {
        let page = Self.page()
        #expect(page.contains(Browser.policy) && !page.contains("<script") && !page.contains("src=\"") && !page.contains("href"))
        #expect(!page.contains("url(") && !page.contains("@import") && !page.contains("\u{1B}") && !page.contains("\u{202E}"))
        #expect(page.contains("&lt;script&gt;document.title=&#39;owned&#39;&lt;/script&gt;"))
    }

    @Test func anEmptyReportIsAPage() {
        var reply = ReportReply(table: ReportTable.Builder(by: .user).table())
        reply.plots = ReportPlots.Builder(cores: 4, memory: .gibibytes(1)).plots
        let page = ReportPage(reply: reply, subject: "Nothing", now: WallTime(milliseconds: 0), secondsFromUTC: 0).html
        #expect(page.contains("No run has ended") && page.hasSuffix("</html>\n"))
    }
}
