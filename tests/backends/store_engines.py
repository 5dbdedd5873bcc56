"""The engines that the conformance suite of the store (``test_store_*.py``) runs on: raft with one
and three members (in virtual time), a real etcd, asked through one and two replicas, and raftos if
that package is installed."""

import importlib.util
from collections.abc import Callable

import pytest

from cluster.errors import Unsupported
from tests.backends.store_rigs import Body, run

RAFTOS = ("raftos-3",) if importlib.util.find_spec("raftos") else ()
ENGINES = ("raft-1", "raft-3", "etcd-1", "etcd-2", *RAFTOS)
# What raftos cannot pass, by words of the tests' names; see docs/decisions/0021-raftos-engine.md.
RAFTOS_FAILS = {
    "values_are_any_bytes": "an entry over 32 KiB does not fit into its datagrams",
    "a_revision_is_never_split": "an entry over 32 KiB does not fit into its datagrams",
    "a_long_range": "it is too slow",
    "nothing_happens_is_told": "it is too slow",
    "counting_from_everywhere": "it is too slow",
    "a_fence_holds": "its leader hands over to nobody",
    "a_change_of_leadership": "its leader hands over to nobody",
    "leadership_goes_to": "it cannot transfer leadership",
    "equal_states": "followers apply late, and the latest state is the only one with a hash",
    "metrics_tell": "it has none",
    "status_tells": "asked from another process",
}
Run = Callable[[Body], None]


def on_raftos(engine: str, body: Body) -> None:
    """What raftos says that it cannot do is skipped."""
    try:
        run(engine, "", body)
    except Unsupported as error:
        pytest.skip(str(error))
