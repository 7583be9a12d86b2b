import JobModel

extension JobField {
    /// What runs, and as whom.
    static let programFields: [JobField] = [
        JobField(
            "name", ["job_name", "J"], paths: ["name"], example: "align", accepted: "1 to 128 bytes without control characters",
            "What the job is called in lists; of a script: its file name"
        ) { value, draft throws(DocumentError) in draft.spec.name = try value.text() },
        JobField(
            "image", ["container", "container_image"], paths: ["image"], example: "tools:1", accepted: ImageName.accepted,
            "The image whose file system the job gets; by default the configuration's"
        ) { value, draft throws(DocumentError) in draft.spec.image = try value.text() },
        JobField(
            "command", ["cmd", "args"], paths: ["command"], example: "python3 run.py --fast",
            accepted: "a list of words, or a line that is split at blanks (quotes hold words together; no shell reads it)",
            "The program and its arguments; with a script, the arguments given to it", read: readCommand),
        JobField(
            "script", ["wrap"], paths: ["script"], example: "echo hello; date",
            accepted: "the text of a script, at most 512K; its #! line names the interpreter",
            "A whole script, stored at submit; /bin/sh runs it when it has no #! line"
        ) { value, draft throws(DocumentError) in
            let text = try value.text()
            draft.spec.script = text.utf8.last == UInt8(ascii: "\n") ? text : text + "\n"
        },
        JobField(
            "user", paths: ["user"], example: "image", accepted: JobUser.accepted,
            "As whom the job starts inside; by default as its submitter"
        ) { value, draft throws(DocumentError) in draft.spec.user = try value.parsed { JobUser(text: $0) } },
        JobField(
            "environment", ["env"], paths: ["environment"], shape: .list, example: "LEVEL=3",
            accepted: "a map, or NAME=value; NAME alone takes the value from the submitter's environment", "Variables of the job",
            read: readEnvironment),
        JobField(
            "export", paths: [], shape: .list, example: "PATH,LANG", accepted: "all, none, or names of variables",
            "Which variables of the submitter's environment the job gets; environment wins over them", read: readExport),
        JobField(
            "working_directory", ["workdir", "chdir", "D", "w"], paths: ["workingDirectory"], example: "/data/run1",
            accepted: "a path inside the container", "Where the program starts; by default the directory of the submit, else the image's"
        ) { value, draft throws(DocumentError) in draft.spec.workingDirectory = try value.path() },
        JobField(
            "cwd", paths: ["submitDirectory"], shape: .toggle, example: "false", accepted: "true or false",
            "Whether the directory of the submit is bound read-write at its own path when no mounts are given"
        ) { value, draft throws(DocumentError) in draft.cwd = try value.boolean() },
    ]

    private static func readCommand(_ value: FieldValue, _ draft: inout JobDraft) throws(DocumentError) {
        if case .list = value.node.content {
            var words: [String] = []
            for item in value.items() { words.append(try item.text()) }
            draft.spec.command = words
            return
        }
        do {
            draft.spec.command = try ShellWords.split(try value.text(), strict: true)
        } catch let failure as ShellWords.Failure {
            switch failure {
            case .openQuote: throw value.refused(found: "a quote or backslash without its end")
            case .operation(let character):
                throw value.refused(
                    found: "an unquoted '\(character)', which only a shell acts on",
                    accepted: "plain words, quotes, or the field script for a shell")
            }
        } catch let error as DocumentError {
            throw error
        } catch {
            throw value.refused()
        }
    }

    private static func readEnvironment(_ value: FieldValue, _ draft: inout JobDraft) throws(DocumentError) {
        var seen: Set<String> = []
        var result = draft.spec.environment ?? [:]
        func set(_ name: String, _ text: String, _ item: FieldValue) throws(DocumentError) {
            guard seen.insert(name).inserted else {
                throw item.refused(found: "the variable \(DocumentText.quoted(name)) a second time", accepted: "each once")
            }
            result[name] = text
        }
        func inherit(_ name: String, _ item: FieldValue) throws(DocumentError) {
            guard let text = item.context.environment[name] else {
                throw item.refused(
                    found: "no variable \(DocumentText.quoted(name)) in the submitter's environment",
                    accepted: "NAME=value, or a variable that is set")
            }
            try set(name, text, item)
        }
        for item in value.items() {
            switch item.node.content {
            case .map:
                for (name, member) in item.pairs(commas: false) ?? [] {
                    if case .null = member.node.content { try inherit(name, member) } else { try set(name, try member.text(), member) }
                }
            case .scalar(let text):
                guard let equals = text.firstIndex(of: "=") else { try inherit(text, item); continue }
                try set(String(text[..<equals]), String(text[text.index(after: equals)...]), item)
            default: throw item.refused()
            }
        }
        draft.spec.environment = result
    }

    private static func readExport(_ value: FieldValue, _ draft: inout JobDraft) throws(DocumentError) {
        let names = try value.words()
        if names.count == 1, let word = names.first?.lowercased() {
            if word == "all" { draft.export = .all; return }
            if word == "none" { draft.export = .none; return }
        }
        for name in names {
            guard EnvironmentName.isValid(name) else { throw value.refused(found: DocumentText.quoted(name)) }
            guard value.context.environment[name] != nil else {
                throw value.refused(
                    found: "no variable \(DocumentText.quoted(name)) in the submitter's environment", accepted: "variables that are set")
            }
        }
        draft.export = .names(names)
    }
}
