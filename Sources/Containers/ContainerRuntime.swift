import JobLog
import LaunchProgram
public import LinuxSys
import Synchronization

/// A container whose job waits for its go.
public struct HeldContainer: Sendable {
    let description: ContainerDescription
    let exchange: Exchange
    /// How it came there.
    public fileprivate(set) var times: HoldTimes

    /// It is not wanted: PID 1 ends, and nothing of the job ever happened.
    public func drop() { exchange.close() }
}

/// When a container passed the steps to there, as the launcher and PID 1 told: nanoseconds of the boot clock; 0: it did not come by there.
public struct HoldTimes: Sendable {
    /// The request went to the launcher.
    public let sent: UInt64
    var launcher = LauncherTimes()
    var monitor = MonitorTimes()

    init(sent: UInt64) { self.sent = sent }

    /// The launcher had read it.
    public var received: UInt64 { launcher.received }
    /// The run directory was made, the submitter's paths were opened.
    public var opened: UInt64 { launcher.opened }
    /// PID 1 was cloned, or a spare taken.
    public var cloned: UInt64 { launcher.cloned }
    /// PID 1 was in its groups; 0 of a spare.
    public var joined: UInt64 { monitor.joined }
    /// The job's own process was cloned.
    public var forked: UInt64 { monitor.forked }
    /// Root and mounts stood.
    public var mounted: UInt64 { monitor.mounted }
    /// It waited for its go.
    public var ready: UInt64 { monitor.ready }
}

/// Ends a start that hangs on a path of its submitter, such as on a dead server: the start then fails as unanswered.
public final class StartAbort: Sendable {
    private struct State {
        var helper: ProcessHandle?
        var exchange: Exchange?
        var timer: UInt64?
        var isAborted = false
        var isLate = false
    }

    private let limit: UInt64?
    private let state = Mutex(State())

    /// - Parameter limit: how long paths may take to open, in nanoseconds.
    public init(within limit: UInt64? = nil) { self.limit = limit }

    /// Whether the time for the paths has passed.
    public var isLate: Bool { state.withLock { $0.isLate } }

    func watch(_ pid: Int32, _ descriptors: [Descriptor], _ exchange: Exchange, _ reactor: Reactor) {
        guard let pidfd = descriptors.first else { return }
        if let limit {
            let timer = reactor.at(bootNanoseconds: bootNanoseconds() + limit) { [weak self] in
                self?.state.withLock { $0.isLate = true }
                self?.abort()
            }
            state.withLock { $0.timer = timer }
        }
        let mustEnd = state.withLock { state in
            state.helper = ProcessHandle(pid: pid, descriptor: pidfd)
            state.exchange = exchange
            return state.isAborted
        }
        if mustEnd { abort() }
    }

    /// The paths are open, or not needed any more.
    func over(_ reactor: Reactor) {
        let timer = state.withLock { $0.timer.take() }
        if let timer { reactor.cancel(timer) }
    }

    /// Kills the helper that opens the paths, now or when there is one; what needs no helper cannot hang. One that waits where no signal reaches it
    /// is not waited for: whenever it goes on, it ends.
    public func abort() {
        let (helper, exchange) = state.withLock { state in
            state.isAborted = true
            return (state.helper, state.exchange)
        }
        guard let helper, (try? helper.signal(9)) != nil else { return }
        exchange?.close()
    }
}

/// Starts, adopts and enters containers; knows neither queue nor images.
public final class ContainerRuntime: Sendable {
    public let reactor: Reactor
    let launcher: LauncherClient
    private let runRoot: Descriptor

    /// - Parameters:
    ///   - path: the run root's path, on tmpfs; only root enters it.
    ///   - whenLate: told what a launcher waits for that is not ready soon.
    public init(
        initProgram: String, runRoot path: String, reactor: Reactor, whenLate: (String) -> Void
    ) throws(LaunchError) {
        self.reactor = reactor
        launcher = try LauncherClient.start(program: initProgram, runRoot: path, reactor: reactor, whenLate: whenLate)
        do throws(SystemError) { runRoot = try Descriptor.open(path, [.path, .directory]) } catch { throw LaunchError(error) }
    }

    /// Readable when the launcher has died: the daemon then needs a new runtime.
    public var launcherProcess: ProcessHandle { launcher.process }

    /// Whether the launcher is gone; one that is just ending is waited for. Blocks for a quarter of a second at most.
    public var hasLostLauncher: Bool { (try? launcher.process.waitUntilEnded(milliseconds: 250)) ?? true }

    /// Ends the launcher; containers go on.
    public func stop() { launcher.stop() }

    /// Makes everything of a container ready but its job's exec, for which `go` is needed; without it nothing ever happened.
    ///
    /// - Throws: `startedBefore` when the run directory was there; then look with `find`.
    public func hold(_ description: ContainerDescription, abort: StartAbort? = nil) async throws(LaunchError) -> HeldContainer {
        var held = try send(description)
        defer { abort?.over(reactor) }
        while let (answer, descriptors) = await held.exchange.next() {
            switch answer {
            case .helping(let pid): abort?.watch(pid, descriptors, held.exchange, reactor)
            case .prepared(let times):
                if let monitor = held.exchange.process { try OutOfMemoryScore.fix(monitor.pid) }
                (held.times.launcher, held.times.monitor) = (held.exchange.times, times)
                return held
            case .failed(let failure): throw LaunchError(failure)
            default: break
            }
        }
        if let abort, abort.isLate {
            throw LaunchError(operation: "open the paths of \(description.name): no answer in time", errno: "ETIMEDOUT")
        }
        throw unanswered(description)
    }

