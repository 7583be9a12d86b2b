import API
import FoundationEssentials
import JobModel
import LinuxSys

/// Turns frames of a log into what `berth logs` prints.
struct LogPrinter {
    enum Form { case raw, timestamps, json }

    /// One frame as a line of JSON; text, or base64 where the bytes are no UTF-8.
    private struct Line: Encodable {
        var version = APIVersion.current
        var stream: String
        var at: WallTime
        var position: UInt64
        var text: String?
        var base64: String?
    }

    private struct Gap: Encodable {
        var version = APIVersion.current
        var droppedBytes: UInt64
    }

    var form: Form
    private var moments = MomentText(now: WallTime(milliseconds: 0))
    private var atLineStart: [String: Bool] = [:]

    init(form: Form) { self.form = form }

    /// The bytes to print for a frame.
    mutating func bytes(_ frame: Frame) throws -> [UInt8] {
        switch frame {
        case .stdout(let chunk): try output("stdout", chunk)
        case .stderr(let chunk): try output("stderr", chunk)
        case .dropped(let count) where form == .json: Array((try JSONOutput.compact(Gap(droppedBytes: count)) + "\n").utf8)
        default: []
        }
    }

    private mutating func output(_ stream: String, _ chunk: LogChunk) throws -> [UInt8] {
        switch form {
        case .raw: return chunk.bytes
        case .timestamps: return stamped(stream, chunk)
        case .json:
            let text = String(validating: chunk.bytes, as: UTF8.self)
            let line = Line(
                stream: stream, at: chunk.at, position: chunk.position, text: text,
                base64: text == nil ? Data(chunk.bytes).base64EncodedString() : nil)
            return Array((try JSONOutput.compact(line) + "\n").utf8)
        }
    }

    /// Each stream has its own lines; a piece of one that is interrupted by the other begins on a line of its own.
    private mutating func stamped(_ stream: String, _ chunk: LogChunk) -> [UInt8] {
        let stamp = Array("\(moments.full(chunk.at)).\(Self.three(chunk.at.milliseconds)) ".utf8)
        var result: [UInt8] = []
        var starts = atLineStart[stream] ?? true
        if !starts, atLineStart.contains(where: { $0.key != stream && !$0.value }) { starts = true }
        if starts, atLineStart.contains(where: { !$0.value }) { result.append(10) }
        for key in atLineStart.keys { atLineStart[key] = true }
        for byte in chunk.bytes {
            if starts { result += stamp }
            result.append(byte)
            starts = byte == 10
        }
        atLineStart[stream] = starts
        return result
    }

    private static func three(_ milliseconds: Int64) -> String {
        let text = String(((milliseconds % 1000) + 1000) % 1000)
        return String(repeating: "0", count: 3 - text.utf8.count) + text
    }
}
