"""OCI bundles for the peers, with the isolation and the limits that Berth gives the same no-op."""

import json
import shutil

DEFAULT_CAPABILITIES = [
    "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FSETID", "CAP_FOWNER", "CAP_MKNOD", "CAP_NET_RAW", "CAP_SETGID", "CAP_SETUID", "CAP_SETFCAP",
    "CAP_SETPCAP", "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT", "CAP_KILL", "CAP_AUDIT_WRITE",
]  # fmt: skip
MASKED = [
    "/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats",
    "/proc/sched_debug", "/proc/scsi", "/sys/firmware",
]  # fmt: skip
READ_ONLY = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]


def seccomp(profile):
    """A profile in Docker's form (with conditions on capabilities and architectures) as the runtime specification wants it."""
    architectures = []
    for entry in profile["archMap"]:
        if entry["architecture"] == "SCMP_ARCH_X86_64":
            architectures = [entry["architecture"], *entry.get("subArchitectures", [])]
    capabilities = set(DEFAULT_CAPABILITIES)
    calls = []
    for group in profile["syscalls"]:
        includes, excludes = group.get("includes", {}), group.get("excludes", {})
        if not set(includes.get("caps", [])) <= capabilities or set(excludes.get("caps", [])) & capabilities:
            continue
        if includes.get("arches") and "amd64" not in includes["arches"] or "amd64" in excludes.get("arches", []):
            continue
        rule = {"names": group["names"], "action": group["action"]}
        if "errnoRet" in group:
            rule["errnoRet"] = group["errnoRet"]
        # Several conditions on one argument are alternatives: a rule each.
        arguments = group.get("args") or []
        if len({argument["index"] for argument in arguments}) < len(arguments):
            calls += [{**rule, "args": [argument]} for argument in arguments]
        else:
            calls.append({**rule, "args": arguments} if arguments else rule)
    return {
        "defaultAction": profile["defaultAction"], "defaultErrnoRet": profile.get("defaultErrnoRet", 1),
        "architectures": architectures, "syscalls": calls,
    }  # fmt: skip


def config(command, profile, worker):
    mounts = [
        ("/proc", "proc", "proc", ["nosuid", "noexec", "nodev"]),
        ("/dev", "tmpfs", "tmpfs", ["nosuid", "strictatime", "mode=755", "size=65536k"]),
        ("/dev/pts", "devpts", "devpts", ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"]),
        ("/dev/shm", "tmpfs", "shm", ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]),
        ("/sys", "sysfs", "sysfs", ["nosuid", "noexec", "nodev", "ro"]),
    ]
    allow = [(1, 3), (1, 5), (1, 7), (1, 8), (1, 9), (5, 0), (5, 2)]
    devices = [{"allow": False, "access": "rwm"}]
    devices += [{"allow": True, "type": "c", "major": major, "minor": minor, "access": "rwm"} for major, minor in allow]
    capabilities = {kind: DEFAULT_CAPABILITIES for kind in ("bounding", "effective", "permitted")}
    return {
        "ociVersion": "1.0.2",
        "process": {
            "terminal": False, "user": {"uid": 0, "gid": 0}, "args": command, "env": ["PATH=/usr/bin:/bin"], "cwd": "/",
            "capabilities": capabilities, "noNewPrivileges": True, "rlimits": [{"type": "RLIMIT_NOFILE", "hard": 1024, "soft": 1024}],
        },
        "root": {"path": "rootfs", "readonly": False},
        "hostname": "bench",
        "mounts": [{"destination": d, "type": t, "source": s, "options": o} for d, t, s, o in mounts],
        "linux": {
            "cgroupsPath": f"/berth-test-bench/crun-{worker}",
            "namespaces": [{"type": kind} for kind in ("pid", "network", "ipc", "uts", "mount", "cgroup")],
            "resources": {
                "devices": devices, "memory": {"limit": 64 << 20}, "pids": {"limit": 64}, "cpu": {"quota": 100000, "period": 100000},
            },
            "seccomp": seccomp(profile), "maskedPaths": MASKED, "readonlyPaths": READ_ONLY,
        },
    }  # fmt: skip


def write(folder, noop, profile_path, workers):
    """Writes `lower` and a bundle for each worker below `folder`."""
    lower = folder / "lower"
    for name in ("proc", "sys", "dev", "etc", "tmp"):
        (lower / name).mkdir(parents=True, exist_ok=True)
    shutil.copy(noop, lower / "noop")
    (lower / "noop").chmod(0o755)
    profile = json.loads(profile_path.read_text())
    for worker in range(workers):
        bundle = folder / f"bundle-{worker}"
        (bundle / "rootfs").mkdir(parents=True, exist_ok=True)
        (bundle / "config.json").write_text(json.dumps(config(["/noop"], profile, worker)))
