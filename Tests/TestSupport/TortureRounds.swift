import LinuxSys

/// How long the races are: short in `make test`, 10,000 rounds where `BERTH_TORTURE_ROUNDS` says so.
public enum Torture {
    /// The rounds of a race, given those of the short form.
    public static func rounds(_ usual: Int) -> Int { ProcessContext.variable("BERTH_TORTURE_ROUNDS").flatMap { Int($0) } ?? usual }
}