    /// Lets a job go; `running` tells whether it did.
    public func go(_ held: HeldContainer) throws(LaunchError) {
        do throws(SystemError) { try held.exchange.sendGo() } catch { throw LaunchError(error, isUnanswered: true) }
    }

    /// Returns once the program of a job that was let go runs.
    public func running(_ held: HeldContainer) async throws(LaunchError) -> Container {
        while let (answer, _) = await held.exchange.next() {
            switch answer {
            case .running(let time, _):
                guard let monitor = held.exchange.process else { break }
                return try container(held.description, monitor, time, held.exchange)
            case .failed(let failure): throw LaunchError(failure)
            default: break
            }
        }
        throw unanswered(held.description)
    }

    private func send(_ description: ContainerDescription) throws(LaunchError) -> HeldContainer {
        let (program, descriptors) = LaunchCompiler.compile(description)
        let bytes = program.encoded()
        let times = HoldTimes(sent: bootNanoseconds())
        let exchange = try launcher.send(.start, program: bytes, table: descriptors)
        return HeldContainer(description: description, exchange: exchange, times: times)
    }

    private func unanswered(_ description: ContainerDescription) -> LaunchError {
        LaunchError(operation: "start of \(description.name): PID 1 or the launcher died", errno: "ESRCH", isUnanswered: true)
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
        /// PID 1 was dumped and is not restored yet. With the name of its groups.
        case dumped(groupName: String)
        /// PID 1 has ended; with a record or without. With the name of its groups.
        case ended(ExitEvidence, groupName: String)
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
        guard let stamp = try Self.stamp(in: directory) else {
            guard try Container.hasBegun(directory) else { return .neverBegun }
            throw SystemError("read the stamp of", name, errno: 22, detail: "it is torn")
        }
        let groupName = String(decoding: stamp.groupName, as: UTF8.self)
        guard let monitor = try ProcessHandle.open(pid: stamp.pid, startTime: stamp.startTicks), monitor.isAlive else {
            guard try Container.hasBegun(directory) else { return .neverBegun }
            let evidence = ExitEvidence(runDirectory: directory)
            // One that was restored, and ended before the mark was taken away, has left its record.
            if evidence.isMissing, try Container.isDumped(directory) { return .dumped(groupName: groupName) }
            return .ended(evidence, groupName: groupName)
        }
        guard try Self.begins(directory, monitor) else { return .neverBegun }
        return .running(
            Container(
                name: name, monitor: monitor, runDirectory: directory, groupName: groupName, startedBootNanoseconds: stamp.bootNanoseconds,
                exchange: nil))
    }

    /// A PID 1 that waits for the go of a daemon that is gone sees the end of file and ends; one that was given it is about to mark the record.
    private static func begins(_ directory: Descriptor, _ monitor: ProcessHandle) throws(SystemError) -> Bool {
        for round in 0..<100 {
            if try Container.hasBegun(directory) { return true }
            if try monitor.waitUntilEnded(milliseconds: 20) { break }
            // Nobody is there to give it.
            if round == 50 { try? monitor.signal(9) }
        }
        return try Container.hasBegun(directory)
    }

    /// Nil when there is none, or its writer was cut off.
    private static func stamp(in directory: Descriptor) throws(SystemError) -> ClonedStamp? {
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try directory.open(at: RunFile.cloned.string, [.readOnly, .noFollow]).readFully(ClonedStamp.size, at: 0)
        } catch {
            if error.isNotFound { return nil }
            throw error
        }
        do throws(JobLogError) { return try ClonedStamp(decoding: bytes) } catch {
            guard case .unknownFormat(let found, let latest) = error else { return nil }
            // A later berth-init wrote it: whether its PID 1 has its go, or is about to, is not known.
            let what = "it is of format \(found), this berthd reads up to \(latest): a later version of Berth started the job"
            throw SystemError("read the stamp", RunFile.cloned.string, errno: 22, detail: what)
        }
    }

    /// The name of the groups of an attempt; nil when none was started under this name.
    public func groupName(of name: String) -> String? {
        guard let directory = try? runRoot.open(at: name, [.path, .directory, .noFollow]), let stamp = try? Self.stamp(in: directory) else {
            return nil
        }
        return String(decoding: stamp.groupName, as: UTF8.self)
    }

    /// The last time that it was in a dump.
    public struct TimeOnDisk: Sendable {
        /// The restored PID 1.
        public let monitor: Int32
        /// CLOCK_BOOTTIME, in nanoseconds.
        public let period: Range<UInt64>
    }

    /// Nil where it was in none, or one of this boot is not told.
    public func timeOnDisk(of name: String) -> TimeOnDisk? {
        guard let directory = try? runRoot.open(at: name, [.path, .directory, .noFollow]), let stamp = try? Self.stamp(in: directory),
            let bytes = try? directory.open(at: RunFile.restored.string, [.readOnly, .noFollow]).readFully(64, at: 0),
            let seconds = Double(String(decoding: bytes.prefix { $0 > 32 }, as: UTF8.self)), seconds > 0, seconds < 1e9
        else { return nil }
        // The restored one's life began when it was restored: hundredths of a second (proc(5), field 22 of stat).
        let (from, to) = (UInt64(seconds * 1e9), stamp.startTicks.multipliedReportingOverflow(by: 10_000_000))
        return to.overflow || to.partialValue < from ? nil : TimeOnDisk(monitor: stamp.pid, period: from..<to.partialValue)
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
