"""Where a cluster lives on this machine, and what it was made of.

``<data_dir>/cluster.json`` holds the settings all processes read, ``topology.json`` the choices
they came from. Must not know: processes, network.
"""

import os
import tomllib
from typing import Any

import msgspec

from cluster.settings import ClusterSettings, check, parse_settings
from deploy.topology import Topology, parse_topology


class NoCluster(Exception):
    """There is no cluster of that name here; the text says what to do."""


def default_data_dir(name: str) -> str:
    """``/var/lib/steersman/<name>`` for root, else under the user's home."""
    return os.path.join(clusters_dir(), name)


def clusters_dir() -> str:
    """The folder that holds a folder per cluster, unless the user says otherwise."""
    if os.geteuid() == 0:
        return "/var/lib/steersman"
    base = os.environ.get("XDG_DATA_HOME") or os.path.join(home(), ".local/share")
    return os.path.join(base, "steersman")


def cache_dir() -> str:
    """Where built image archives are kept for the next cluster."""
    if os.geteuid() == 0:
        return "/var/cache/steersman"
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(home(), ".cache")
    return os.path.join(base, "steersman")


def home() -> str:
    """The user's home directory. Raises NoCluster if nothing tells it."""
    path = os.path.expanduser("~")
    if not path.startswith("/"):
        raise NoCluster("this user has no home directory: set HOME, or give --data-dir")
    return path


def present() -> list[str]:
    """Names of the clusters in the usual place."""
    try:
        names = os.listdir(clusters_dir())
    except OSError:
        return []
    return sorted(n for n in names if exists(default_data_dir(n)))


def settings_path(data_dir: str) -> str:
    """The file that processes are started with."""
    return os.path.join(data_dir, "cluster.json")


def exists(data_dir: str) -> bool:
    """Whether a cluster's settings are there."""
    return os.path.exists(settings_path(data_dir))


def load(data_dir: str) -> ClusterSettings:
    """The settings of the cluster in ``data_dir``. Raises NoCluster."""
    try:
        with open(settings_path(data_dir), "rb") as file:
            return parse_settings(msgspec.json.decode(file.read()))
    except (FileNotFoundError, NotADirectoryError):
        others = f" (there is: {', '.join(present())})" if present() else ""
        raise NoCluster(
            f"there is no cluster in {data_dir}: start one with `steersman up`, or name another "
            f"with --name or --data-dir{others}"
        ) from None
    except msgspec.DecodeError as error:
        raise NoCluster(f"{settings_path(data_dir)} is damaged ({error})") from error


def load_topology(data_dir: str) -> Topology | None:
    """The choices the cluster was made from, None if there is no cluster."""
    try:
        with open(os.path.join(data_dir, "topology.json"), "rb") as file:
            return parse_topology(msgspec.json.decode(file.read()))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except msgspec.DecodeError as error:
        raise NoCluster(f"{data_dir}/topology.json is damaged ({error})") from error


def save(settings: ClusterSettings, topology: Topology) -> None:
    """Write both files atomically, readable by their owner only."""
    os.makedirs(settings.data_dir, mode=0o700, exist_ok=True)
    save_settings(settings)
    _write(os.path.join(settings.data_dir, "topology.json"), topology)


def save_settings(settings: ClusterSettings) -> None:
    """Write what processes read, of a cluster that is there. Raises ValueError if they could not
    read it."""
    check(settings)
    _write(settings_path(settings.data_dir), settings)


def _write(path: str, value: msgspec.Struct) -> None:
    with open(os.open(path + ".tmp", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(value), indent=1))
        file.flush()
        os.fsync(file.fileno())
    os.replace(path + ".tmp", path)


def read_toml(path: str) -> dict[str, Any]:
    """A topology file. Raises ValueError naming the file and what is wrong."""
    try:
        with open(path, "rb") as file:
            return tomllib.load(file)
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: not TOML: not UTF-8 text") from error
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{path}: not TOML: {error}") from error
