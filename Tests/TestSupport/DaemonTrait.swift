public import Testing

/// Gives a suite one daemon for all its tests, and records what is left of it at the end.
public struct DaemonTrait: SuiteTrait, TestScoping {
    public let isRecursive = false
    var configuration: String

    public func provideScope(for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void) async throws {
        guard Programs.canRun else { return try await function() }
        let daemon = try TestDaemon(configuration: configuration)
        try daemon.start()
        try daemon.prepare()
        try await TestDaemon.$current.withValue(daemon) { try await function() }
        let findings = try daemon.end()
        // contract §9: nothing half-done stays behind.
        for finding in findings { Issue.record("left behind: \(finding)") }
    }
}

extension Trait where Self == DaemonTrait {
    /// A daemon of its own for the suite.
    public static func daemon(_ configuration: String = "") -> DaemonTrait { DaemonTrait(configuration: configuration) }
    public static var daemon: DaemonTrait { DaemonTrait(configuration: "") }
}

extension TestDaemon {
    /// The suite's daemon.
    public static func required() throws -> TestDaemon {
        guard let current else { throw Failure(description: "no daemon: the suite lacks the trait .daemon") }
        return current
    }
}
