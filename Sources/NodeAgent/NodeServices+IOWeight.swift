import Cgroups
import LinuxSys

extension NodeServices {
    /// Why a job's io weight would have no say; nil when a disk goes by it. Blocks.
    public func ioWeightProblem() -> String? {
        let disks = weightedDisks()
        guard !disks.contains(where: { $0.sharer != nil }) else { return nil }
        guard let disk = disks.first else { return "nothing is mounted from a disk" }
        return "no disk goes by weights: found \(names(disks)); needed is bfq (echo bfq > /sys/block/\(disk.name)/queue/scheduler) or io.cost"
    }

    /// What disks make of weights, in words. Blocks.
    public func ioWeightText() -> String {
        let disks = weightedDisks()
        let sharing = disks.filter { $0.sharer != nil }
        return sharing.isEmpty ? ioWeightProblem() ?? "" : sharing.map { "\($0.name) (\($0.sharer ?? ""))" }.joined(separator: ", ")
    }

    private func weightedDisks() -> [WeightedDisk] { (try? MountTable()).map { groups.weightedDisks($0) } ?? [] }

    private func names(_ disks: [WeightedDisk]) -> String { disks.map { "\($0.name) with \($0.scheduler)" }.joined(separator: ", ") }
}
