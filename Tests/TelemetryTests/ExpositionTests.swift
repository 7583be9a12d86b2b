import CoreMetrics
import Testing

@testable import Telemetry

@Suite struct ExpositionTests {
    @Test func countersOfEachSetOfLabelsStandInOrderBehindTheirHelp() {
        let store = MetricStore()
        Counter(label: Metric.requests.rawValue, dimensions: [("route", "show"), ("code", "404")], factory: store).increment(by: 2)
        Counter(label: Metric.requests.rawValue, dimensions: [("code", "200"), ("route", "list")], factory: store).increment()
        #expect(
            Exposition.text(store, []) == """
                # HELP berth_requests_total \(Metric.requests.help)
                # TYPE berth_requests_total counter
                berth_requests_total{code="200",route="list"} 1
                berth_requests_total{code="404",route="show"} 2

                """)
    }

    @Test func aHistogramsBucketsAddUpAndItsUnitIsTheSecond() {
        let store = MetricStore()
        let timer = Timer(label: Metric.commitDuration.rawValue, dimensions: [], factory: store)
        for nanoseconds: Int64 in [400_000, 900_000, 40_000_000, 60_000_000_000] { timer.recordNanoseconds(nanoseconds) }
        let lines = Exposition.text(store, []).split(separator: "\n").map(String.init)
        #expect(lines[1] == "# TYPE berth_commit_duration_seconds histogram")
        #expect(lines.contains("berth_commit_duration_seconds_bucket{le=\"0.0005\"} 1"))
        #expect(lines.contains("berth_commit_duration_seconds_bucket{le=\"0.001\"} 2"))
        #expect(lines.contains("berth_commit_duration_seconds_bucket{le=\"0.05\"} 3"))
        #expect(lines.contains("berth_commit_duration_seconds_bucket{le=\"10\"} 3"))
        #expect(lines.contains("berth_commit_duration_seconds_bucket{le=\"+Inf\"} 4"))
        #expect(lines.contains("berth_commit_duration_seconds_sum 60.0413"))
        #expect(lines.last == "berth_commit_duration_seconds_count 4")
    }

    @Test func valuesOfLabelsAreEscaped() {
        let text = Exposition.text(MetricStore(), [Sample(.tasks, 3, ["queue": "a\"b\\c\nd", "state": "pending"])])
        #expect(text.contains("berth_tasks{queue=\"a\\\"b\\\\c\\nd\",state=\"pending\"} 3\n"))
    }

    @Test func setsOfLabelsAreBounded() {
        let store = MetricStore()
        for number in 0..<(MetricStore.mostChildren + 500) {
            Counter(label: Metric.requests.rawValue, dimensions: [("route", "\(number)")], factory: store).increment()
        }
        let lines = Exposition.text(store, []).split(separator: "\n")
        #expect(lines.count == MetricStore.mostChildren + 3)
        #expect(lines.contains("berth_requests_total 500"))
    }

    @Test func namesFollowTheConventions() {
        for metric in Metric.allCases {
            #expect(metric.rawValue.allSatisfy { $0.isLowercase || $0 == "_" }, "\(metric.rawValue)")
            #expect((metric.kind == .counter) == metric.rawValue.hasSuffix("_total"), "\(metric.rawValue)")
            #expect(metric.help.hasSuffix(".") && !metric.help.contains("\n"), "\(metric.rawValue)")
            if metric.kind == .histogram { #expect(metric.rawValue.hasSuffix("_seconds")) }
        }
    }
}
