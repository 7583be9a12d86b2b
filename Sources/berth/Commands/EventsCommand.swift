import API
import ArgumentParser
import Client
import JobModel
import LinuxSys

struct EventsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events", abstract: "What happens, as it happens.",
        discussion: """
            Goes on across restarts of the daemon without losing or doubling one.

            Examples:
              berth events
              berth events --batch nightly --kind finished
              berth events --after 0 --no-follow --json 12
            """)

    @Argument(help: "Only of these jobs.")
    var ids: [String] = []

    @Option(help: "Only of this batch.")
    var batch: String?

    @Option(name: .shortAndLong, help: "Only of this user.")
    var user: String?

    @Option(help: ArgumentHelp("Only of these kinds: \(Event.Kind.allCases.map(\.rawValue).joined(separator: ", ")).", valueName: "kind,…"))
    var kind: String?

    @Option(help: ArgumentHelp("Begin behind this sequence number; 0 for all that are kept.", valueName: "number"))
    var after: UInt64?

    @Flag(inversion: .prefixedNo, help: "Wait for further ones.")
    var follow = true

    @OptionGroup var common: CommonOptions

    func run() throws {
        var request = EventRequest(after: after, follow: follow)
        if !ids.isEmpty { request.jobs = try SelectorText.list(ids) }
        (request.batch, request.user) = (batch, user)
        request.kinds = try kind.map(Self.kinds)
        let client = common.client
        var wasConnected = false
        while true {
            do throws(ClientError) {
                let stream = try client.events(request)
                wasConnected = true
                while let line = try stream.next() {
                    if let sequence = line.event?.sequence ?? line.lostUpTo { request.after = sequence }
                    try show(line)
                }
                if !follow { return }
            } catch {
                guard error.isLoss, wasConnected, follow else { throw error }
            }
            sleepBlocking(nanoseconds: 300_000_000)
        }
    }

    private func show(_ line: EventLine) throws(ClientError) {
        do {
            if common.json { return Console.line(try JSONOutput.compact(line)) }
            if let lost = line.lostUpTo { Console.note("events up to \(lost) are no longer kept") }
            if let event = line.event { Console.line(EventText.line(event, moments: MomentText(now: event.at), style: .forOutput)) }
        } catch { throw .unexpected("\(error)") }
    }

    static func kinds(_ text: String) throws -> [Event.Kind] {
        try text.split(separator: ",").map { word in
            guard let kind = Event.Kind(rawValue: String(word)) else {
                throw CommandFailure.usage("--kind: found '\(word)', accepted are \(Event.Kind.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            return kind
        }
    }
}
