import API
import Database

extension DiskReserve {
    /// A line for the doctor, beside that of the room which is free.
    func check(_ path: String) -> DoctorCheck {
        let state = state
        let found = "\(state.held) of \(state.wanted) kept for the database, \(state.free) free on the disk of \(path)"
        guard shortage == nil, let problem = state.problem else { return DoctorCheck("disk reserve", .ok, found) }
        return DoctorCheck("disk reserve", .warning, "\(found): \(problem)")
    }
}
