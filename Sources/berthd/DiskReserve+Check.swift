import API
import Database

extension DiskReserve {
    /// A line for the doctor.
    func check(_ path: String) -> DoctorCheck {
        let state = state
        let found = "\(state.held) of \(state.wanted) kept for the database, \(state.free) free on the disk of \(path)"
        if let shortage { return DoctorCheck("disk", .warning, "nothing starts: \(shortage)", remedy: "berth purge --older-than 7d") }
        guard let problem = state.problem else { return DoctorCheck("disk", .ok, found) }
        return DoctorCheck("disk", .warning, "\(found): \(problem)")
    }
}
