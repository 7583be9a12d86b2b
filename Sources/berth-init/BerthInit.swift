internal import CLinux
internal import LauncherEmbedded

// `CommandLine` does not exist in Embedded Swift, so this is C's main.
@_cdecl("main")
func berthInitMain(_ count: Int32, _ arguments: UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Int32 {
    InitProgram.run(count, arguments)
}
