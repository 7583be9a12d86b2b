"""The payload: a second disk with the tree, the built programs, the test bundle and Swift's shared libraries."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import debian

PROGRAMS = ["berth", "berthd", "berth-init", "berth-helper"]
FREE_SPACE = 512 << 20  # for what tests write into the tree

# Archives that `scripts/demo-images` made: there is no network inside.
EXTRA = ["demo-images"]


def swift_libraries():
    """The folder of the toolchain's shared libraries, or None where there is no toolchain."""
    swift = shutil.which("swift") or "/opt/swift/usr/bin/swift"
    if not os.path.exists(swift):
        return None
    folder = Path(os.path.realpath(swift)).parent.parent / "lib/swift/linux"
    return folder if folder.is_dir() else None


def build(tree, out):
    """Writes the disk for the package in `tree`. Files are linked into a staging folder, so they are copied once only."""
    with tempfile.TemporaryDirectory(dir=out.parent, prefix="payload-") as staging:
        staging = Path(staging)
        staging.chmod(0o755)
        for source, target in files(tree):
            place(source, staging / target)
        size = int(debian.run(["du", "-s", "--apparent-size", "-B1", "-L", staging]).split()[0])
        megabytes = (size * 5 // 4 + FREE_SPACE) >> 20
        debian.run(["mke2fs", "-q", "-t", "ext4", "-m", "0", "-E", "lazy_itable_init=1,lazy_journal_init=1", "-d", staging, out, f"{megabytes}M"])


def files(tree):
    """Pairs of a file outside and its path in the tree inside."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=tree, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    names = listed.stdout.decode().split("\0") if listed.returncode == 0 else []
    for name in names or ["Package.swift"]:
        if name and os.path.lexists(tree / name) and (os.path.islink(tree / name) or not os.path.isdir(tree / name)):
            yield tree / name, name
    yield from built(tree)
    libraries = swift_libraries()
    if libraries:
        for library in libraries.glob("*.so"):
            yield library, f".build/vm-swift/{library.name}"


def built(tree):
    """What SwiftPM made: `.build/debug` and `.build/release` are links to folders named after the platform."""
    for configuration in ("debug", "release"):
        link = tree / ".build" / configuration
        if not link.exists():
            continue
        folder = Path(os.path.realpath(link))
        inside = folder.relative_to(os.path.realpath(tree))
        products = [path for pattern in ("*.xctest", "*.resources", *PROGRAMS) for path in folder.glob(pattern)]
        # A link to a folder without products would lead nowhere.
        if products and link.is_symlink():
            yield link, f".build/{configuration}"
        for path in products:
            for file in [path] if path.is_file() else path.rglob("*"):
                if file.is_file():
                    yield file, str(inside / file.relative_to(folder))
    for name in EXTRA:
        for file in (tree / ".build" / name).rglob("*"):
            if file.is_file():
                yield file, str(file.relative_to(tree))


def place(source, target):
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_symlink():
        if not target.is_symlink():
            target.symlink_to(os.readlink(source))
        return
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copy2(source, target)
