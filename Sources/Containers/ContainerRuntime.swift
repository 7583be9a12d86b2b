import JobLog
import LaunchProgram
public import LinuxSys

/// Starts, adopts and enters containers; knows neither queue nor images.
public final class ContainerRuntime: Sendable {
    public let reactor: Reactor
    let launcher: LauncherClient
    private let runRoot: Descriptor

    /// - Parameter runRoot: the run root's path, on tmpfs; only root enters it.
    public init(initProgram: String, runRoot path: String, reactor: Reactor) throws(LaunchError) {
        self.reactor = reactor
        launcher = try LauncherClient.start(program: initProgram, runRoot: path, reactor: reactor)
        do throws(SystemError) { runRoot = try Descriptor.open(path, [.path, .directory]) } catch { throw LaunchError(error) }
    }

    /// Readable when the launcher has died: the daemon then needs a new runtime.
    public var launcherProcess: ProcessHandle { launcher.process }

    /// Whether the launcher is gone; one that is just ending is waited for. Blocks for a quarter of a second at most.
    public var hasLostLauncher: Bool { (try? launcher.process.waitUntilEnded(milliseconds: 250)) ?? true }

    /// Ends the launcher; containers go on.
    public func stop() { launcher.stop() }

    /// Starts a container; returns once the job's program runs, or says which operation failed.
    ///
    /// - Throws: `startedBefore` when the run directory was there; then look with `find`.
    public func start(_ description: ContainerDescription) async throws(LaunchError) -> Container {
        let (program, descriptors) = LaunchCompiler.compile(description)
        let exchange = try launcher.send(.start, program: program.encoded(), table: descriptors)
        var monitor: ProcessHandle?
        while let (answer, descriptors) = await exchange.next() {
            switch answer {
            case .started(let pid):
                if let pidfd = descriptors.first { monitor = ProcessHandle(pid: pid, descriptor: pidfd) }
            case .running(let time, _):
                guard let monitor else { break }
                return try container(description, monitor, time, exchange)
            case .failed(let failure): throw LaunchError(failure)
            default: break
            }
        }
        throw LaunchError(operation: "start of \(description.name): PID 1 or the launcher died", errno: "ESRCH", isUnanswered: true)
    }

    private func container(
        _ description: ContainerDescription, _ monitor: ProcessHandle, _ time: UInt64, _ exchange: Exchange
    ) throws(LaunchError) -> Container {
        do throws(SystemError) {
            let directory = try runRoot.open(at: description.name, [.path, .directory, .noFollow])
            return Container(
                name: description.name, monitor: monitor, runDirectory: directory, groupName: description.groupName,
                startedBootNanoseconds: time, exchange: exchange)
        } catch { throw LaunchError(error) }
    }

    // MARK: After a restart

    /// What a run directory says of a container.
    public enum Found: Sendable {
        /// Nothing was ever started under this name.
        case nothing
        /// The run directory was made, but no PID 1 got as far as the job, and none can any more.
        case neverBegun
        case running(Container)
        /// PID 1 has ended; with a record or without. With the name of its groups.
        case ended(ExitSummary?, groupName: String)
    }

    /// Looks for a container of an earlier launcher. True because this runtime's launcher holds the lock: nothing can be half-started.
    public func find(_ name: String) throws(SystemError) -> Found {
        let directory: Descriptor
        do throws(SystemError) {
            directory = try runRoot.open(at: name, [.path, .directory, .noFollow])
        } catch {
            if error.isNotFound { return .nothing }
            throw error
        }
        guard let stamp = Self.stamp(in: directory) else { return .neverBegun }
        let groupName = String(decoding: stamp.groupName, as: UTF8.self)
        guard let monitor = try ProcessHandle.open(pid: stamp.pid, startTime: stamp.startTicks), monitor.isAlive else {
            guard try Self.hasBegun(directory) else { return .neverBegun }
            return .ended(ExitSummary(runDirectory: directory), groupName: groupName)
        }
        return .running(
            Container(
                name: name, monitor: monitor, runDirectory: directory, groupName: groupName, startedBootNanoseconds: stamp.bootNanoseconds,
                exchange: nil))
    }

    /// PID 1 marks the record before it does anything for the job.
    private static func hasBegun(_ directory: Descriptor) throws(SystemError) -> Bool {
        try directory.open(at: RunFile.record.string, [.readOnly, .noFollow]).readFully(1, at: 0).first ?? 0 != 0
    }

    private static func stamp(in directory: Descriptor) -> ClonedStamp? {
        guard let file = try? directory.open(at: RunFile.cloned.string, [.readOnly, .noFollow]),
            let bytes = try? file.readFully(ClonedStamp.size, at: 0)
        else { return nil }
        return try? ClonedStamp(decoding: bytes)
    }

    /// The name of the groups of an attempt; nil when none was started under this name.
    public func groupName(of name: String) -> String? {
        guard let directory = try? runRoot.open(at: name, [.path, .directory, .noFollow]) else { return nil }
        return Self.stamp(in: directory).map { String(decoding: $0.groupName, as: UTF8.self) }
    }

    /// The names of all run directories.
    public func names() -> [String] {
        guard let directory = try? runRoot.open(at: ".", [.readOnly, .directory]) else { return [] }
        return ((try? directory.entries()) ?? []).filter { $0.kind == .directory }.map(\.name)
    }

    /// Removes a run directory, by descriptor and without following links. Only after the attempt's end is in the ledger.
    public func forget(_ name: String) throws(SystemError) { _ = try removeTree(at: runRoot, name) }
}

extension ContainerRuntime {
    /// An overlay built by the launcher from staged paths, for kernels that take no layers by descriptor (before 6.13). Blocks.
    ///
    /// - Parameters:
    ///   - layers: detached id-mapped mounts, topmost first.
    ///   - scratch: a detached mount that holds `upper` and `work`.
    public func stagedOverlay(
        _ layers: [Descriptor], scratch: Descriptor, flags: [String], options: [(String, String)]
    ) throws(LaunchError) -> Descriptor {
        var table = DescriptorTable()
        let places: [DescriptorIndex] = layers.map { table.pass($0) }
        let place: DescriptorIndex = table.pass(scratch)
        let overlay = StagedOverlay(
            layers: places, scratch: place,
            options: flags.map { FilesystemMount.Option(ByteString($0)) } + options.map { FilesystemMount.Option(ByteString($0), ByteString($1)) },
            attributes: [.noSetUID, .noDevices])
        let (answer, descriptors) = try launcher.ask(.stagedOverlay(overlay), table: table.passed)
        switch answer {
        case .descriptor:
            guard let mount = descriptors.first else { break }
            return mount
        case .failed(let failure): throw LaunchError(failure)
        default: break
        }
        throw LaunchError(operation: "mount overlay: the launcher died", errno: "ESRCH")
    }
}
