public import Testing

/// Gives a suite one daemon for all its tests, and records what is left of it at the end.
public struct DaemonTrait: SuiteTrait, TestScoping {
    public let isRecursive = false
    var make: @Sendable () throws -> TestDaemon

    public func provideScope(for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void) async throws {
        guard Programs.canRun else { return try await function() }
        let daemon = try make()
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
    public static func daemon(_ configuration: String = "") -> DaemonTrait {
        DaemonTrait { try TestDaemon(configuration: configuration) }
    }
    public static var daemon: DaemonTrait { daemon("") }
    /// The same with further parts of its group parent's name.
    public static func daemon(groups: String) -> DaemonTrait {
        DaemonTrait { try TestDaemon(groups: groups) }
    }
    /// The same with a configuration that holds nothing but its places and what is given.
    public static func daemon(whole: @escaping @Sendable (TestDaemon) throws -> String, socketName: String = "berthd.sock") -> DaemonTrait {
        DaemonTrait { try TestDaemon(whole: whole, socketName: socketName) }
    }
}

extension TestDaemon {
    /// The suite's daemon.
    public static func required() throws -> TestDaemon {
        guard let current else { throw Failure(description: "no daemon: the suite lacks the trait .daemon") }
        return current
    }
}
