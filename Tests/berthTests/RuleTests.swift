import API
import ArgumentParser
import Client
import JobModel
import JobSpecs
import LinuxSys
import TestSupport
import Testing

@testable import berth

@Suite struct ExitRuleTests {
    private func status(_ words: [String], _ error: any Error) -> Int32 { ExitRules(arguments: words).end(for: error).status }

    @Test func daemonDown() {
        let error = ClientError.notRunning(path: "/x")
        #expect(status(["run", "true"], error) == 125)
        #expect(status(["attach", "1"], error) == 125)
        #expect(status(["exec", "1", "ls"], error) == 125)
        #expect(status(["wait", "1"], error) == 125)
        #expect(status(["submit", "x"], error) == 1)
        #expect(status(["list"], error) == 1)
    }

    @Test func refusals() {
        let unknown = ClientError.refused(APIError(.unknown, "no job 3"))
        #expect(status(["wait", "3"], unknown) == 1)
        #expect(status(["show", "3"], unknown) == 1)
        #expect(status(["run", "x"], unknown) == 125)
        #expect(status(["wait", "3"], ClientError.refused(APIError(.denied, "no"))) == 125)
        #expect(status(["submit", "x"], ClientError.refused(APIError(.invalid, "no"))) == 1)
    }

    @Test func usage() {
        #expect(status(["submit"], CommandFailure.usage("x")) == 2)
        #expect(status(["wait"], CommandFailure.usage("x")) == 2)
        #expect(status(["run"], CommandFailure.usage("x")) == 125)
        #expect(status(["submit"], DocumentError(field: "cores", found: "x", accepted: "y")) == 2)
        #expect(status(["run"], DocumentError(field: "cores", found: "x", accepted: "y")) == 125)
    }

    @Test func ownStatusesGoThrough() {
        for code in [0, 1, 3, 124, 126, 127, 137] as [Int32] {
            #expect(status(["run"], CommandFailure(code)) == code)
            #expect(status(["wait"], CommandFailure(code)) == code)
        }
    }

    private func parse(_ words: [String]) -> ExitRules.End? {
        do {
            var command = try Berth.parseAsRoot(ArgumentRewriter.rewrite(words))
            // Help is a command of the parser's own that throws what it has to say.
            if words.contains("--help") { try command.run() }
        } catch { return ExitRules(arguments: words).end(for: error) }
        return nil
    }

    @Test func wordsThatTheParserDoesNotKnow() {
        #expect(parse(["frobnicate"])?.status == 2)
        #expect(parse(["submit", "--coers", "2"])?.status == 2)
        #expect(parse(["submit", "--coers", "2"])?.message?.contains("--cores") == true)
        #expect(parse(["run", "--coers", "2"])?.status == 125)
        #expect(parse(["list", "--limit", "x"])?.status == 2)
        #expect(parse(["list", "12", "--state", "running"]) == nil)
    }

    @Test func helpIsOutputAndSuccess() throws {
        let end = try #require(parse(["submit", "--help"]))
        #expect(end.status == 0 && end.message == nil)
        #expect(end.output?.contains("--time-limit") == true)
    }

    @Test func everyCommandHasExamples() throws {
        let commands = Berth.configuration.subcommands
        let nested = commands.flatMap { $0.configuration.subcommands }
        for command in commands + nested {
            #expect(command.configuration.discussion.contains("Examples:"), "\(command)")
            #expect(!command.configuration.abstract.isEmpty)
        }
    }

    @Test func messagesAreOneLine() {
        // As it may come from what is no daemon of ours.
        var error = APIError(.unknown, "")
        error.message = "no job '\u{1B}[31m\n'"
        let end = ExitRules(arguments: ["show"]).end(for: ClientError.refused(error))
        #expect(end.message == "berth: no job '\\x1b[31m\\n'")
    }

    @Test func outcomesWithoutSuccessNeverEndWithNought() {
        var outcome = OutcomeView(AttemptOutcome.failed(code: 3))
        #expect(Waiter.status(outcome) == 3)
        outcome.exitStatus = 0
        #expect(Waiter.status(outcome) == 125)
        #expect(Waiter.status(OutcomeView(AttemptOutcome.timedOut)) == 124)
    }
}

