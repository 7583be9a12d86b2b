import API
import CoreMetrics
import Hummingbird
import Telemetry

/// Counts requests and how long they took, by route.
struct RequestMetrics: Sendable {
    private let durations = Dictionary(
        uniqueKeysWithValues: Route.allCases.map { ($0, Timer(.requestDuration, [("route", $0.rawValue)])) })

    /// Of a stream the time until it begins counts.
    func measuring(_ route: Route, _ answer: () async throws -> Response) async throws -> Response {
        let began = ContinuousClock.now
        do {
            let response = try await answer()
            note(route, response.status.code, since: began)
            return response
        } catch {
            let status = (error as? APIError)?.code.status ?? (error as? HTTPError)?.status.code ?? 500
            if !(error is CancellationError) { note(route, status, since: began) }
            throw error
        }
    }

    private func note(_ route: Route, _ status: Int, since began: ContinuousClock.Instant) {
        Counter(.requests, [("code", "\(status)"), ("route", route.rawValue)]).increment()
        let (seconds, attoseconds) = began.duration(to: .now).components
        durations[route]?.recordNanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
    }
}
