import API
import Client
import JobModel
import LinuxSys

/// Follows a log to its end; when the daemon goes away it waits for it and goes on after the last byte that was printed.
struct LogFollower {
    var client: BerthClient
    var job: JobID
    var request: LogRequest
    var printer: LogPrinter
    private var gaps = GapNotes("not kept")

    init(client: BerthClient, job: JobID, request: LogRequest, printer: LogPrinter) {
        (self.client, self.job, self.request, self.printer) = (client, job, request, printer)
    }

    mutating func run() throws {
        var wasConnected = false
        var wasTold = false
        while true {
            do throws(ClientError) {
                let stream = try client.framedLog(job, request)
                (wasConnected, wasTold) = (true, false)
                if try read(stream) || !request.follow { return }
                // The end without a last frame: the daemon is going away.
            } catch {
                guard error.isLoss, wasConnected, request.follow else { throw error }
            }
            if !wasTold { Console.note("berthd is gone; waiting for it") }
            wasTold = true
            sleepBlocking(nanoseconds: 300_000_000)
        }
    }

    /// True after the log's last frame.
    private mutating func read(_ stream: FrameStream) throws(ClientError) -> Bool {
        while let frame = try stream.next() {
            switch frame {
            case .stdout(let chunk), .stderr(let chunk):
                gaps.due().map(Console.note)
                request.position = chunk.position
                request.tail = nil
            case .started(let text):
                // A retry has a log of its own.
                guard let attempt = AttemptID(text)?.number, attempt != request.attempt else { continue }
                if request.attempt == nil { request.onward = true }
                request.attempt = attempt
                if request.position != nil { request.position = 0 }
            case .dropped(let count): gaps.add(count)
            case .error(let json): throw .refused((try? JSONFrame.decode(APIError.self, json)) ?? APIError(.internal, "the log ended in an error"))
            case .end:
                gaps.rest().map(Console.note)
                return true
            default: break
            }
            try print(frame)
        }
        return false
    }

    private mutating func print(_ frame: Frame) throws(ClientError) {
        do { try Descriptor.standardOutput.write(try printer.bytes(frame)) } catch { throw .unexpected("\(error)") }
    }
}