@Suite struct InterruptRuleTests {
    @Test func theFirstGoesToTheJobASecondSoonAfterCancels() {
        var rule = InterruptRule()
        #expect(rule.interrupt(at: 1000, hasStarted: true) == .forward)
        #expect(rule.interrupt(at: 3000, hasStarted: true) == .cancel)
        #expect(rule.interrupt(at: 9000, hasStarted: true) == .leave)
    }

    @Test func aLateSecondIsAFirst() {
        var rule = InterruptRule()
        #expect(rule.interrupt(at: 1000, hasStarted: true) == .forward)
        #expect(rule.interrupt(at: 3001, hasStarted: true) == .forward)
        #expect(rule.interrupt(at: 3500, hasStarted: true) == .cancel)
    }

    @Test func beforeTheStartThereIsNobodyToGetIt() {
        var rule = InterruptRule()
        #expect(rule.interrupt(at: 5, hasStarted: false) == .cancel)
    }

    @Test func otherSignalsGoToTheJobOnceItHasStarted() {
        var rule = InterruptRule()
        #expect(rule.end(hasStarted: true) == .forward && rule.end(hasStarted: true) == .forward)
        #expect(rule.end(hasStarted: false) == .cancel)
        #expect(rule.end(hasStarted: false) == .leave && rule.interrupt(at: 9, hasStarted: true) == .leave)
    }
}

@Suite struct DetachKeysTests {
    @Test func thePairDetaches() {
        var keys = DetachKeys()
        #expect(keys.feed([97, 0x10, 0x11, 98]) == ([97], true))
    }

    @Test func thePairMayComeInTwoReads() {
        var keys = DetachKeys()
        #expect(keys.feed([0x10]) == ([], false))
        #expect(keys.feed([0x11]) == ([], true))
    }

    @Test func aLoneFirstKeyGoesThrough() {
        var keys = DetachKeys()
        #expect(keys.feed([0x10]) == ([], false))
        #expect(keys.feed([97]) == ([0x10, 97], false))
        #expect(keys.feed([0x11]) == ([0x11], false))
        #expect(keys.feed([0x10, 0x10, 0x11]) == ([0x10], true))
    }
}

