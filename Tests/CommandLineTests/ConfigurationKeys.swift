import JobModel
import TestSupport
import Testing

@testable import DaemonConfiguration

/// A key of `berthd.yaml`, set to something other than its default on the suite's daemon, and what it then does.
struct Effect: Sendable, CustomTestStringConvertible {
    let key: String
    let check: @Sendable (TestDaemon) async throws -> Void
    var testDescription: String { key }

    init(_ key: String, _ check: @escaping @Sendable (TestDaemon) async throws -> Void) {
        self.key = key
        self.check = check
    }

    /// The effect is a value of a job that asks for nothing.
    static func ofJob(_ key: String, _ words: [String] = [], _ value: @escaping @Sendable (JSONValue) -> JSONValue, is wanted: Int) -> Effect {
        Effect(key) { daemon in
            let found = value(try daemon.held(words))
            #expect(found.number == wanted, "\(key): \(found)")
        }
    }

    /// The effect is that a submit is refused on one line that holds `text`.
    static func refusal(_ key: String, _ words: [String], _ text: String) -> Effect {
        Effect(key) { daemon in
            // Operators may go above the site's maximum.
            let result = try daemon.berth(["submit", "--hold", "--no-cwd"] + words + ["--", "true"], as: .first, in: "/")
            #expect(result.status == 1 && result.errors.contains(text) && result.errorLines.count == 1, "\(key): \(result)")
        }
    }

    /// The effect is that of submits that follow each other one is refused, at one in a second.
    static func rate(_ key: String, _ words: [String] = [], of name: String) -> Effect {
        Effect(key) { daemon in
            var last: CommandResult?
            let refused = try (0..<100).contains { _ in
                let result = try daemon.berth(["submit", "--hold", "--no-cwd"] + words + ["--", "true"], as: .second, in: "/")
                last = result
                // The user's own rate may be used up by the test before.
                return result.status == 1 && result.errors.contains("submit: \(name) may submit at most 1 times in a second (submits_per_second)")
                    && result.errorLines.count == 1
            }
            #expect(refused, "\(key): \(String(describing: last))")
        }
    }

    /// The effect is that the second of two jobs waits for a reason that holds `text`.
    static func wait(_ key: String, _ words: [String], _ text: String) -> Effect {
        Effect(key) { daemon in
            let ids = try (0..<2).map { _ in
                try daemon.submit(words + ["--cpu", "0.05", "--memory", "8M", "--scratch", "1M", "--no-cwd", "--", "sleep", "60"])
            }
            try daemon.await(ids[0], "running")
            let reasons = try daemon.show(ids[1])["job"]["groups"][0]["reasons"]
            #expect("\(reasons)".contains(text), "\(key): \(reasons)")
            try daemon.berth(["cancel", "--now"] + ids)
            _ = try daemon.berth(["wait"] + ids)
        }
    }
}

extension TestDaemon {
    /// What `show` says of a job that is held, with defaults filled in.
    func held(_ words: [String] = []) throws -> JSONValue {
        let id = try submit(["--hold", "--no-cwd"] + words + ["--", "true"])
        let shown = try show(id)
        try berth(["cancel", id])
        return shown
    }

    /// The places of the configuration, and no more.
    var places: String {
        "state_directory: \(state)\nrun_directory: \(runPlace)\nsocket: \(socket)\ncgroup_parent: \(groupParent)\n"
    }
}

/// Every key of the configuration has an effect: no key is read and forgotten.
@Suite struct ConfigurationKeyTests {
    private static var keys: Set<String> {
        func within(_ section: String, _ names: [String]) -> [String] { names.map { "\(section).\($0)" } }
        let limits = LimitKeys.perTask.map(\.name) + LimitKeys.active.map(\.name)
        let sections = [
            "defaults": SettingsKeys.defaultsKeys.map(\.name), "reserved": SettingsKeys.reservedKeys.map(\.name),
            "maximum": LimitKeys.perTask.map(\.name), "per_user": LimitKeys.active.map(\.name), "per_batch": LimitKeys.active.map(\.name),
            "retention": SettingsKeys.retentionKeys.map(\.name), "requests": SettingsKeys.requestKeys.map(\.name),
            "images": SettingsKeys.imageKeys.map(\.name),
            "resources": ResourceReader.instanceKeys.map(\.name),
            "queues": QueueReader.keys.map(\.name).filter { $0 != "defaults" && $0 != "maximum" }
                + within("defaults", QueueReader.defaultsKeys.map(\.name)) + within("maximum", limits),
        ]
        let top = SettingsKeys.all.map(\.name).filter { sections[$0] == nil }
        return Set(top + sections.flatMap { within($0.key, $0.value) })
    }

    @Test func everyKeyHasATestOfItsEffect() {
        let tested = Set(
            (EndToEnd.DefaultKeyTests.effects + EndToEnd.LimitKeyTests.effects + EndToEnd.UserLimitKeyTests.effects
                + EndToEnd.QueueKeyTests.effects + EndToEnd.RetentionKeyTests.effects
                + EndToEnd.MetricsTests.effects).map(\.key))
        // Shows in nothing but the time that many starts take.
        let unseen: Set<String> = ["simultaneous_starts"]
        #expect(Self.keys.subtracting(tested).subtracting(unseen).sorted() == [])
        #expect(tested.subtracting(Self.keys).sorted() == [])
    }
}

/// `#expect` for closures that throw nowhere else: what throws within the macro does not count as a throwing call there.
func expects(_ condition: @autoclosure () throws -> Bool, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let holds = try condition()
    #expect(holds, sourceLocation: sourceLocation)
}
