import LinuxSys

/// How long races and faults are: short in `make test`, as long as variables say in `make torture`.
public enum Torture {
    /// The rounds, given those of the short form; each kind of torture has a variable of its own, for their rounds differ in length.
    public static func rounds(_ usual: Int, _ variable: String = "BERTH_TORTURE_ROUNDS") -> Int {
        ProcessContext.variable(variable).flatMap { Int($0) } ?? usual
    }
}
