import JobModel

/// `resources:` and `devices:`.
enum ResourceReader {
    private static let mostInstances = 65_536

    /// `licence: 4`, `gpu: [gpu0, gpu1]`, or a map of instances with devices, variables and memory nodes.
    static func read(_ value: ConfigValue) throws(DocumentError) -> [NamedResource] {
        var resources: [NamedResource] = []
        for entry in try value.entries() {
            guard SettingsKeys.isName(entry.key) else {
                throw DocumentError(
                    line: entry.line, field: value.path, found: "the name \(DocumentText.quoted(entry.key))", accepted: Accepted.name)
            }
            let accepted = "a number from 1 to \(mostInstances), a list of names, or a map of instances"
            let inner = value.with(entry.value, "\(value.path).\(entry.key)", accepted: accepted)
            let instances = try instances(of: entry.key, inner)
            guard (1...mostInstances).contains(instances.count) else { throw inner.refused() }
            guard Set(instances.map(\.name)).count == instances.count else {
                throw inner.refused(found: "one instance twice", accepted: "each once")
            }
            resources.append(NamedResource(name: entry.key, instances: instances))
        }
        return resources
    }

    private static func instances(of name: String, _ value: ConfigValue) throws(DocumentError) -> [NamedResource.Instance] {
        switch value.node.content {
        case .scalar:
            let count = try value.integer(in: 1...mostInstances)
            return (0..<count).map { NamedResource.Instance(name: "\(name)\($0)") }
        case .list:
            var result: [NamedResource.Instance] = []
            for item in try value.items() { result.append(NamedResource.Instance(name: try instanceName(try item.text(), item))) }
            return result
        case .map(let entries):
            var result: [NamedResource.Instance] = []
            for entry in entries {
                var instance = NamedResource.Instance(name: try instanceName(entry.key, value))
                let inner = value.with(entry.value, "\(value.path).\(entry.key)", accepted: "a map of devices, environment, memory_node")
                if case .null = entry.value.content {} else { try readKeys(instanceKeys, of: inner, into: &instance) }
                result.append(instance)
            }
            return result
        case .null: throw value.refused()
        }
    }

    private static func instanceName(_ text: String, _ value: ConfigValue) throws(DocumentError) -> String {
        guard SettingsKeys.isName(text) else {
            throw value.refused(found: "the name \(DocumentText.quoted(text))", accepted: Accepted.name)
        }
        return text
    }

    static let instanceKeys: [ConfigKey<NamedResource.Instance>] = [
        .init("devices", "/dev/NAME[:ACCESS] with any of r, w and m", "Devices that a job with this instance may open") {
            value, instance throws(DocumentError) in
            instance.devices = try devices(value)
        },
        .init("environment", "a map of variables", "Variables that a job with this instance gets") {
            value, instance throws(DocumentError) in
            for entry in try value.entries() {
                guard EnvironmentName.isValid(entry.key) else {
                    throw value.refused(found: "the name \(DocumentText.quoted(entry.key))", accepted: EnvironmentName.accepted)
                }
                instance.environment[entry.key] = try value.with(entry.value, "\(value.path).\(entry.key)", accepted: "a text").text()
            }
        },
        .optionalInteger("memory_node", \.memoryNode, 0...8191, "The memory node that it is near to"),
    ]

    static func devices(_ value: ConfigValue) throws(DocumentError) -> [DeviceRequest] {
        var result: [DeviceRequest] = []
        for item in try value.items() {
            let parts = try item.text().split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            guard (1...2).contains(parts.count) else { throw item.refused() }
            let device = DeviceRequest(path: parts[0], access: parts.count == 2 ? parts[1] : "rw")
            do throws(SpecError) { try device.validate(item.path) } catch {
                throw item.refused(found: error.found, accepted: error.accepted)
            }
            if result.contains(where: { $0.path == device.path }) {
                throw item.refused(found: "the device a second time", accepted: "each once")
            }
            result.append(device)
        }
        return result
    }
}
