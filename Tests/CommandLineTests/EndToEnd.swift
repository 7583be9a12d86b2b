import TestSupport
import Testing

/// The built programs driven as users would, one after the other on one daemon: most jobs take all of a small machine's cores.
@Suite(.serialized, .enabled(if: Programs.canRun, "needs root, busybox and the built programs"), .timeLimit(.minutes(15)), .daemon)
enum EndToEnd {}
