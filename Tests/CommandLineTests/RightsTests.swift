import API
import LinuxSys
import TestSupport
import Testing

extension EndToEnd {
    /// contract §7 and §8 as a matrix: every route and every command × who asks × whose it is, by real processes of real users.
    @Suite(.daemon, .enabled(if: Programs.exists("/usr/bin/gcc"), "needs a C compiler")) struct RightsTests {
        let daemon: TestDaemon
        init() throws { daemon = try .required() }

        /// A new route, or a new command, is in the table or fails here.
        @Test func everyRouteAndEveryCommandHasARow() throws {
            for route in Route.allCases { #expect(RightsTable.routes[route] != nil, "RightsTable.routes lacks \(route): who may do it?") }
            let tree = try #require(JSONValue(try daemon.berth(["--experimental-dump-help"]).output))
            let commands = Self.leaves(tree["command"], "")
            #expect(commands.count > 30)
            for command in commands { #expect(RightsTable.commands[command] != nil, "RightsTable.commands lacks '\(command)': who may do it?") }
            let rows = RightsTable.commands.keys.map { $0.split(separator: " --").first.map(String.init) ?? $0 }
            #expect(Set(rows).isSubset(of: commands), "rows of commands that are gone")
            for (name, row) in RightsTable.commands.map({ ($0.key, $0.value) }) + RightsTable.routes.map({ ("\($0.key)", $0.value) }) {
                #expect(row.own.count == Actor.allCases.count && row.others.count == Actor.allCases.count, "\(name)")
            }
        }

        private static func leaves(_ command: JSONValue, _ path: String) -> Set<String> {
            let children = command["subcommands"].list
            guard !children.isEmpty else { return [path] }
            return children.reduce(into: []) { found, child in
                let name = child["commandName"].text ?? "?"
                found.formUnion(leaves(child, path.isEmpty ? name : "\(path) \(name)"))
            }
        }

        @Test func everyRouteForEverybody() throws {
            let cells = try RightsCells(daemon, RightsParties(daemon))
            defer { _ = try? daemon.berth("cancel --yes --now --all-users --state pending") }
            let order = RightsTable.order
            for actor in Actor.allCases {
                for own in [true, false] {
                    let targets = try cells.make(actor, own: own, order.count, for: "api")
                    let asker = try #require(cells.parties.askers[actor])
                    let rows = order.map { RightsTable.routes[$0] }
                    let lines = zip(rows, targets).map { row, cell in row?.words(cell) ?? "" }
                    let replies = try asker.ask(lines, daemon)
                    for (index, reply) in replies.enumerated() {
                        let wanted = rows[index].map { (own ? $0.own : $0.others)[actor.rawValue] }
                        let found = Self.answer(reply.status, reply.body, targets[index], order[index])
                        #expect(found == wanted, "\(order[index]) by \(actor) of \(own ? "own" : "another's"): \(lines[index]) → \(reply)")
                    }
                }
            }
        }

        @Test func everyCommandForEverybody() throws {
            let cells = try RightsCells(daemon, RightsParties(daemon))
            defer { _ = try? daemon.berth("cancel --yes --now --all-users --state pending") }
            let order = RightsTable.commandOrder
            for own in [true, false] {
                let targets = try Actor.allCases.map { try cells.make($0, own: own, order.count, for: "cli") }
                for (index, name) in order.enumerated() {
                    let row = try #require(RightsTable.commands[name])
                    // Side by side: what they do is about different things.
                    let running = try Actor.allCases.map { actor in
                        try #require(cells.parties.askers[actor]).start(row.words(targets[actor.rawValue][index]), daemon)
                    }
                    for (actor, command) in zip(Actor.allCases, running) {
                        let result = try command.finish()
                        let wanted = (own ? row.own : row.others)[actor.rawValue]
                        let found = Self.answer(result, row, targets[actor.rawValue][index], name)
                        #expect(found == wanted, "\(name) by \(actor) of \(own ? "own" : "another's"): \(result)")
                    }
                }
            }
        }

        // MARK: What an answer means

        private static func answer(_ status: Int, _ body: String, _ cell: Cell, _ route: Route) -> Answer? {
            switch status {
            case 403: return .denied
            case 404: return .unknown
            case 409: return .conflict
            case 200...299: break
            default: return nil
            }
            for (code, answer) in [("denied", Answer.denied), ("unknown", .unknown), ("conflict", .conflict)] {
                if body.contains("\"code\":\"\(code)\"") { return answer }
            }
            switch route {
            case .list, .show, .events: return shown(body, cell)
            case .batchList: return body.contains(cell.batch) ? .allowed : .absent
            case .imageList: return body.contains("\"\(cell.image):") ? .allowed : .absent
            default: return .allowed
            }
        }

        private static func answer(_ result: CommandResult, _ row: RightsRow, _ cell: Cell, _ name: String) -> Answer? {
            let texts: [(String, Answer)] = [
                ("belongs to another user", .denied), ("may only submit", .denied), ("may not use this socket", .denied),
                ("not an operator", .denied), ("there is none", .unknown), ("no image", .unknown), ("has finished", .conflict),
                ("the account of user", .conflict),
            ]
            // `doctor` tells it among its findings.
            if let refusal = texts.first(where: { result.errors.contains($0.0) || name == "doctor" && result.output.contains($0.0) }) {
                return refusal.1
            }
            guard row.passes.contains(result.status) else { return nil }
            switch name {
            case "list", "show", "events": return shown(result.output, cell)
            case "batch list": return result.output.contains(cell.batch) ? .allowed : .absent
            case "image list": return result.output.contains(cell.image) ? .allowed : .absent
            default: return .allowed
            }
        }

        /// Everything private of these jobs has the word.
        private static func shown(_ text: String, _ cell: Cell) -> Answer {
            if text.contains("hush") { return .allowed }
            return text.contains(cell.held) ? .redacted : .absent
        }
    }
}
