import Foundation

/// Good inputs, and bad ones that readers once went wrong over: the files of `Corpus/TARGET`. A line of `=====` parts inputs of one file.
enum Corpus {
    private static let directory = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Corpus")
    static let tree = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardizedFileURL

    static func inputs(of target: FuzzTarget) throws -> [[UInt8]] {
        let folder = directory.appending(path: target.name)
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return try names.sorted().flatMap { name in
            let data = try Data(contentsOf: folder.appending(path: name))
            guard name.hasSuffix(".txt"), let text = String(bytes: data, encoding: .utf8) else { return [Array(data)] }
            return text.components(separatedBy: "=====\n").map { Array($0.utf8) }
        }
    }

    /// The files of a folder of the project.
    static func files(_ folder: String) -> [[UInt8]] {
        let path = tree.appending(path: folder)
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path.path)) ?? []
        return names.sorted().compactMap { try? Array(Data(contentsOf: path.appending(path: $0))) }
    }
}