@Suite struct ArgumentTests {
    @Test(arguments: [
        (["run", "ls", "-l"], ["run", "--", "ls", "-l"]), (["run", "-it", "--", "sh"], ["run", "-it", "--", "sh"]),
        (["run", "-c4", "make", "-j4"], ["run", "--cores=4", "--", "make", "-j4"]),
        (["run", "--mem", "1G", "--env=A=b", "x"], ["run", "--memory=1G", "--environment=A=b", "--", "x"]),
        (["submit", "-t", "10", "job.sh", "--fast"], ["submit", "--time-limit=10", "job.sh", "--", "--fast"]),
        (["submit", "--", "a", "-b"], ["submit", "--", "a", "-b"]), (["submit", "--priority", "-3", "-"], ["submit", "--priority=-3", "-"]),
        (["submit", "job.yaml", "-c", "2", "--quiet"], ["submit", "job.yaml", "--cores=2", "--quiet"]),
        (["submit", "--no-cwd", "--held", "x"], ["submit", "--no-cwd", "--hold", "x"]), (["submit", "--frob", "x"], ["submit", "--frob", "x"]),
        (["exec", "-e", "A=b", "12", "ps", "-e"], ["exec", "-e", "A=b", "12", "--", "ps", "-e"]), (["list", "-a"], ["list", "-a"]),
        (["submit", "--time=5m", "--socket", "/s", "f"], ["submit", "--time-limit=5m", "--socket=/s", "f"]), ([], []),
    ])
    func wordsAreBroughtIntoOneForm(_ typed: [String], _ expected: [String]) { #expect(ArgumentRewriter.rewrite(typed) == expected) }

    /// The quick way and the argument parser must read the same words the same way.
    @Test(arguments: [
        ["--", "true"], ["--quiet", "--memory", "1G", "-c", "2", "--", "a", "b"], ["job.yaml"], ["script.sh", "x", "--y"],
        ["--wait", "--dry-run", "--json", "--hold", "--no-cwd", "--api", "--batch", "b", "--wrap", "echo hi"],
        ["--env", "A=1", "--env", "B=2", "--", "x"],
        ["--cores", "1", "--cores", "2", "--", "x"], ["--socket", "/s", "-", "z"], ["--priority", "-5", "--array", "0-9%2", "--", "x"],
        ["--mount", "/a:/b", "--volume", "/c:/d", "--tag", "p", "--depends", "afterok:3", "--signal", "USR1@5s", "--umask", "022", "--", "x"],
    ])
    func theQuickWayAgreesWithTheParser(_ words: [String]) throws {
        let rewritten = ArgumentRewriter.rewrite(["submit"] + words)
        let quick = try #require(SubmitForm(quick: rewritten.dropFirst()))
        let slow = try #require(try Berth.parseAsRoot(rewritten) as? SubmitCommand)
        #expect(quick.file == slow.file)
        #expect(quick.flags == slow.spec.flags(command: slow.command))
        #expect((quick.quiet, quick.wait, quick.dryRun, quick.json) == (slow.quiet, slow.wait, slow.dryRun, slow.common.json))
        #expect(quick.socketPath == slow.common.connection.socketPath)
    }

    @Test(arguments: [["--help"], ["--frob", "x"], ["a", "b", "--"], ["--cores"], ["--socket"], ["--no-hold", "x"], ["-h"]])
    func whatIsNotPlainlyRightIsLeftToTheParser(_ words: [String]) {
        // As the rewriter leaves them; two leading words cannot come from it.
        #expect(SubmitForm(quick: words) == nil)
    }

    @Test func everyFieldOfAJobHasItsFlag() throws {
        var flags = SpecFlags()
        var words: [String] = []
        for field in JobField.all where field.name != "command" {
            let (name, toggles) = (String(field.flag.dropFirst(2)), SpecOptions.toggles.contains(field.name))
            #expect(toggles ? flags.set(toggle: name, true) : flags.set(name, "value of \(name)"), "\(field.name)")
            words.append(toggles ? field.flag : "\(field.flag)=value of \(name)")
        }
        let command = try Berth.parseAsRoot(["submit"] + words) as? SubmitCommand
        #expect(command?.spec.flags(command: []) == flags)
    }

    @Test func shortWordsOfRunMeanTheTerminal() throws {
        let form = try #require(RunForm(quick: ArgumentRewriter.rewrite(["run", "-it", "-m", "1G", "sh", "-c", "x"]).dropFirst()))
        #expect(form.interactive && form.terminal && form.flags.memory == "1G")
        #expect(form.flags.command == ["sh", "-c", "x"])
    }
}

@Suite struct MomentTests {
    private static let now = WallTime(milliseconds: 1_764_000_000_000)

    @Test func spansGoBack() throws {
        #expect(try MomentParser.past("1h", "--since", now: Self.now).milliseconds == Self.now.milliseconds - 3_600_000)
        #expect(try MomentParser.past("7d", "--since", now: Self.now).milliseconds == Self.now.milliseconds - 7 * 86_400_000)
    }

    @Test(arguments: ["2026-02-28", "1970-01-02", "2024-02-29", "2000-03-01", "2026-12-31T23:59:58", "2026-11-24T18:00"])
    func datesAreThoseOfTheCalendar(_ text: String) throws {
        let moment = try #require(MomentParser.date(text))
        let whole = text.contains("T") ? text + (text.count == 16 ? ":00" : "") : text + "T00:00:00"
        #expect(MomentText(now: Self.now).full(moment) == String(whole.map { $0 == "T" ? " " : $0 }))
    }

    @Test(arguments: ["2026-13-01", "2026-00-01", "2026-01-32", "2026-01-01T24:00", "2026-01-01T12", "x", "", "2026-01"])
    func wrongDatesAreRefused(_ text: String) { #expect(MomentParser.date(text) == nil) }

    @Test(arguments: [(0, "0:00"), (65, "1:05"), (3661, "1:01:01"), (90_061, "1-01:01:01"), (-5, "0:00")])
    func spansAreClocks(_ seconds: Int, _ expected: String) { #expect(MomentText.span(.seconds(Int64(seconds))) == expected) }
}
