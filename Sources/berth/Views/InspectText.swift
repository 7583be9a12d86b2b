import API
import JobModel

/// `berth inspect`. All names in it are the job's own words and made harmless line by line.
struct InspectText {
    var reply: InspectReply
    var style: Style
    /// Every mapping by itself, in place of what they add up to.
    var maps = false

    func render() -> String {
        var text = line(0, "job \(reply.attempt), \(moment), \(total == 1 ? "1 process" : "\(total) processes")")
        text += line(0, "group \(reply.group)")
        for (process, depth) in tree { text += "\n" + render(process, depth) }
        if let omitted = reply.processesOmitted { text += "\n" + line(0, "and \(omitted) more processes") }
        if !reply.notes.isEmpty { text += "\n" }
        for note in reply.notes { text += line(0, "not shown: \(note)", .yellow) }
        return text
    }

    private var total: Int { reply.processes.count + (reply.processesOmitted ?? 0) }

    private var moment: String {
        if let micros = reply.frozenMicroseconds { return "frozen for \(micros / 1000).\(micros % 1000 / 100) ms" }
        return reply.frozen ? "paused" : "as it ran"
    }

    /// Children below their parents; whose parent is not shown stands at the left.
    private var tree: [(InspectedProcess, depth: Int)] {
        let shown = Set(reply.processes.map(\.id))
        var children: [Int32: [InspectedProcess]] = [:]
        var tops: [InspectedProcess] = []
        for process in reply.processes {
            if let parent = process.parent, parent != process.id, shown.contains(parent) {
                children[parent, default: []].append(process)
            } else {
                tops.append(process)
            }
        }
        var result: [(InspectedProcess, depth: Int)] = []
        var seen: Set<Int32> = []
        func add(_ process: InspectedProcess, _ depth: Int) {
            guard seen.insert(process.hostID).inserted else { return }
            result.append((process, depth))
            for child in children[process.id] ?? [] { add(child, depth + 1) }
        }
        for process in tops { add(process, 0) }
        // What the job made look like a circle.
        for process in reply.processes { add(process, 0) }
        return result
    }

    // MARK: One process

    private func render(_ process: InspectedProcess, _ depth: Int) -> String {
        let memory = process.memory.map { ", \(size($0.resident)) resident, \(size($0.swapped)) swapped, \(size($0.mapped)) mapped" } ?? ""
        let cpu = "cpu \(seconds(process.cpuUserMilliseconds)) user \(seconds(process.cpuSystemMilliseconds)) system"
        let place = 2 * min(depth, 20)
        var text = line(place, "\(process.id) \(process.name)  \(state(process.state)), user \(process.user), \(cpu)\(memory)", .bold)
        let inner = place + 4
        if let command = process.command { text += line(inner, "command    \(Escaping.command(command))") }
        if let executable = process.executable { text += line(inner, "program    \(executable)") }
        if let directory = process.workingDirectory { text += line(inner, "directory  \(directory)") }
        let calls = SyscallText(files: process.files)
        for thread in process.threads { text += render(thread, calls, inner) }
        if let omitted = process.threadsOmitted { text += line(inner, "and \(omitted) more threads") }
        for file in process.files { text += line(inner, render(file)) }
        if let omitted = process.filesOmitted { text += line(inner, "and \(omitted) more files") }
        if let memory = process.memory { text += render(memory, inner) }
        return text
    }

    private func render(_ thread: InspectedThread, _ calls: SyscallText, _ place: Int) -> String {
        var text = "thread \(thread.id) \(thread.name)  \(state(thread.state))"
        if let call = thread.call { text += ", \(calls.text(call))" }
        if let place = thread.waitsIn { text += ", waits in \(place)" }
        if let counter = thread.programCounter, let pointer = thread.stackPointer { text += ", pc \(hex(counter)) sp \(hex(pointer))" }
        var result = line(place, text)
        // The innermost first, without the offsets within each function.
        let stack = thread.kernelStack.map { $0.split(separator: "+")[0] }
        if !stack.isEmpty { result += line(place + 2, "kernel stack: \(stack.joined(separator: " < "))", .dim) }
        return result
    }

    private func render(_ file: InspectedFile) -> String {
        var text = "file \(file.number)"
        if let flags = file.flags { text += " \(Self.flags(flags))" }
        text += "  \(SyscallText.brief(file))"
        if file.kind == .file, let position = file.position, position > 0 { text += " at \(position)" }
        return text
    }

    /// Flags of open(2), in octal as fcntl.h has them; those without a name here say little.
    static func flags(_ bits: UInt32) -> String {
        var words = bits & 0o10000000 != 0 ? ["path"] : [["r", "w", "rw", "?"][Int(bits & 3)]]
        if bits & 0o2000 != 0 { words.append("append") }
        if bits & 0o4000 != 0 { words.append("nonblock") }
        if bits & 0o2000000 != 0 { words.append("cloexec") }
        return words.joined(separator: ",")
    }

    private func render(_ memory: InspectedMemory, _ place: Int) -> String {
        var text = ""
        if maps {
            for range in memory.maps {
                let swapped = range.swapped > 0 ? " and \(size(range.swapped)) swapped" : ""
                let held = "\(size(range.resident))\(swapped) of \(size(range.end &- range.start))"
                text += line(place, "map \(hex(range.start))-\(hex(range.end)) \(range.rights) \(hex(range.offset))  \(held)  \(range.what)")
            }
            if let omitted = memory.mapsOmitted { text += line(place, "and \(omitted) more mappings") }
            return text
        }
        for mapping in memory.largest where mapping.resident > 0 || mapping.swapped > 0 {
            let swapped = mapping.swapped > 0 ? " and \(size(mapping.swapped)) swapped" : ""
            text += line(place, "memory \(size(mapping.resident))\(swapped) of \(size(mapping.mapped))  \(mapping.what)")
        }
        if let omitted = memory.mappingsOmitted { text += line(place, "and \(omitted) smaller ones") }
        return text
    }

    // MARK: Parts

    private func line(_ place: Int, _ text: String, _ colour: Style.Colour? = nil) -> String {
        String(repeating: " ", count: place) + style(colour, Escaping.oneLine(text)) + "\n"
    }

    private func size(_ bytes: UInt64) -> String { bytes == 0 ? "0" : ValueText.size(Bytes(bytes)) }
    private func hex(_ number: UInt64) -> String { "0x" + String(number, radix: 16) }
    private func seconds(_ milliseconds: UInt64) -> String { "\(milliseconds / 1000).\(milliseconds % 1000 / 100)s" }

    /// proc_pid_stat(5).
    private func state(_ letter: String) -> String {
        switch letter {
        case "R": "runs"
        case "S": "sleeps"
        case "D": "waits for a device or a page"
        case "Z": "has ended"
        case "T", "t": "stopped"
        case "I": "idle"
        default: "state \(letter)"
        }
    }
}
