"""The demo's images: a web server (two versions), Redis, and a busybox for looking around.

Must not know: Docker (see ``deploy.engine``), Kubernetes.
"""

import hashlib
import importlib.resources
import os
import platform
import subprocess
import tempfile

from deploy.images import archive, bytecode, debian

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
WEB_TAGS = ("steersman/web:v1", "steersman/web:v2")
# What the web server imports of Python's library.
WEB_MODULES = ("html", "http.server", "os", "signal", "site", "socket", "threading")
REDIS_TAG = "steersman/redis:v1"
BUSYBOX_TAG = "steersman/busybox:v1"
# All that any image needs.
PACKAGES = ("busybox-static", "python3-minimal", "libpython3-stdlib", "redis-server")
# Tells which recipe an image in an engine was built by.
RECIPE_LABEL = "steersman.io/recipe"


def names() -> dict[str, tuple[str, ...]]:
    """Archive name → the tags it holds."""
    return {"web": WEB_TAGS, "redis": (REDIS_TAG,), "busybox": (BUSYBOX_TAG,)}


def recipe() -> str:
    """A digest of everything that decides the images' content, to tell whether they are current."""
    folder = importlib.resources.files("deploy.images")
    digest = hashlib.sha256()
    for name in ("archive.py", "bytecode.py", "debian.py", "demo.py", "web_app.py"):
        digest.update((folder / name).read_bytes())
    digest.update(bytecode.LIBRARY.encode())
    return digest.hexdigest()[:16]


def build(name: str, cache: str) -> str:
    """Build one archive under ``cache`` unless it is there; return its path.

    Raises debian.PackagesMissing.
    """
    path = os.path.join(cache, f"{name}-{recipe()}.tar")
    if os.path.exists(path):
        return path
    os.makedirs(cache, exist_ok=True)
    data = {"web": _web, "redis": _redis, "busybox": _busybox}[name](cache)
    partial = path + ".partial"
    with open(partial, "wb") as file:
        file.write(data)
    os.replace(partial, path)
    return path


def _architecture() -> str:
    machine = platform.machine()
    return ARCHITECTURES.get(machine, machine)


def _rootfs(packages: list[str], cache: str) -> list[archive.Entry]:
    known = debian.download(PACKAGES, cache)
    paths = debian.closure(["busybox-static", *packages], known)
    entries = [*debian.base_entries(), *debian.unpack(paths)]
    return entries + debian.busybox_links(_applets(paths))


def _applets(paths: list[str]) -> str:
    """The applet list, from the package's own binary (static: it runs on any Linux)."""
    package = next(p for p in paths if os.path.basename(p).startswith("busybox-static"))
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["dpkg-deb", "-x", package, folder], check=True)
        places = (os.path.join(folder, "bin/busybox"), os.path.join(folder, "usr/bin/busybox"))
        binary = next(place for place in places if os.path.exists(place))
        listed = subprocess.run([binary, "--list"], capture_output=True, text=True, check=True)
    return listed.stdout


def _web(cache: str) -> bytes:
    app = (importlib.resources.files("deploy.images") / "web_app.py").read_bytes()
    entries = _rootfs(["python3-minimal", "libpython3-stdlib"], cache)
    entries += bytecode.compiled(entries, WEB_MODULES)
    entries += [archive.folder_entry("app"), archive.file_entry("app/web_app.py", app)]
    tags = {
        tag: {
            "Cmd": ["/usr/bin/python3", "/app/web_app.py"],
            "Env": [PATH, "PYTHONUNBUFFERED=1", f"VERSION={tag.rpartition(':')[2]}"],
            "WorkingDir": "/app",
            "Labels": {RECIPE_LABEL: recipe()},
            "ExposedPorts": {"8080/tcp": {}},
        }
        for tag in WEB_TAGS
    }
    return archive.image(tags, archive.layer(entries), _architecture())


def _redis(cache: str) -> bytes:
    entries = [*_rootfs(["redis-server"], cache), archive.folder_entry("data", 0o777)]
    config = {
        "Cmd": ["/usr/bin/redis-server", "--save", "", "--appendonly", "no", "--protected-mode",
                "no"],
        "Env": [PATH],
        "WorkingDir": "/data",
        "Labels": {RECIPE_LABEL: recipe()},
        "ExposedPorts": {"6379/tcp": {}},
    }  # fmt: skip
    return archive.image({REDIS_TAG: config}, archive.layer(entries), _architecture())


def _busybox(cache: str) -> bytes:
    config = {"Cmd": ["/bin/sh"], "Env": [PATH], "Labels": {RECIPE_LABEL: recipe()}}
    return archive.image({BUSYBOX_TAG: config}, archive.layer(_rootfs([], cache)), _architecture())
