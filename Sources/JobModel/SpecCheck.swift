/// The forms that several fields of a spec share. Each throws with the path of the field.
package enum SpecCheck {
    package static func refuse(_ field: String, _ found: String, _ accepted: String) -> SpecError {
        SpecError(field: field, found: found, accepted: accepted)
    }

    static func range<T: Comparable>(_ value: T?, _ bounds: ClosedRange<T>, _ field: String) throws(SpecError) {
        guard let value, !bounds.contains(value) else { return }
        throw refuse(field, "\(value)", "\(bounds.lowerBound) to \(bounds.upperBound)")
    }

    static func count(_ count: Int, atMost most: Int, _ field: String, _ what: String) throws(SpecError) {
        guard count > most else { return }
        throw refuse(field, "\(count) \(what)", "at most \(most)")
    }

    /// Letters, digits and `._-`, beginning with a letter or digit.
    static func identifier(_ text: String?, _ field: String) throws(SpecError) {
        guard let text, !isIdentifier(text) else { return }
        throw refuse(field, DocumentText.quoted(text), identifierAccepted)
    }

    static let identifierAccepted =
        "letters, digits and ._- after a first letter or digit, at most \(SpecBounds.identifierBytes) characters"

    static func isIdentifier(_ text: String) -> Bool {
        guard let first = text.utf8.first, text.utf8.count <= SpecBounds.identifierBytes, isAlphanumeric(first) else { return false }
        return text.utf8.allSatisfy { isAlphanumeric($0) || [UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-")].contains($0) }
    }

    static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: false
        }
    }

    /// Neither empty nor with control characters: shown on terminals, and kept in one line.
    static func line(_ text: String?, atMost most: Int, _ field: String) throws(SpecError) {
        guard let text else { return }
        guard !text.isEmpty, text.utf8.count <= most, !text.unicodeScalars.contains(where: DocumentText.isControl) else {
            throw refuse(field, DocumentText.quoted(text), "1 to \(most) bytes without control characters")
        }
    }

    static func noNul(_ text: String, atMost most: Bytes, _ field: String) throws(SpecError) {
        if text.utf8.contains(0) { throw refuse(field, "a NUL character", "text without NUL") }
        if text.utf8.count > most.count { throw refuse(field, "\(text.utf8.count) bytes", "at most \(most.count) bytes") }
    }

    /// Absolute, without `..`, `.`, empty components, a trailing slash, NUL or line ends (mountinfo and messages are lines).
    package static func path(_ path: String?, _ field: String, root: Bool = false) throws(SpecError) {
        guard let path else { return }
        let accepted = "an absolute path without '.', '..', doubled slashes and control characters, at most \(SpecBounds.pathBytes) bytes"
        guard path.utf8.count <= SpecBounds.pathBytes, !path.unicodeScalars.contains(where: DocumentText.isControl), isClean(path) else {
            throw refuse(field, DocumentText.quoted(path), accepted)
        }
        if path == "/", !root { throw refuse(field, "'/'", "a path below '/'") }
    }

    private static func isClean(_ path: String) -> Bool {
        guard path.utf8.first == UInt8(ascii: "/") else { return false }
        if path == "/" { return true }
        let components = path.utf8.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        // Components are at most NAME_MAX bytes.
        return components.allSatisfy { part in
            !part.isEmpty && part.count <= 255 && !part.elementsEqual(".".utf8) && !part.elementsEqual("..".utf8)
        }
    }

    /// A path with `%j`, `%a`, `%A` and `%%`.
    static func pattern(_ path: String?, _ field: String) throws(SpecError) {
        guard let path else { return }
        try Self.path(path, field)
        var rest = path[...]
        while let percent = rest.firstIndex(of: "%") {
            let after = rest.index(after: percent)
            guard after < rest.endIndex, "jaA%".contains(rest[after]) else {
                throw refuse(
                    field, DocumentText.quoted(path), "%j for the job, %a for the index, %A for the attempt and %% for a percent sign")
            }
            rest = rest[rest.index(after: after)...]
        }
    }

    static func signal(_ text: String?, _ field: String) throws(SpecError) {
        guard let text, SignalName.number(text) == nil else { return }
        throw refuse(field, DocumentText.quoted(text), SignalName.accepted)
    }

    static func unique<T: Hashable>(_ values: [T], _ path: (Int) -> String, _ text: (T) -> String) throws(SpecError) {
        var seen: Set<T> = []
        for (index, value) in values.enumerated() where !seen.insert(value).inserted {
            throw refuse(path(index), "\(text(value)) a second time", "each once")
        }
    }
}
