import LaunchProgram
import TestSupport
import Testing

struct LaunchProgramTests {
    @Test func everyOperationSurvivesARoundTrip() throws {
        var random = SeededGenerator()
        for _ in 0..<500 {
            let program = random.program()
            #expect(try LaunchProgram(decoding: program.encoded()) == program)
        }
    }

    @Test func execProgramsSurviveARoundTrip() throws {
        var random = SeededGenerator()
        for _ in 0..<500 {
            let program = random.execProgram()
            #expect(try ExecProgram(decoding: program.encoded()) == program)
        }
    }

    @Test func spareProgramsSurviveARoundTrip() throws {
        var random = SeededGenerator()
        for _ in 0..<500 {
            let program = random.spareProgram()
            #expect(try SpareProgram(decoding: program.encoded()) == program)
            for (log, input, drops) in [(true, true, false), (false, true, true), (true, false, true)] {
                let handover = SpareHandover(hasLog: log, hasInput: input, dropsCapabilities: drops)
                #expect(try SpareHandover(decoding: handover.encoded()) == handover)
            }
        }
        #expect(throws: DecodeError.magic) { try SpareHandover(decoding: [1]) }
    }

    /// A trap in the launcher would take the daemon's starts down, so no bytes may cause one. A trap here ends the test process.
    @Test func mutatedBytesNeverTrap() {
        var random = SeededGenerator()
        var accepted = 0
        for _ in 0..<3000 {
            var bytes = Bool.random(using: &random) ? random.program().encoded() : random.execProgram().encoded()
            random.mutate(&bytes)
            if let program = try? LaunchProgram(decoding: bytes) {
                accepted += 1
                #expect((try? LaunchProgram(decoding: program.encoded())) == program)
            }
            var spare = random.spareProgram().encoded()
            random.mutate(&spare)
            if let program = try? SpareProgram(decoding: spare) { #expect((try? SpareProgram(decoding: program.encoded())) == program) }
            if let program = try? ExecProgram(decoding: bytes) { #expect((try? ExecProgram(decoding: program.encoded())) == program) }
        }
        #expect(accepted > 0)
    }

    @Test func everyPrefixIsRefused() {
        var random = SeededGenerator()
        let bytes = random.program().encoded()
        for count in 0..<bytes.count {
            #expect(throws: DecodeError.self) { try LaunchProgram(decoding: Array(bytes[..<count])) }
        }
        #expect(throws: DecodeError.trailing) { try LaunchProgram(decoding: bytes + [0]) }
    }

    @Test(arguments: ["", ".", "..", "a/b", "/", ".hidden"]) func aRunDirectoryIsOneName(_ name: String) {
        var random = SeededGenerator()
        var program = random.program()
        program.runDirectory = ByteString(name)
        #expect(throws: DecodeError.range) { try LaunchProgram(decoding: program.encoded()) }
    }

    @Test func aNULInAPathIsRefused() {
        var random = SeededGenerator()
        var program = random.program()
        program.containerOperations = [.mask(path: ByteString("/proc/a\0b"))]
        #expect(throws: DecodeError.embeddedNUL) { try LaunchProgram(decoding: program.encoded()) }
        program.containerOperations = [.writeFile(path: "/etc/x", mode: 0o644, contents: ByteString("a\0b"))]
        #expect(throws: Never.self) { try LaunchProgram(decoding: program.encoded()) }
    }

    @Test func anotherVersionIsRefused() {
        var random = SeededGenerator()
        var bytes = random.program().encoded()
        bytes[4] &+= 1
        #expect(throws: DecodeError.version) { try LaunchProgram(decoding: bytes) }
    }

    @Test func aCountThatLiesTakesNoMemory() {
        var random = SeededGenerator()
        var program = random.program()
        program.uidMap = []
        var bytes = program.encoded()
        // The count of the uid map stands behind magic, version, name, log directory and namespaces.
        let place = 6 + 4 + program.runDirectory.bytes.count + (program.logDirectory == nil ? 1 : 3) + 1
        for offset in 0..<4 { bytes[place + offset] = 255 }
        #expect(throws: DecodeError.truncated) { try LaunchProgram(decoding: bytes) }
    }
}
