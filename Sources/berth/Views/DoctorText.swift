import API

/// `berth doctor`: what is there, what is missing, and what mends it.
enum DoctorText {
    static func render(_ checks: [DoctorCheck], style: Style) -> String {
        let width = checks.reduce(0) { max($0, TextWidth.of($1.name)) }
        return checks.map { check in
            let mark =
                switch check.state {
                case .ok: style(.green, "ok     ")
                case .warning: style(.yellow, "warning")
                case .missing: style(.red, "missing")
                case .broken: style(.red, "broken ")
                }
            let remedy = check.remedy.map { "\n         → \(Escaping.oneLine($0))" } ?? ""
            return "\(mark)  \(TextWidth.pad(Escaping.oneLine(check.name), to: width))  \(Escaping.oneLine(check.detail))\(remedy)\n"
        }.joined()
    }

    /// 0: Berth can run here.
    static func status(_ checks: [DoctorCheck]) -> Int32 { checks.contains { $0.state == .missing || $0.state == .broken } ? 1 : 0 }
}
