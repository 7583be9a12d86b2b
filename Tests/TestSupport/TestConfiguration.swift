/// The configuration of daemons under test: small defaults, an operators' group, a named resource, a queue with limits.
enum TestConfiguration {
    static func text(_ daemon: TestDaemon) -> String {
        """
        state_directory: \(daemon.state)
        run_directory: \(daemon.runPlace)
        socket: \(daemon.socket)
        image_directory: \(daemon.state)/images
        cgroup_parent: \(daemon.groupParent)
        operators_group: \(TestUser.operatorsGroup)
        log_level: info
        defaults:
          image: busybox
          cores: 1
          memory_per_core: 64M
          scratch: 32M
          time_limit: 5m
          grace_period: 2s
        maximum:
          memory: 1G
        reserved:
          cores: 0
        resources:
          licence: 2
        queues:
          default:
            priority: 0
          short:
            priority: 100
            maximum:
              time_limit: 1m
          net:
            host_network_groups: [\(TestUser.networkGroup)]

        """
    }
}
