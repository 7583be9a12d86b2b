public import JobModel

extension Settings {
    /// Reads `berthd.yaml`; an empty text gives the defaults. Refuses unknown and doubled keys, wrong units and values out of range with one line.
    public static func read(text: String, file: String) throws(DocumentError) -> Settings {
        do {
            guard let root = try DocumentNode.yaml(text) else { return Settings() }
            return try read(root)
        } catch {
            throw error.inFile(file)
        }
    }

    private static func read(_ root: DocumentNode) throws(DocumentError) -> Settings {
        if case .null = root.content { return Settings() }
        var settings = Settings()
        guard case .map(let entries) = root.content else {
            throw DocumentError(line: root.line, found: root.found, accepted: "a map of settings")
        }
        try readKeys(SettingsKeys.all, of: ConfigValue(node: root, path: "", accepted: "a map of settings"), into: &settings)
        func given(_ name: String) -> DocumentEntry? { entries.first { normalizedName($0.key) == normalizedName(name) } }
        // A daemon with a state of its own keeps its images there, and its socket in its run directory, unless it says otherwise.
        if given("state_directory") != nil, given("image_directory") == nil {
            settings.imageDirectory = settings.stateDirectory + "/images"
        }
        if given("run_directory") != nil, given("socket") == nil { settings.socket = settings.runDirectory + "/berthd.sock" }
        try settings.checkRelations { given($0)?.line }
        return settings
    }

    private func checkRelations(_ line: (String) -> Int?) throws(DocumentError) {
        if stateDirectory == runDirectory || stateDirectory.hasPrefix(runDirectory + "/") || runDirectory.hasPrefix(stateDirectory + "/") {
            throw DocumentError(
                line: line("run_directory") ?? line("state_directory"), field: "run_directory",
                found: "'\(runDirectory)' beside state '\(stateDirectory)'",
                accepted: "two directories, neither within the other")
        }
        if requests.connectionsPerUser > requests.connections {
            throw DocumentError(
                line: line("requests"), field: "requests.connections_per_user", found: "\(requests.connectionsPerUser)",
                accepted: "at most requests.connections (\(requests.connections))")
        }
    }
}
