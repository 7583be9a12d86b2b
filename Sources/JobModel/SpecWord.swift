/// One of a few words in a spec's JSON form; another word is refused with those that are accepted and the nearest of them.
public protocol SpecWord: RawRepresentable<String>, CaseIterable, Codable {}

extension SpecWord {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let value = Self(rawValue: text) else {
            let words = Self.allCases.map(\.rawValue)
            let hint = NearestName.of(text, in: words).map { "; the nearest is '\($0)'" } ?? ""
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "found \(DocumentText.quoted(text)), accepted \(words.joined(separator: ", "))\(hint)")
        }
        self = value
    }
}
