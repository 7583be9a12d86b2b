import DaemonConfiguration
import JobModel
import LinuxSys
import NodeAgent

/// Where on the machine this daemon keeps its things; several daemons never share anything, because group parent and run root are named
/// after a hash of the state directory.
struct Place {
    let settings: Settings

    struct Failure: Error, CustomStringConvertible { let description: String }

    init(_ settings: Settings) { self.settings = settings }

    private static let machineWide = Settings().stateDirectory
    /// Protected and looked at even where another configuration was given.
    private static let systemConfiguration = Settings().configurationDirectory

    /// FNV-1a of the state directory's path, as eight digits.
    private var hash: String {
        let value = settings.stateDirectory.utf8.reduce(UInt32(0x811c_9dc5)) { ($0 ^ UInt32($1)) &* 0x0100_0193 }
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }

    func prepare() throws {
        let user = ProcessContext.effectiveUser
        guard user == 0 else { throw Failure(description: "found user \(user), needed is root") }
        for file in ["/etc/subuid", "/etc/subgid"] {
            try settings.slots.checkOverlap(subordinateIDs: (try? readTextFile(file)) ?? "", file: file)
        }
        for (path, mode) in [(settings.stateDirectory, UInt32(0o711)), (settings.runDirectory, 0o755)] { try makeDirectory(path, mode) }
    }

    private func makeDirectory(_ path: String, _ mode: UInt32) throws {
        var at = try Descriptor.open("/", [.path, .directory])
        for part in path.split(separator: "/").map(String.init) {
            do throws(SystemError) { try at.makeDirectory(part, mode: mode) } catch { if !error.alreadyExists { throw error } }
            at = try at.open(at: part, [.path, .directory])
        }
    }

    func agentSettings() throws -> AgentSettings {
        let programs = try programDirectory()
        var result = AgentSettings(
            stateDirectory: settings.stateDirectory, runDirectory: settings.runDirectory, imageDirectory: settings.imageDirectory,
            socketPath: settings.socket, initProgram: programs + "/berth-init", helperProgram: programs + "/berth-helper",
            seccompProfile: try profile(programs), cgroupParent: settings.cgroupParent ?? "berth-\(hash)",
            slots: settings.slots.first...settings.slots.last, isMachineWide: settings.stateDirectory == Self.machineWide)
        result.memoryThresholds = settings.memoryThresholds
        result.freezeTimeout = settings.freezeTimeout
        result.startTimeout = settings.startTimeout
        result.named = settings.resources
        result.simultaneousStarts = settings.simultaneousStarts
        result.spares = settings.spareContainers
        result.imageLimits = (settings.images.size, settings.images.files)
        result.protectedDirectories = [settings.configurationDirectory, Self.systemConfiguration]
        return result
    }

    /// Beside `berthd`, or below its prefix.
    private func programDirectory() throws -> String {
        if let directory = settings.programDirectory { return directory }
        let own = try readLink("/proc/self/exe")
        let directory = String(own[..<(own.lastIndex(of: "/") ?? own.startIndex)])
        for candidate in [directory, directory + "/../libexec/berth", directory + "/../lib/berth"] where exists(candidate + "/berth-init") {
            return candidate
        }
        throw Failure(description: "found no berth-init beside \(own) or in ../libexec/berth")
    }

    private func profile(_ programs: String) throws -> String {
        let candidates = [
            settings.configurationDirectory + "/seccomp/default.json", Self.systemConfiguration + "/seccomp/default.json",
            programs + "/seccomp/default.json", programs + "/../share/berth/seccomp/default.json",
            programs + "/../../share/berth/seccomp/default.json",
            programs + "/../../../Config/seccomp/default.json", programs + "/../../Config/seccomp/default.json",
        ]
        guard let found = candidates.first(where: exists) else {
            throw Failure(description: "found no seccomp profile, looked at \(candidates.joined(separator: ", "))")
        }
        return found
    }

    private func exists(_ path: String) -> Bool { (try? Descriptor.open(path, [.path])) != nil }
}
