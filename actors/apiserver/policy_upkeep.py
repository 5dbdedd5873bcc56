"""Default roles and bindings get back what was taken from them, when a replica begins to lead.

Job: read each, write those that lack something, each only if it is still as it was read. Must not
know: what roles say (``cluster.security.reconcile``). Source: docs "Using RBAC Authorization",
Auto-reconciliation.
"""

from actors.apiserver import codec
from actors.apiserver.bootstrap import LAST_KEY, kind_of, make_seed
from actors.apiserver.environment import Environment
from actors.apiserver.strategies.strategy import copy_of
from cluster.api.encoding import decode
from cluster.api.kinds import storage_key
from cluster.api.types import Object
from cluster.messages.store import Compare, Put, Txn
from cluster.security.bootstrap_policy import bootstrap_objects
from cluster.security.reconcile import reconciled


async def reconcile(environment: Environment) -> int:
    """Returns how many objects were changed. Raises StatusError."""
    changed = 0
    # Linearizable: then this replica's own state, which is read below, is recent.
    await environment.objects.store.get(LAST_KEY)
    for wanted in bootstrap_objects():
        changed += await _one(environment, wanted)
    return changed


async def _one(environment: Environment, wanted: Object) -> bool:
    """One that somebody else changes at the same moment is left to the next time."""
    kind, metadata, store = kind_of(wanted), wanted["metadata"], environment.objects.store
    key = storage_key(kind, metadata.get("namespace", ""), metadata["name"])
    item = await store.get(key, linearizable=False)
    if item is None:
        return False
    live = decode(item.value)
    found = reconciled(live, wanted)
    if found is None:
        return False
    guard = Compare(key, "mod", item.mod_revision)
    if found is wanted:
        # Another object under the same name: what it refers to cannot be changed.
        operations = make_seed(environment, copy_of(wanted)).operations
    else:
        data, stamp, index = codec.dump(kind, found)
        operations = (Put(key, data, stamp, index),)
    result = await store.txn(Txn(compare=(guard,), success=operations))
    return bool(result.succeeded)
