internal import API
internal import JobModel

/// The sums of a report.
struct PageTable {
    var table: ReportTable

    private static let titles = [
        "jobs", "runs", "outcomes", "waited 50/90/99%", "ran", "50/90/99%", "cpu", "core time", "cpu eff.", "memory eff.", "peak", "read", "written",
    ]

    var html: String {
        let head = ([table.grouping.rawValue] + Self.titles).map { "<th>\($0)</th>" }.joined()
        let rows = table.rows.map { row($0, "") }.joined()
        let total = table.rows.count > 1 ? row(table.total, " class=\"total\"") : ""
        let body = "<table><thead><tr>\(head)</tr></thead><tbody>\(rows)\(total)</tbody></table>"
        return "<section><h2>By \(table.grouping.rawValue)</h2>\(body)</section>\n"
    }

    private func row(_ row: ReportRow, _ style: String) -> String {
        func bytes(_ count: UInt64) -> String { "\(Bytes(count))" }
        func spread(_ values: Percentiles?) -> String { values.map { "\($0.p50) / \($0.p90) / \($0.p99)" } ?? "–" }
        func percent(_ ratio: Double?) -> String { ratio.map { "\(min(100, Int(($0 * 100).rounded())))%" } ?? "–" }
        func seconds(_ value: Double) -> String { TimeSpan(milliseconds: Int64(value * 1000)).description }
        let cells = [
            row.label, "\(row.jobs)", "\(row.attempts)", row.outcomeText, spread(row.queued), "\(row.ranFor)", spread(row.ran),
            row.cpu.text { seconds(Double($0) / 1_000_000) }, seconds(row.coreSeconds), percent(row.cpuEfficiency), percent(row.memoryEfficiency),
            row.memoryPeak.text(bytes), row.readBytes.text(bytes), row.writtenBytes.text(bytes),
        ]
        return "<tr\(style)>" + cells.map { "<td>\(HTMLText.escape($0))</td>" }.joined() + "</tr>"
    }
}
