import LinuxSys
import TestSupport

/// Berth's programs as another version has them: really built, with other numbers of their formats (`scripts/other-version`).
enum OtherVersion {
    /// All programs of a version whose launch program, exit record and log are each one ahead; made by `make torture`, because it takes minutes.
    static let programs = ProcessContext.variable("BERTH_OTHER_VERSION").flatMap { Programs.exists("\($0)/berthd") ? $0 : nil }

    private static let path = "\(ProcessContext.variable("PATH") ?? "/usr/bin:/bin"):/opt/swift/usr/bin"

    /// Whether there is a compiler.
    static let canBuild = path.split(separator: ":").contains { Programs.exists("\($0)/swiftc") }

    /// `berth-init` alone.
    static func buildInit(_ formats: [String], into directory: String) throws {
        let script = Programs.path("../../../scripts/other-version")
        let result = try Command(["/usr/bin/env", "PATH=\(path)", script, directory] + formats).run(seconds: 300)
        guard result.status == 0 else { throw TestDaemon.Failure(description: "\(result)") }
    }
}
