/// Numbers that JSON carries without a unit: what is found in their place is named in the refusal.
enum PlainNumber {
    /// - Parameter accepted: such as `a plain number of bytes`.
    /// - Throws: `DecodingError.dataCorrupted` that tells what was found.
    static func decode<Number: FixedWidthInteger & Decodable>(_: Number.Type, _ decoder: any Decoder, accepted: String) throws -> Number {
        let container = try decoder.singleValueContainer()
        // Whatever it throws: a number that does not fit comes as an error of the decoder's own.
        do {
            return try container.decode(Number.self)
        } catch {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "found \(found(container)), accepted \(accepted)")
        }
    }

    private static func found(_ container: any SingleValueDecodingContainer) -> String {
        if let text = try? container.decode(String.self) { return "the text \(DocumentText.quoted(text))" }
        if let flag = try? container.decode(Bool.self) { return "\(flag)" }
        if let whole = try? container.decode(Int64.self) { return "\(whole)" }
        if let number = try? container.decode(Double.self) { return "\(number)" }
        return container.decodeNil() ? "null" : "a value of another type"
    }
}
