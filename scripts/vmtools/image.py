"""The image: root file system, kernel and initrd of a stock Debian, made by mmdebstrap and kept under the hash of its recipe."""

import hashlib
import json
import lzma
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import debian

SUITE = os.environ.get("BERTH_VM_SUITE", "trixie")
GUEST = Path(__file__).parent / "guest"
FOLDER = debian.BUILD / "vm"
DISK_SIZE = "6G"  # sparse; what the tests may fill

# The image has no compiler, no network and no init system in use by default; systemd is there to try the unit file.
PACKAGES = [
    "apparmor", "bash", "btrfs-progs", "busybox-static", "criu", "e2fsprogs", "gcc", "iproute2", "kmod", "libarchive13t64", "libc6-dev", "libcap2",
    "libcap2-bin", "libseccomp2", "libsqlite3-0", "libstdc++6", "mount", "nftables", "numactl", "passwd", "procps", "python3",
    "strace", "systemd", "tar", "tzdata", "util-linux", "xz-utils", "zstd",
]
KERNEL = "linux-image-cloud-amd64"

# What has to be there before the root file system is; whatever the kernel has built in is left out.
EARLY_MODULES = ["virtio_pci", "virtio_blk", "virtio_console", "ext4"]


class Image:
    """The files of one recipe: `root.img`, `kernel`, `initrd`."""

    def __init__(self):
        self.folder = FOLDER / f"image-{recipe_hash()}"
        self.root = self.folder / "root.img"
        self.kernel = self.folder / "kernel"
        self.initrd = self.folder / "initrd"
        self.facts = self.folder / "facts.json"

    def exists(self):
        return self.facts.exists()

    def build(self):
        """Makes the image anew, and removes those of other recipes."""
        if os.geteuid() != 0:
            raise debian.Failure("make the image of the virtual machine: not root; run as root")
        FOLDER.mkdir(parents=True, exist_ok=True)
        for old in FOLDER.glob("image-*"):
            shutil.rmtree(old)
        with tempfile.TemporaryDirectory(dir=FOLDER, prefix="making-") as making:
            making = Path(making)
            making.chmod(0o755)
            root, out = making / "root", making / "out"
            out.mkdir()
            bootstrap(root)
            release = add_kernel(root, making)
            shutil.copyfile(root / f"boot/vmlinuz-{release}", out / "kernel")
            make_initrd(root, release, making / "initrd", out / "initrd")
            add_guest_files(root)
            debian.run(["mke2fs", "-q", "-t", "ext4", "-E", "lazy_itable_init=1,lazy_journal_init=1", "-d", root, out / "root.img", DISK_SIZE])
            (out / "facts.json").write_text(json.dumps({"kernel": release, "suite": SUITE}))
            out.rename(self.folder)


def recipe_hash():
    """A hash over all that the image is made from, but for the packages' versions."""
    digest = hashlib.sha256(json.dumps([SUITE, PACKAGES, KERNEL, DISK_SIZE, EARLY_MODULES]).encode())
    for path in sorted([Path(__file__), *GUEST.iterdir()]):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def bootstrap(root):
    """A minimal Debian in a folder, from the mirror in apt's configuration, updates included."""
    lines = debian.source_lines([SUITE])
    excluded = ["/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*", "/usr/share/info/*"]
    command = ["mmdebstrap", "--mode=root", "--variant=minbase", "--format=directory", f"--include={','.join(PACKAGES)}"]
    command += [f"--dpkgopt=path-exclude={pattern}" for pattern in excluded]
    command += ['--aptopt=APT::Install-Recommends "false"', '--aptopt=Acquire::Retries "3"', SUITE, str(root), "-"]
    debian.run(command, input="\n".join(lines) + "\n")
    shutil.rmtree(root / "var/cache/apt", ignore_errors=True)


