import TestSupport
import Testing

/// The agent on the real kernel. One after the other: each has a launcher, groups and a scratch of its own.
@Suite(.serialized, .enabled(if: Programs.canRun, "needs root, busybox and the built programs"), .timeLimit(.minutes(10)))
enum AgentSuite {}
