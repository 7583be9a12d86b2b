import API
import Containers
import Controller
import Hummingbird
import Images
import JobModel
import LinuxSys
import NIOCore
import NodeAgent
import OCISpec

extension BerthServer {
    func addImageRoutes(to router: Router<BerthContext>) {
        let (controller, images, limit) = (parts.controller, parts.agent.services.images, parts.requestLimit)
        add(.imageList, to: router) { request, _, peer in
            try await controller.require(.images, peer)
            let wanted = try ImageRequest(query: request.apiQuery)
            let seesAll = await controller.isOperator(peer) && wanted.all
            let visible = await images.list().filter { seesAll || $0.isFor(peer.user) }
            return try reply(ImageListReply(Self.views(visible)))
        }
        add(.imageShow, to: router) { request, _, peer in
            try await controller.require(.images, peer)
            let name = try Self.reference(ImageRequest(query: request.apiQuery).name)
            return try reply(ImageReply(Self.views([try await Self.visible(name, images, peer, controller)])[0]))
        }
        add(.imageImport, to: router) { [self] request, _, peer in
            try await controller.require(.imageWrite, peer)
            let name = try Self.reference(ImageRequest(query: request.apiQuery).name)
            let (owned, owner) = try await Self.owned(name, peer, controller)
            return try reply(ImageReply(Self.views([try await importBody(of: request, as: owned, owner)])[0]), status: .created)
        }
        add(.imageRemove, to: router) { request, _, peer in
            try await controller.require(.imageWrite, peer)
            let name = try Self.reference(ImageRequest(query: request.apiQuery).name)
            let (owned, owner) = try await Self.removable(name, images, peer, controller)
            do {
                let freed = try await images.remove(owned, owner: owner)
                if owner != .operators { await controller.auditImage("remove", "\(owned)", owner: owner.id, peer) }
                return try reply(ImageRemoveReply(removed: ["\(owned)"], freed: freed))
            } catch let error as ImageError { throw error.api }
        }
        add(.imageTag, to: router) { request, _, peer in
            try await controller.require(.imageWrite, peer)
            let wanted = try await request.decoded(ImageTagRequest.self, limit: limit)
            let source = try await Self.visible(try Self.reference(wanted.name), images, peer, controller)
            let (owned, owner) = try await Self.owned(try Self.reference(wanted.newName), peer, controller)
            do {
                try await images.tag(source.name, as: owned, owner: owner)
                return try reply(ImageReply(Self.views([try await images.show(owned)])[0]))
            } catch let error as ImageError { throw error.api }
        }
    }

    private static func reference(_ text: String?) throws(APIError) -> ImageReference {
        guard let text, let name = ImageReference(text) else {
            throw APIError(
                .invalid, "found image name \(DocumentText.quoted(text ?? "")), accepted are names such as tools, tools:2 or ada/tools:2",
                field: "name")
        }
        return name
    }

    /// A user's names get the user in front; unprefixed ones are the operators' (contract §8).
    private static func owned(
        _ name: ImageReference, _ peer: Peer, _ controller: Controller
    ) async throws(APIError) -> (ImageReference, ImageOwner) {
        let isOperator = await controller.isOperator(peer)
        if isOperator, name.user == nil { return (name, .operators) }
        guard let own = name.user == nil ? name.of(user: peer.name) : name else {
            throw APIError(.invalid, "found user name '\(peer.name)', which cannot stand in an image name", field: "name")
        }
        guard own.user == peer.name else { throw APIError(.denied, "image \(name): it belongs to another user") }
        return (own, .user(peer.user, name: peer.name))
    }

    /// Operators remove users' images too: those of an account that is gone belong to nobody else.
    private static func removable(
        _ name: ImageReference, _ images: ImageStore, _ peer: Peer, _ controller: Controller
    ) async throws(APIError) -> (ImageReference, ImageOwner) {
        guard let login = name.user, await controller.isOperator(peer) else { return try await owned(name, peer, controller) }
        let found: NamedImage
        do throws(ImageError) { found = try await images.show(name) } catch { throw error.api }
        return (found.name, .user(found.owner, name: login))
    }

    private static func visible(
        _ name: ImageReference, _ images: ImageStore, _ peer: Peer, _ controller: Controller
    ) async throws(APIError) -> NamedImage {
        let isOperator = await controller.isOperator(peer)
        guard name.user == nil || name.user == peer.name || isOperator else { throw APIError(.unknown, "no image \(name)") }
        // An operator may look at each.
        do throws(ImageError) {
            return try await isOperator && name.user != nil ? images.show(name) : images.show(name, for: (peer.user, peer.name))
        } catch { throw error.api }
    }

    /// Feeds the archive to the import as it comes; nothing is seen of it before all is verified.
    private func importBody(of request: Request, as name: ImageReference, _ owner: ImageOwner) async throws -> NamedImage {
        let images = parts.agent.services.images
        let pipe = try Descriptor.pipe()
        let (reading, writing) = (pipe.reading, pipe.writing)
        // Whatever waits for its turn must not hold a thread meanwhile.
        try writing.setNonBlocking()
        let reactor = parts.agent.services.reactor
        let feeding = Task {
            defer { writing.close() }
            for try await buffer in request.body {
                var rest = Array(buffer.readableBytesView)
                while !rest.isEmpty {
                    let count = try writing.writeWhatFits(rest)
                    if count == 0 {
                        try await reactor.untilWritable(writing)
                        try Task.checkCancellation()
                    }
                    rest.removeFirst(count)
                }
            }
        }
        do {
            let image = try await images.importArchive(reading, as: name, owner: owner)
            try await feeding.value
            return image
        } catch let error as ImageError {
            reading.close()
            feeding.cancel()
            throw error.api
        }
    }

    /// One view an image, with every name it has.
    private static func views(_ named: [NamedImage]) -> [ImageView] {
        var order: [ImageKey] = []
        var views: [ImageKey: ImageView] = [:]
        for item in named {
            if views[item.image.key] == nil {
                order.append(item.image.key)
                views[item.image.key] = view(item)
            } else {
                views[item.image.key]?.names.append("\(item.name)")
            }
        }
        return order.compactMap { views[$0] }
    }

    private static func view(_ item: NamedImage) -> ImageView {
        let image = item.image
        let layers = image.layers.map { ImageView.Layer(digest: "\($0.key.diffID)", size: $0.size) }
        var view = ImageView(names: ["\(item.name)"], digest: "\(image.key.id)", size: image.size, layers: layers)
        view.importedAt = image.importedAt
        view.architecture = image.config.architecture
        view.jobs = item.leases
        view.entrypoint = image.config.entrypoint
        view.command = image.config.command
        view.environment = image.config.environment
        view.user = image.config.user.map { "\($0)" }
        view.workingDirectory = image.config.workingDirectory
        view.stopSignal = image.config.stopSignal.map { SignalName.text($0) }
        return view
    }
}

extension ImageError {
    /// As the API tells it.
    var api: APIError {
        switch self {
        // Its text names the archive or the entry already.
        case .refused: APIError(.invalid, description)
        case .invalid: APIError(.invalid, description)
        case .notFound: APIError(.unknown, description)
        case .inUse: APIError(.conflict, description)
        case .host: APIError(.internal, description)
        }
    }
}
