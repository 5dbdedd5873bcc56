"""Which engine keeps the cluster's state: the ``--store`` option, and what lies outside for it.

Job: the option's text to settings; what must be there before a cluster starts; what is taken away
with it. Must not know: how engines work.
"""

import importlib.util
from typing import Any

from cluster.errors import SteersmanError
from cluster.settings import ClusterSettings
from deploy.preflight import NotFree

ENGINES = ("raft", "etcd", "raftos")
GRPC = "pip install 'grpcio>=1.62'"
RAFTOS = "pip install 'setuptools<81' && pip install --no-deps --no-build-isolation raftos==0.2.6"


def parse_store(text: str) -> dict[str, Any]:
    """``raft``, ``raftos`` or ``etcd=URL[,URL]`` as the ``store`` section. Raises ValueError."""
    engine, equals, endpoints = text.partition("=")
    if engine not in ENGINES:
        raise ValueError(f"--store must be raft, raftos or etcd=URL[,URL...], not {text!r}")
    if (engine == "etcd") != bool(endpoints) or (equals and not endpoints):
        raise ValueError(
            "--store: etcd, and only etcd, takes endpoints: etcd=http://127.0.0.1:2379"
        )
    return {"engine": engine, "endpoints": endpoints}


def check(settings: ClusterSettings, new: bool) -> None:
    """Raises NotFree if what the engine needs is not there. ``new``: the cluster is being founded,
    so there must be nothing of it in an external store yet."""
    store = settings.store
    if store.engine == "raftos" and importlib.util.find_spec("raftos") is None:
        raise NotFree(f"the engine raftos is installed on demand: {RAFTOS}")
    if store.engine != "etcd":
        return
    if importlib.util.find_spec("grpc") is None:
        raise NotFree(f"the engine etcd needs a package: {GRPC}")
    from actors.store.engines.etcd.upkeep import count_keys

    try:
        keys = count_keys(store.endpoints, settings.name)
    except (ValueError, OSError, SteersmanError) as error:
        raise NotFree(str(error)) from error
    if new and keys:
        raise NotFree(
            f"etcd holds a cluster {settings.name!r} already: choose another --name, or remove it: "
            f"etcdctl del --prefix /steersman/{settings.name}/"
        )


def remove(settings: ClusterSettings) -> str:
    """Remove what the cluster keeps outside of its data directory; a note for people."""
    if settings.store.engine != "etcd":
        return "nothing outside"
    from actors.store.engines.etcd.upkeep import remove_cluster

    try:
        return f"{remove_cluster(settings.store.endpoints, settings.name)} keys"
    except (ImportError, ValueError, OSError, SteersmanError) as error:
        return f"not removed: {error}"
