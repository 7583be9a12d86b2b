import Foundation
import LinuxSys

/// Chromium without a window: what it makes of a page is what a person would see.
public enum Browser {
    private static let program = "/usr/bin/chromium"
    public static let canRun = (try? Descriptor.open(program, .path)) != nil

    /// Lays a page out and gives what an expression of JavaScript says of it.
    ///
    /// - Parameters:
    ///   - page: the whole page; its policy, which allows no script at all, is taken out for the one of the test, so that any other would run too.
    ///   - expression: gives a value that JSON can hold.
    public static func measure(_ page: String, dark: Bool = false, _ expression: String) throws -> JSONValue? {
        let place = try TemporaryDirectory("browser")
        defer { place.remove() }
        let script = """
            <script>addEventListener("load", () => setTimeout(() => {
            const found = (\(expression));
            document.documentElement.innerHTML = "<body><pre>found:" + encodeURIComponent(JSON.stringify(found)) + ":found</pre></body>";
            }, 100));</script></body>
            """
        let open = page.replacing(policy, with: "").replacing("</body>", with: script)
        try Descriptor.open(place.path + "/page.html", [.writeOnly, .create], mode: 0o644).write(open)
        let scheme = dark ? 0 : 1
        let result = try Command(
            [
                program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-extensions",
                "--disable-background-networking", "--disable-crash-reporter", "--disable-breakpad", "--user-data-dir=\(place.path)/profile",
                "--crash-dumps-dir=\(place.path)/crashes", "--blink-settings=preferredColorScheme=\(scheme)", "--window-size=1240,2000",
                "--virtual-time-budget=5000", "--dump-dom", "file://\(place.path)/page.html",
            ], environment: ["HOME": place.path, "XDG_CONFIG_HOME": place.path, "XDG_CACHE_HOME": place.path]
        ).run(seconds: 120)
        let parts = result.output.split(separator: "found:")
        guard parts.count >= 2, let end = parts[1].firstIndex(of: ":") else { throw SystemError("measure a page", "\(result)", errno: 71) }
        return String(parts[1][..<end]).removingPercentEncoding.flatMap { JSONValue($0) }
    }

    /// What keeps every script out.
    public static let policy = "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
}
