/// The same for every command of `berth`, by its words, and an option's where it has rights of its own; the columns are those of `RightsTable`.
///
/// A process inside a job speaks to the daemon as one of the host's would that was put into the job's groups.
extension RightsTable {
    static let commands: [String: RightsRow] = [
        "submit": .init("AAAAAAAD", "AAAAAADD") { "submit --quiet --hold --no-cwd --cpu 0.1 --batch \($0.target) -- true" },
        // Without a session it is a submit.
        "run": .init("AAAAAAAD", "AAAAAADD") { "run --detach --hold --no-cwd --cpu 0.1 --batch \($0.target) -- true" },
        "attach": .init("CCCCCCDD", "DDDCCDDD") { "attach \($0.ended)" },
        // As whom, once the account is gone?
        "exec": .init("AAAAACDD", "DDDAADDD") { "exec \($0.running) -- true" },
        "list": .init("AAAAAAAD", "RRRAAR-D") { "list \($0.held)" },
        "show": .init("AAAAAADD", "RRRAARDD") { "show \($0.held)" },
        "show --timing": .init("AAAAAADD", "DDDAADDD") { "show --timing \($0.running)" },
        "logs": .init("AAAAAADD", "DDDAADDD") { "logs \($0.running)" },
        "inspect": .init("AAAAAADD", "DDDDADDD") { "inspect \($0.running)" },
        "wait": .init("AAAAAADD", "DDDAADDD", passes: [124]) { "wait --timeout 0s \($0.held)" },
        "cancel": .init("AAAAAADD", "DDDAADDD") { "cancel \($0.held)" },
        "signal": .init("AAAAAADD", "DDDAADDD") { "signal USR1 \($0.running)" },
        "requeue": .init("AAAAAADD", "DDDAADDD") { "requeue \($0.held)" },
        "update": .init("AAAAAADD", "DDDAADDD") { "update --time-limit 1m \($0.held)" },
        "pause": .init("AAAAAADD", "DDDAADDD") { "pause \($0.held)" },
        "resume": .init("AAAAAADD", "DDDAADDD") { "resume \($0.held)" },
        "hold": .init("AAAAAADD", "DDDAADDD") { "hold \($0.held)" },
        "release": .init("AAAAAADD", "DDDAADDD") { "release \($0.held)" },
        "batch list": .init("AAAAAADD", "---AA-DD") { "batch list --user \($0.user)" },
        "batch show": .init("AAAAAADD", "DDDAADDD") { "batch show --user \($0.user) \($0.batch)" },
        "batch pause": .init("AAAAAADD", "DDDAADDD") { "batch pause --user \($0.user) \($0.batch)" },
        "batch resume": .init("AAAAAADD", "DDDAADDD") { "batch resume --user \($0.user) \($0.batch)" },
        "batch hold": .init("AAAAAADD", "DDDAADDD") { "batch hold --user \($0.user) \($0.batch)" },
        "batch release": .init("AAAAAADD", "DDDAADDD") { "batch release --user \($0.user) \($0.batch)" },
        "batch cancel": .init("AAAAAADD", "DDDAADDD") { "batch cancel --yes --user \($0.user) \($0.batch)" },
        "report": .init("AAAAAADD", "DDDAADDD") { "report --user \($0.user)" },
        "events": .init("AAAAAADD", "RRRAARDD") { "events --json --no-follow --after 0 \($0.held)" },
        "image import": .init("AAAAAADD", "DDDDDDDD") { "image import \($0.archive) \($0.image)-other" },
        "image list": .init("AAAAAADD", "---AA-DD") { _ in "image list --all" },
        "image show": .init("AAAAAADD", "UUUAAUDD") { "image show \($0.image)" },
        "image tag": .init("AAAAAADD", "UUUAAUDD") { "image tag \($0.image) \($0.newImage)" },
        "image remove": .init("AAAAAADD", "DDDAADDD") { "image remove \($0.spareImage)" },
        "backup": .init("DDDAADDD", "DDDAADDD") { _ in "backup -" },
        "purge": .init("AAAAAADD", "DDDAADDD") { "purge --yes \($0.ended)" },
        "top": .init("AAAAAADD", "AAAAAADD") { _ in "top --once --interval 100ms" },
        "node": .init("AAAAAADD", "AAAAAADD") { _ in "node" },
        // Its status is 1 where the machine lacks something.
        "doctor": .init("AAAAAADD", "AAAAAADD", passes: [0, 1]) { _ in "doctor" },
        // These ask nobody, or tell the version of `berth` without the daemon.
        "completion": .init("AAAAAAAA", "AAAAAAAA") { _ in "completion bash" },
        "help": .init("AAAAAAAA", "AAAAAAAA") { _ in "help" },
        "version": .init("AAAAAAAA", "AAAAAAAA") { _ in "version" },
    ]

    /// `purge` and the removal of images come last.
    static var commandOrder: [String] {
        let last = ["image remove", "purge"]
        return commands.keys.filter { !last.contains($0) }.sorted() + last
    }
}
