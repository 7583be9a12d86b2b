internal import Synchronization

/// Project numbers of scratch directories, from a range that `/etc/projid` of people does not reach. Not given twice while in use.
final class ProjectIDs: Sendable {
    private struct State {
        var used: Set<UInt32>
        var next = ProjectIDs.first
    }

    static let first: UInt32 = 1_610_612_736
    static let count: UInt32 = 1 << 24
    private let state: Mutex<State>

    init(used: Set<UInt32>) { state = Mutex(State(used: used)) }

    func take() -> UInt32 {
        state.withLock { state in
            while state.used.contains(state.next) { state.next = Self.following(state.next) }
            let id = state.next
            state.used.insert(id)
            state.next = Self.following(id)
            return id
        }
    }

    func give(_ id: UInt32) { state.withLock { _ = $0.used.remove(id) } }

    private static func following(_ id: UInt32) -> UInt32 { id + 1 < first + count ? id + 1 : first }
}
