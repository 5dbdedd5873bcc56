"""Where a cluster lives on this machine, and what it was made of.

``<data_dir>/cluster.json`` holds the settings all processes read, ``topology.json`` the choices
they came from. Must not know: processes, network.
"""

import os
import pwd
import tomllib
from typing import Any

import msgspec

from cluster.settings import ClusterSettings, parse_settings
from deploy.topology import Topology, parse_topology


class NoCluster(Exception):
    """There is no cluster of that name here; the text says what to do."""


def default_data_dir(name: str) -> str:
    """``/var/lib/steersman/<name>`` for root, else under the user's home."""
    if os.geteuid() == 0:
        return os.path.join("/var/lib/steersman", name)
    home = pwd.getpwuid(os.geteuid()).pw_dir
    return os.path.join(home, ".local/share/steersman", name)


def cache_dir() -> str:
    """Where built image archives are kept for the next cluster."""
    if os.geteuid() == 0:
        return "/var/cache/steersman"
    return os.path.join(pwd.getpwuid(os.geteuid()).pw_dir, ".cache/steersman")


def settings_path(data_dir: str) -> str:
    """The file that processes are started with."""
    return os.path.join(data_dir, "cluster.json")


def load(data_dir: str) -> ClusterSettings:
    """The settings of the cluster in ``data_dir``. Raises NoCluster."""
    try:
        with open(settings_path(data_dir), "rb") as file:
            return parse_settings(msgspec.json.decode(file.read()))
    except FileNotFoundError:
        raise NoCluster(
            f"no cluster in {data_dir}: start one with `steersman up`, or name another with "
            "--name or --data-dir"
        ) from None


def load_topology(data_dir: str) -> Topology | None:
    """The choices the cluster was made from, None if there is no cluster."""
    try:
        with open(os.path.join(data_dir, "topology.json"), "rb") as file:
            return parse_topology(msgspec.json.decode(file.read()))
    except FileNotFoundError:
        return None


def save(settings: ClusterSettings, topology: Topology) -> None:
    """Write both files atomically, readable by their owner only."""
    os.makedirs(settings.data_dir, mode=0o700, exist_ok=True)
    for name, value in (("cluster.json", settings), ("topology.json", topology)):
        path = os.path.join(settings.data_dir, name)
        with open(path + ".tmp", "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(value), indent=1))
        os.replace(path + ".tmp", path)


def read_toml(path: str) -> dict[str, Any]:
    """A topology file. Raises ValueError naming the file and what is wrong."""
    try:
        with open(path, "rb") as file:
            return tomllib.load(file)
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from error
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{path}: not TOML: {error}") from error