def add_kernel(root, making):
    """Unpacks the kernel without its dependencies (an initrd generator, which would cost half a minute) and returns its release."""
    apt = debian.Apt("vm", [SUITE])
    apt.update()
    names = [name for name in apt.depends(KERNEL) if name.startswith(("linux-image-", "linux-modules-"))]
    for image in list(names):
        names += [name for name in apt.depends(image) if name.startswith("linux-modules-")]
    if not names:
        raise debian.Failure(f"look up the kernel of {KERNEL}: it depends on no linux-image-…")
    debian.unpack([apt.download_only(name, making) for name in sorted(set(names))], root)
    apt.discard()
    release = sorted(path.name for path in (root / "usr/lib/modules").iterdir())[-1]
    debian.run(["chroot", root, "/sbin/depmod", release])
    return release


def make_initrd(root, release, folder, out):
    """An initrd of busybox and the few modules that stand between the kernel and the root file system."""
    for name in ("bin", "dev", "proc", "sys", "root", "modules"):
        (folder / name).mkdir(parents=True)
    shutil.copy(root / "usr/bin/busybox", folder / "bin/busybox")
    order = []
    for path in early_modules(root / "usr/lib/modules" / release):
        name = path.name.removesuffix(".xz").removesuffix(".zst")
        if path.suffix == ".xz":
            (folder / "modules" / name).write_bytes(lzma.decompress(path.read_bytes()))
        elif path.suffix == ".zst":
            debian.run(["zstd", "-q", "-d", path, "-o", folder / "modules" / name])
        else:
            shutil.copy(path, folder / "modules" / name)
        order.append(name)
    (folder / "modules/order").write_text("".join(f"{name}\n" for name in order))
    shutil.copy(GUEST / "initrd-init", folder / "init")
    (folder / "init").chmod(0o755)
    names = "\n".join(str(path.relative_to(folder)) for path in sorted(folder.rglob("*"))) + "\n"
    with open(out, "wb") as file:
        subprocess.run(["busybox", "cpio", "-o", "-H", "newc"], input=names.encode(), stdout=file, stderr=subprocess.DEVNULL, cwd=folder, check=True)


def early_modules(modules):
    """The module files in the order in which they have to be loaded."""
    depends = {}
    for line in (modules / "modules.dep").read_text().splitlines():
        path, needs = line.split(":")
        depends[path] = needs.split()
    by_name = {Path(path).name.split(".")[0].replace("-", "_"): path for path in depends}
    order = []

    def add(path):
        for need in reversed(depends[path]):
            add(need)
        if path not in order:
            order.append(path)

    for name in EARLY_MODULES:
        if name in by_name:
            add(by_name[name])
    return [modules / path for path in order]


def add_guest_files(root):
    """The agent that runs commands, the set-up that runs without systemd, and the unit that stands for both with it."""
    target = root / "usr/lib/berth-vm"
    target.mkdir(parents=True)
    for name in ("setup", "agent.py"):
        shutil.copy(GUEST / name, target / name)
        (target / name).chmod(0o755)
    (root / "etc/inittab").write_text("::sysinit:/usr/lib/berth-vm/setup\n::respawn:/usr/lib/berth-vm/agent\n")
    shutil.copy(GUEST / "agent", target / "agent")
    (target / "agent").chmod(0o755)
    (root / "usr/sbin/init").symlink_to("../bin/busybox")
    unit = root / "etc/systemd/system/berth-vm.service"
    shutil.copy(GUEST / "berth-vm.service", unit)
    wants = root / "etc/systemd/system/multi-user.target.wants"
    wants.mkdir(parents=True, exist_ok=True)
    (wants / unit.name).symlink_to(f"../{unit.name}")
    (root / "etc/hostname").write_text("berth-vm\n")
    (root / "etc/hosts").write_text("127.0.0.1 localhost berth-vm\n::1 localhost\n")
    (root / "etc/resolv.conf").unlink(missing_ok=True)
    (root / "etc/resolv.conf").write_text("")
    (root / "etc/machine-id").write_text("")
