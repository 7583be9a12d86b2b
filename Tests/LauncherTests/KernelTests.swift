import Foundation
import Testing

/// Real containers, one after another.
@Suite(.serialized, .enabled(if: getuid() == 0 && access("/bin/busybox", X_OK) == 0, "needs root and busybox-static"))
struct KernelTests {}
