import ArgumentParser

struct CompletionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "completion", abstract: "Print the completions for a shell.",
        discussion: """
            Examples:
              berth completion bash > /etc/bash_completion.d/berth
              berth completion zsh > ~/.zfunc/_berth
              berth completion fish > ~/.config/fish/completions/berth.fish
            """)

    @Argument(help: "bash, zsh or fish.")
    var shell: String

    func run() throws {
        guard let known = CompletionShell(rawValue: shell) else {
            let accepted = CompletionShell.allCases.map(\.rawValue).joined(separator: ", ")
            throw CommandFailure.usage("shell: found '\(shell)', accepted are \(accepted)")
        }
        Console.line(Berth.completionScript(for: known))
    }
}
