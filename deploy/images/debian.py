"""Root file systems from Debian (or Ubuntu) packages, without installing anything on the machine.

apt resolves and downloads the packages' whole closure against an empty package database of our own,
checking signatures as always; ``dpkg-deb`` unpacks them; a filter keeps what an image needs.
Must not know: Docker, what runs in the image. Needs apt-get and dpkg-deb, no root.
"""

import io
import os
import re
import subprocess
import tarfile
from collections.abc import Iterator, Sequence

from deploy.images.archive import Entry, file_entry, folder_entry, link_entry

# Left out of every image: documentation, and packages that only installing needs.
SKIP_PACKAGES = re.compile(
    r"^(perl|libperl|lib.*-perl|dpkg|debconf|adduser|passwd|libpam|lsb-base|sysvinit|init-system"
    r"|tar|usrmerge|gcc-|libsemanage|libsepol|media-types|base-files|base-passwd|bash|dash"
    r"|coreutils|debianutils|diffutils|findutils|grep|gzip|hostname|login|mawk|ncurses|sed"
    r"|util-linux|libdebconfclient|libaudit)"
)
SKIP_PATHS = re.compile(
    r"^(usr/share/(doc|man|locale|lintian|bug|perl|python3/|applications|pixmaps|icons)"
    r"|usr/lib/systemd|lib/systemd|etc/(init\.d|logrotate\.d|default|cron)|var/"
    r"|.*/(__pycache__|idlelib|lib2to3|ensurepip|turtledemo|pydoc_data|test|tests)(/|$))"
)


class PackagesMissing(Exception):
    """The packages could not be had; the text is apt's own."""


def download(packages: Sequence[str], cache: str) -> list[str]:
    """Fetch the closure of ``packages`` into ``cache``; return the paths of the .deb files.

    Raises PackagesMissing.
    """
    archives = os.path.join(cache, "archives")
    os.makedirs(os.path.join(archives, "partial"), exist_ok=True)
    status = os.path.join(cache, "status")
    with open(status, "w", encoding="ascii"):
        pass
    options = [
        f"Dir::State::status={status}",
        f"Dir::Cache::archives={archives}",
        "Debug::NoLocking=1",
        "APT::Install-Recommends=0",
        "APT::Sandbox::User=root",
        "Binary::apt-get::APT::Keep-Downloaded-Packages=1",
    ]
    flags = [word for option in options for word in ("-o", option)]
    command = ["apt-get", *flags, "-y", "-qq", "--download-only", "install", *packages]
    try:
        result = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise PackagesMissing("apt-get is not on this machine") from None
    if result.returncode:
        raise PackagesMissing((result.stderr or result.stdout).strip())
    simulated = subprocess.run(
        ["apt-get", *flags, "-qq", "--simulate", "install", *packages],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    lines = [line.split() for line in simulated.splitlines() if line.startswith("Inst ")]
    closure = {words[1] for words in lines}
    found = sorted(name for name in os.listdir(archives) if name.endswith(".deb"))
    return [os.path.join(archives, name) for name in found if name.split("_")[0] in closure]


def unpack(paths: Sequence[str]) -> Iterator[Entry]:
    """The files of the packages, less what no image needs."""
    for path in paths:
        if SKIP_PACKAGES.match(os.path.basename(path)):
            continue
        raw = subprocess.run(["dpkg-deb", "--fsys-tarfile", path], capture_output=True, check=True)
        with tarfile.open(fileobj=io.BytesIO(raw.stdout)) as tar:
            for member in tar:
                entry = _entry(tar, member)
                if entry is not None:
                    yield entry


def _entry(tar: tarfile.TarFile, member: tarfile.TarInfo) -> Entry | None:
    name = member.name.removeprefix("./").rstrip("/")
    if not name or name == "." or SKIP_PATHS.match(name):
        return None
    if member.isdir():
        return folder_entry(name, member.mode & 0o7777)
    if member.issym():
        return link_entry(name, member.linkname)
    if member.islnk():
        source = tar.extractfile(member)
        return None if source is None else file_entry(name, source.read(), member.mode & 0o777)
    if member.isfile():
        source = tar.extractfile(member)
        assert source is not None
        return file_entry(name, source.read(), member.mode & 0o777)
    return None


def base_entries() -> list[Entry]:
    """What every image has: users, name resolution, empty mount points, a world-writable /tmp."""
    folders = ["etc", "proc", "sys", "dev", "run", "root", "home", "var", "usr", "usr/bin", "bin"]
    return [
        *(folder_entry(name) for name in folders),
        folder_entry("tmp", 0o1777),
        file_entry(
            "etc/passwd",
            b"root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n",
        ),
        file_entry("etc/group", b"root:x:0:\nnogroup:x:65534:\n"),
        file_entry("etc/nsswitch.conf", b"hosts: files dns\n"),
    ]


def busybox_links(listing: str) -> list[Entry]:
    """Links for the applets that ``busybox --list`` names, so that a shell finds them."""
    return [link_entry(f"bin/{applet}", "busybox") for applet in listing.split()
            if applet != "busybox"]  # fmt: skip
