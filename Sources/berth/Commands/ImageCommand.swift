import API
import ArgumentParser
import Client
import JobModel
import LinuxSys

struct ImageCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "image", abstract: "Import, list and remove images.",
        discussion: """
            Examples:
              berth image import tools.tar.zst tools:1
              docker save app | berth image import - app:2
              berth image list
              berth image tag app:2 app:latest
            """, subcommands: [ImageImport.self, ImageList.self, ImageShow.self, ImageRemove.self, ImageTag.self], defaultSubcommand: ImageList.self)
}

struct ImageImport: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Take in a docker-archive or the tar of a root, plain or compressed with gzip or zstd.",
        discussion: """
            Examples:
              berth image import tools.tar.zst tools:1
              docker save app | berth image import - app:2
            """)

    @Argument(help: "The archive; - for standard input.", completion: .file())
    var file: String

    @Argument(help: "name:tag, or user/name:tag.")
    var name: String

    @OptionGroup var common: CommonOptions

    func run() throws {
        let source: Descriptor
        do throws(SystemError) { source = file == "-" ? .standardInput : try Descriptor.open(file) } catch {
            throw CommandFailure.usage("\(error)")
        }
        var progress = UploadProgress(total: file == "-" ? nil : (try? source.status().size).map { UInt64($0) })
        let reply = try common.client.importImage(name) {
            let bytes = try source.read(upTo: 256 << 10)
            progress.add(bytes.count)
            return bytes
        }
        progress.end()
        if common.json { return try JSONOutput.write(reply) }
        Console.line("imported \(Escaping.oneLine(reply.image.names.first ?? name)) \(reply.image.digest.prefix(19)) \(reply.image.size)")
    }
}

struct ImageList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Images with their names.",
        discussion: """
            Examples:
              berth image list
              berth image list --quiet
            """)

    @Flag(name: .shortAndLong, help: "Those of every user.")
    var all = false

    @Flag(name: .shortAndLong, help: "Print only the names.")
    var quiet = false

    @OptionGroup var common: CommonOptions

    func run() throws {
        let reply = try common.client.images(ImageRequest(all: all))
        if common.json { return try JSONOutput.write(reply) }
        if quiet { return Console.out(reply.images.flatMap(\.names).map { "\(Escaping.oneLine($0))\n" }.joined()) }
        if reply.images.isEmpty, Console.isTerminal { return Console.note("no images; see: berth image import --help") }
        Console.out(ImageTable.render(reply.images, moments: MomentText(now: .current), width: Console.width, style: .forOutput))
    }
}

struct ImageShow: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "One image and its config.",
        discussion: """
            Examples:
              berth image show tools:1
            """)

    @Argument(help: "Its name.")
    var name: String

    @OptionGroup var common: CommonOptions

    func run() throws {
        let reply = try common.client.image(name)
        if common.json { return try JSONOutput.write(reply) }
        Console.out(ImageTable.detail(reply.image, moments: MomentText(now: .current), style: .forOutput))
    }
}

struct ImageRemove: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Remove names; content goes with its last one.",
        discussion: """
            Examples:
              berth image remove tools:1 tools:2
            """, aliases: ["rm"])

    @Argument(help: "Names of images.")
    var names: [String]

    @OptionGroup var common: CommonOptions

    func run() throws {
        let client = common.client
        for name in names {
            let reply = try client.removeImage(name)
            if common.json {
                try JSONOutput.write(reply)
            } else {
                let freed = reply.freed > .zero ? ", freed \(ValueText.size(reply.freed))" : ""
                Console.line("removed \(reply.removed.map(Escaping.oneLine).joined(separator: ", "))\(freed)")
            }
        }
    }
}

struct ImageTag: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tag", abstract: "Give an image a further name.",
        discussion: """
            Examples:
              berth image tag app:2 app:latest
            """)

    @Argument(help: "A name it has.")
    var name: String

    @Argument(help: "The further name.")
    var newName: String

    @OptionGroup var common: CommonOptions

    func run() throws {
        let reply = try common.client.tagImage(ImageTagRequest(name: name, newName: newName))
        if common.json { return try JSONOutput.write(reply) }
        Console.line("\(Escaping.oneLine(newName)) is \(reply.image.digest.prefix(19))")
    }
}
