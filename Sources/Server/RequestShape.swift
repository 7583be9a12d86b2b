import API
import JobModel

/// The fields of a JSON request, to be held against those of the type that it was read as: a misspelt `states` must not mean every job of a
/// batch.
struct RequestShape: Decodable {
    private var members: [String: RequestShape] = [:]
    private var items: [RequestShape] = []

    private struct Name: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    init(from decoder: any Decoder) throws {
        if let object = try? decoder.container(keyedBy: Name.self) {
            for name in object.allKeys { members[name.stringValue] = try object.decode(RequestShape.self, forKey: name) }
        } else if var list = try? decoder.unkeyedContainer() {
            while !list.isAtEnd { items.append(try list.decode(RequestShape.self)) }
        }
    }

    /// Refuses the first field that the value has no property for. The names of requests are those of their properties.
    func check(against value: Any, path: String = "") throws(APIError) {
        let mirror = Mirror(reflecting: value)
        switch mirror.displayStyle {
        case .optional: for child in mirror.children { try check(against: child.value, path: path) }
        case .struct: try checkMembers(mirror, path)
        case .collection:
            for (number, pair) in zip(items, mirror.children).enumerated() {
                try pair.0.check(against: pair.1.value, path: "\(path)[\(number)]")
            }
        default: return
        }
    }

    private func checkMembers(_ mirror: Mirror, _ path: String) throws(APIError) {
        let known = mirror.children.compactMap(\.label)
        for (name, member) in members.sorted(by: { $0.key < $1.key }) {
            let place = path.isEmpty ? name : "\(path).\(name)"
            guard let child = mirror.children.first(where: { $0.label == name }) else {
                let hint = NearestName.of(name, in: known).map { "; the nearest name is '\($0)'" } ?? ""
                throw APIError(
                    .malformed, "found an unknown field, accepted \(known.joined(separator: ", "))\(hint)", field: place)
            }
            try member.check(against: child.value, path: place)
        }
    }
}
