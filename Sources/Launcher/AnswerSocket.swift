internal import CLinux
internal import LaunchProgram

/// The socket of one request that all its answers go to. Sending never blocks and never fails loudly: a daemon that is gone reads the
/// run directory later.
struct AnswerSocket {
    let descriptor: Int32

    func send(_ answer: LauncherAnswer, with passed: Int32 = -1) {
        let bytes = answer.encoded()
        _ = bytes.withUnsafeBytes { linux_send(descriptor, $0.baseAddress, $0.count, passed) }
    }

    func fail(_ stage: LaunchFailure.Stage, _ fault: Fault, index: Int = 0) {
        send(.failed(LaunchFailure(stage: stage, index: UInt16(truncatingIfNeeded: index), errno: fault.errno, detail: fault.detail)))
    }

    func close() {
        _ = linux_close(descriptor)
    }
}
