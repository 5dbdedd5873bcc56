"""etcd's errors in the house's: whether a write may have happened is what counts."""

import grpc
import pytest

from actors.store.engines.etcd.client import translate
from cluster.errors import (
    ActorDown,
    AskTimeout,
    Compacted,
    FutureRevision,
    LeaseNotFound,
    Overloaded,
    StoreError,
    TooLarge,
    Unusable,
)

Code = grpc.StatusCode


@pytest.mark.parametrize(
    ("code", "text", "kind"),
    [
        (Code.OUT_OF_RANGE, "mvcc: required revision has been compacted", Compacted),
        (Code.OUT_OF_RANGE, "mvcc: required revision is a future revision", FutureRevision),
        (Code.NOT_FOUND, "etcdserver: requested lease not found", LeaseNotFound),
        (Code.UNAVAILABLE, "etcdserver: request timed out", ActorDown),
        (Code.UNAVAILABLE, "failed to connect to all addresses", ActorDown),
        (Code.DEADLINE_EXCEEDED, "Deadline Exceeded", AskTimeout),
        (Code.RESOURCE_EXHAUSTED, "etcdserver: too many requests", Overloaded),
        (Code.RESOURCE_EXHAUSTED, "etcdserver: mvcc: database space exceeded", Unusable),
        (Code.INVALID_ARGUMENT, "etcdserver: request is too large", TooLarge),
        (Code.PERMISSION_DENIED, "etcdserver: permission denied", Unusable),
        (Code.UNAUTHENTICATED, "etcdserver: invalid auth token", Unusable),
        (Code.INVALID_ARGUMENT, "etcdserver: duplicate key given", StoreError),
        (Code.CANCELLED, "Channel closed!", ActorDown),
        (Code.UNKNOWN, "", ActorDown),
    ],
)
def test_errors(code: grpc.StatusCode, text: str, kind: type[Exception]) -> None:
    assert type(translate(code, text)) is kind
