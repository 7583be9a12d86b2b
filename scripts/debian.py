"""Debian packages of other suites, from the mirror that this machine's apt is configured with.

Nothing is installed on the machine: apt gets directories of its own below .build/apt, checks signatures with the installed
archive keyring, and the packages are unpacked into a folder. Programs run there with their own C library, through its loader.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

TREE = Path(__file__).resolve().parent.parent
BUILD = TREE / ".build"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


class Failure(Exception):
    """What was tried, on what, and what was found: one line for the person who called."""


def run(command, **options):
    """Runs a command to its end; a failure names the command and its last line of output."""
    result = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    if result.returncode != 0:
        last = (result.stdout.strip().splitlines() or ["no output"])[-1]
        middle = "" if len(command) < 3 else "… "
        raise Failure(f"{command[0]} {middle}{command[-1]}: status {result.returncode}: {last}")
    return result.stdout


def mirrors():
    """The Debian archive and its security archive as (archive, security or None), read from apt's own configuration."""
    found = _configured_mirrors()
    if "Debian" not in found and os.geteuid() == 0:
        # The labels come from the Release files: a machine whose lists were never read has none.
        run(["apt-get", "update", "-q"])
        found = _configured_mirrors()
    if "Debian" not in found:
        raise Failure("apt's sources name no Debian archive (label Debian); accepted: any mirror of it in /etc/apt; run apt-get update first")
    return found["Debian"], found.get("Debian-Security")


def _configured_mirrors():
    lines = run(["apt-get", "indextargets", "--format", "$(CREATED_BY)|$(ORIGIN)|$(LABEL)|$(REPO_URI)"]).splitlines()
    found = {}
    for line in lines:
        created_by, origin, label, uri = line.split("|", 3)
        if created_by == "Packages" and origin == "Debian":
            found.setdefault(label, uri)
    return found


def source_lines(suites, with_security=True):
    """Lines for a sources.list: each suite of the configured archive, with its security updates where a security archive is configured."""
    if not os.path.exists(KEYRING):
        raise Failure(f"read {KEYRING}: not found; install debian-archive-keyring")
    archive, security = mirrors()
    lines = [f"deb [signed-by={KEYRING}] {archive} {suite} main" for suite in suites]
    if with_security and security:
        # Those of testing are often left to expire, and unstable has none.
        rolling = ("testing", "sid", "unstable", "experimental")
        lines += [f"deb [signed-by={KEYRING}] {security} {suite}-security main" for suite in suites if suite not in rolling]
    return lines


class Apt:
    """An apt with lists, cache and status of its own, over some suites. The status is empty, so that every dependency is fetched too."""

    def __init__(self, name, suites):
        self.suites = suites
        self.root = BUILD / "apt" / name
        for folder in ("state/lists/partial", "cache/archives/partial", "etc"):
            (self.root / folder).mkdir(parents=True, exist_ok=True)
        (self.root / "status").touch()
        self.options = []
        for key, value in {
            "Dir::State": self.root / "state",
            "Dir::State::status": self.root / "status",
            "Dir::Cache": self.root / "cache",
            "Dir::Etc::sourcelist": self.root / "etc/sources.list",
            "Dir::Etc::sourceparts": "/dev/null",
            "Dir::Etc::preferences": "/dev/null",
            "Dir::Etc::preferencesparts": "/dev/null",
            "Acquire::Languages": "none",
            "Acquire::Retries": "3",
            "APT::Install-Recommends": "false",
            "APT::Sandbox::User": "",
            "Debug::NoLocking": "true",
        }.items():
            self.options += ["-o", f"{key}={value}"]

    def update(self):
        """Reads the suites' lists; apt verifies their signatures."""
        (self.root / "etc/sources.list").write_text("\n".join(source_lines(self.suites)) + "\n")
        run(["apt-get", *self.options, "-q", "update"])

    def versions(self, package):
        """The package's versions as (version, suite), newest first by apt's order; empty where no suite has it."""
        rows = run(["apt-cache", *self.options, "madison", package]).splitlines()
        found = []
        for row in rows:
            fields = [field.strip() for field in row.split("|")]
            if len(fields) == 3:
                found.append((fields[1], fields[2].split()[1].split("/")[0]))
        return found

    def depends(self, package):
        """The names that the package depends on directly, without alternatives."""
        rows = run(["apt-cache", *self.options, "depends", "--important", package]).splitlines()
        return [row.split(":", 1)[1].strip() for row in rows if re.match(r"\s+(Pre)?Depends:", row)]

    def download(self, package, version=None, suite=None):
        """Downloads the package with everything it depends on and returns the archives' paths; apt verifies their hashes."""
        archives = self.root / "cache/archives"
        for old in archives.glob("*.deb"):
            old.unlink()
        wanted = f"{package}={version}" if version else package
        chosen = ["-t", suite] if suite else []
        run(["apt-get", *self.options, *chosen, "-q", "-y", "--download-only", "install", wanted])
        return sorted(archives.glob("*.deb"))

    def download_only(self, package, folder):
        """Downloads one package without its dependencies into a folder and returns its path."""
        run(["apt-get", *self.options, "-q", "download", package], cwd=folder)
        matching = sorted(folder.glob(f"{package}_*.deb"))
        if not matching:
            raise Failure(f"apt-get download {package}: no archive in {folder}")
        return matching[0]

    def discard(self):
        """Removes lists and archives: they are large and quickly stale."""
        shutil.rmtree(self.root, ignore_errors=True)


def unpack(archives, root):
    """Unpacks package archives into a folder, which gets the merged /usr of a Debian of today."""
    for name in ("bin", "sbin", "lib", "lib64"):
        (root / "usr" / name).mkdir(parents=True, exist_ok=True)
        if not (root / name).exists():
            (root / name).symlink_to(f"usr/{name}")
    for archive in archives:
        # dpkg-deb would replace the links above by folders; tar keeps them.
        with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(archive)], stdout=subprocess.PIPE) as reader:
            run(["tar", "-x", "--keep-directory-symlink", "-C", str(root)], stdin=reader.stdout)
        if reader.returncode != 0:
            raise Failure(f"dpkg-deb --fsys-tarfile {archive.name}: status {reader.returncode}")


def write_wrapper(path, root, program):
    """Writes a script that runs a program of an unpacked root with that root's own C library, through its loader."""
    libraries = ":".join(str(root / folder) for folder in ("usr/lib/x86_64-linux-gnu", "usr/lib"))
    path.write_text(
        "#!/bin/sh\n"
        f"exec {root}/usr/lib64/ld-linux-x86-64.so.2 --argv0 {program.rsplit('/', 1)[-1]} --library-path {libraries} {root}/{program} \"$@\"\n"
    )
    path.chmod(0o755)


def main(body):
    """Runs a tool's body; a failure becomes one line on standard error and status 1."""
    try:
        sys.exit(body())
    except Failure as failure:
        print(f"{os.path.basename(sys.argv[0])}: {failure}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
