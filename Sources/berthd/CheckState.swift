import API
import DaemonConfiguration
import Database
import FoundationEssentials
import LinuxSys
import NodeAgent

/// `berthd --check-state`: what `berth doctor` wants to know of a state directory whose daemon does not answer.
struct CheckState {
    let settings: Settings
    private var directory: String { settings.stateDirectory }

    func run() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        print(String(decoding: try encoder.encode(DoctorReply(checks())), as: UTF8.self))
    }

    func checks() -> [DoctorCheck] {
        guard (try? Descriptor.open(directory, [.path, .directory])) != nil else {
            return [DoctorCheck("state directory", .ok, "\(directory) is made by the first start")] + socket
        }
        // As much as a daemon would want to be free.
        let needed = DiskReserve.size(settings.diskReserve, in: directory) ?? StateRoom.leastBytes
        return StateDoctor(directory: directory, room: StateRoom(directory, needed: needed)).checks() + [database].compactMap { $0 } + socket
    }

    /// It is read only, and only while nobody else has it.
    private var database: DoctorCheck? {
        let remedy = StateRemedy(directory: directory)
        do throws(DatabaseError) {
            guard let found = try SQLiteStore.check(directory: directory) else { return nil }
            return DoctorCheck("database", .ok, found)
        } catch {
            switch error {
            case .inUse(let path):
                let pid = Self.holder(of: path + ".lock")
                return DoctorCheck(
                    "daemon", .broken,
                    "another berthd\(pid.map { " (pid \($0))" } ?? "") has \(directory) and does not listen on \(settings.socket)",
                    remedy: pid.map { remedy.end($0) })
            case .damaged, .foreign:
                return DoctorCheck("database", .broken, "\(error)", remedy: remedy.restore(DatabaseRestore.script(directory: directory)))
            default: return DoctorCheck("database", .broken, "\(error)")
            }
        }
    }

    /// The process that has the lock's file open (proc(5)); a lock's own entry may name one that is gone.
    private static func holder(of path: String) -> Int32? {
        let processes = (try? Descriptor.open("/proc", [.readOnly, .directory]).names()) ?? []
        return processes.compactMap(Int32.init).sorted().first { pid in
            pid != ProcessContext.processID
                && ((try? Descriptor.open("/proc/\(pid)/fd", [.readOnly, .directory]).names()) ?? []).contains { name in
                    (try? readLink("/proc/\(pid)/fd/\(name)")) == path
                }
        }
    }

    /// What a daemon left that was killed; the next one takes its place.
    private var socket: [DoctorCheck] {
        do throws(SystemError) {
            _ = try Descriptor.connect(to: settings.socket)
            return []
        } catch {
            guard error.errnoName == "ECONNREFUSED" else { return [] }
            return [
                DoctorCheck(
                    "socket", .warning, "\(settings.socket) is stale: nobody listens on it",
                    remedy: StateRemedy(directory: directory).start)
            ]
        }
    }
}
