"""Root file systems from Debian (or Ubuntu) packages, without installing anything on the machine.

apt resolves and downloads the packages' whole closure against an empty package database of our own,
checking signatures as always; ``dpkg-deb`` unpacks them; a filter keeps what an image needs.
Must not know: Docker, what runs in the image. Needs apt-get and dpkg-deb, no root.
"""

import functools
import io
import os
import re
import subprocess
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

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


@functools.cache
def download(packages: tuple[str, ...], cache: str) -> Mapping[str, "Control"]:
    """Fetch the packages and all they depend on into ``cache``: what each says, by its path.

    Once per process: apt takes longer to start than to fetch. Raises PackagesMissing.
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
    return _controls(archives)


def closure(packages: Sequence[str], known: Mapping[str, "Control"]) -> list[str]:
    """Paths of the .deb files of the packages and of all they depend on, among ``known``."""
    providers = {name: path for path, control in known.items() for name in control.provides}
    found: dict[str, None] = {}
    todo = [providers[name] for name in packages]
    while todo:
        path = todo.pop()
        if path in found:
            continue
        found[path] = None
        for alternatives in known[path].depends:
            todo += [providers[name] for name in alternatives if name in providers][:1]
    return sorted(found)


class Control(NamedTuple):
    """What a package's control file says. ``depends``: alternatives, any of which will do."""

    provides: tuple[str, ...]
    depends: tuple[tuple[str, ...], ...]


def _controls(archives: str) -> dict[str, Control]:
    """By path of the .deb file; of several versions of a package the last by name wins."""
    latest = {
        name.partition("_")[0]: os.path.join(archives, name)
        for name in sorted(os.listdir(archives))
        if name.endswith(".deb")
    }
    return {path: _control(path) for path in latest.values()}


def _control(path: str) -> Control:
    fields = ("Package", "Provides", "Pre-Depends", "Depends")
    done = subprocess.run(
        ["dpkg-deb", "--field", path, *fields], capture_output=True, text=True, check=True
    )
    unfolded = done.stdout.replace("\n ", " ")
    values = dict(line.split(": ", 1) for line in unfolded.splitlines() if ": " in line)
    relations = ", ".join(filter(None, (values.get("Pre-Depends"), values.get("Depends"))))
    return Control(
        provides=(values["Package"], *_names(values.get("Provides", ""), ",")),
        depends=tuple(_names(one, "|") for one in relations.split(",") if one.strip()),
    )


def _names(text: str, separator: str) -> tuple[str, ...]:
    """Package names of a relation, without versions and architectures."""
    return tuple(re.split(r"[ :(]", part.strip())[0] for part in text.split(separator) if part)


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
