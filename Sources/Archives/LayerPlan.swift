internal import OCISpec

/// Which layers are to be unpacked, lowest first.
///
/// One that stands in an image several times is unpacked once, in its highest place: there it decides everything it touches, so a lower
/// place adds nothing, and overlayfs refuses a directory given twice.
struct LayerPlan {
    let names: [String]
    let digests: [ContentDigest]
    private let numbers: [String: Int]

    init(names allNames: [String], digests allDigests: [ContentDigest], links: [String: String]) {
        var names: [String] = []
        var digests: [ContentDigest] = []
        var numbers: [String: Int] = [:]
        for (index, digest) in allDigests.enumerated() where allDigests.lastIndex(of: digest) == index {
            let name = Self.follow(ImageArchive.name(of: allNames[index]), links)
            numbers[name] = digests.count
            names.append(name)
            digests.append(digest)
        }
        self.names = names
        self.digests = digests
        self.numbers = numbers
    }

    func number(of name: String) -> Int? { numbers[name] }

    private static func follow(_ name: String, _ links: [String: String]) -> String {
        var name = name
        for _ in 0..<8 {
            guard let target = links[name] else { break }
            name = target
        }
        return name
    }
}
