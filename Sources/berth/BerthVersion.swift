/// The version of this program; the same for all programs of one build.
enum BerthVersion {
    static let number = "0.1.0"
    static let text = "berth \(number)"
}
