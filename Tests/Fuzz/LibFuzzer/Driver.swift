import Foundation
import TestSupport

/// The same targets, led by what code their inputs reach: libFuzzer's main calls these. `scripts/libfuzzer` builds them with it, in the place of `Fuzz`.
///
/// The target is named by `BERTH_FUZZ_TARGET`; good inputs to begin with are written to the directory `BERTH_FUZZ_SEEDS`.
private let target: FuzzTarget = {
    let name = ProcessInfo.processInfo.environment["BERTH_FUZZ_TARGET"] ?? ""
    guard let target = FuzzTarget.named(name) else { fatalError("BERTH_FUZZ_TARGET: no target '\(name)'") }
    return target
}()

@_cdecl("LLVMFuzzerInitialize")
public func initialize(_ count: UnsafeMutablePointer<CInt>, _ words: UnsafeMutableRawPointer) -> CInt {
    do {
        var random = SeededGenerator(seed: 1)
        let place = ProcessInfo.processInfo.environment["BERTH_FUZZ_SEEDS"] ?? "."
        let seeds = try Corpus.inputs(of: target) + (0..<32).map { _ in target.sample(&random) }
        for (number, seed) in seeds.enumerated() { try Data(seed).write(to: URL(filePath: "\(place)/seed-\(number)")) }
        // It may leave the machine's files behind.
        try target.prepare()
    } catch { fatalError("\(error)") }
    return 0
}

@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    do { try target.read(Array(UnsafeBufferPointer(start: bytes, count: count))) } catch {
        if error is Violation { fatalError("\(target.name): \(error)") }
    }
    return 0
}

@_silgen_name("LLVMFuzzerMutate")
private func mutate(_ bytes: UnsafeMutablePointer<UInt8>, _ count: Int, _ most: Int) -> Int

/// libFuzzer's own changes, then what would hide the rest is put right.
@_cdecl("LLVMFuzzerCustomMutator")
public func customMutator(_ bytes: UnsafeMutablePointer<UInt8>, _ count: Int, _ most: Int, _ seed: CUnsignedInt) -> Int {
    let changed = mutate(bytes, count, most)
    guard seed % 4 > 0 else { return changed }
    var input = Array(UnsafeBufferPointer(start: bytes, count: changed))
    target.repair(&input)
    let kept = min(input.count, most)
    for place in 0..<kept { bytes[place] = input[place] }
    return kept
}
