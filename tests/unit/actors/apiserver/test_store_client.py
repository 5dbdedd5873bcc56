"""Every error of the store as a client of the API sees it."""

import pytest

from actors.apiserver.store_client import StoreClient, translate
from cluster import errors
from cluster.messages.store import Put, Range, Txn

# What only a bug of ours brings about: the store's or a peer's rules broken by this server.
BUGS = {"PeerFault", "StoreError"}
CODES = {
    "Compacted": (410, "Expired"),
    "FutureRevision": (504, "Timeout"),
    "Fenced": (409, "Conflict"),
    "LeaseNotFound": (503, "ServiceUnavailable"),
    "Corrupt": (503, "ServiceUnavailable"),
    "TooLarge": (413, "RequestEntityTooLarge"),
    "Unusable": (503, "ServiceUnavailable"),
    "Unsupported": (501, "NotImplemented"),
    "SessionExpired": (504, "Timeout"),
    "TemporaryFault": (504, "Timeout"),
    "AskTimeout": (504, "Timeout"),
    "ActorDown": (503, "ServiceUnavailable"),
    "Overloaded": (429, "TooManyRequests"),
    "NotLeader": (503, "ServiceUnavailable"),
}


@pytest.mark.parametrize("name", sorted(errors.BY_NAME))
def test_only_a_bug_is_an_internal_error(name: str) -> None:
    told = translate(errors.BY_NAME[name]("why"))
    expected = (500, "InternalError") if name in BUGS else CODES[name]
    assert (told.code, told.reason) == expected


def test_every_error_of_the_store_has_a_name_on_the_wire() -> None:
    """Else it reaches the API server as its base, and a client as something it is not."""
    assert {cls.__name__ for cls in errors.StoreError.__subclasses__()} <= set(errors.BY_NAME)


def test_an_unknown_outcome_says_so_and_when_to_look_again() -> None:
    """504 comes without a Retry-After header, which invites to send a write again as it is."""
    told = translate(errors.SessionExpired("the session of replica-1/ab is forgotten"))
    assert "not known" in told.status["message"]
    assert told.status["details"]["retryAfterSeconds"] == 1


class Down:
    """A store that dies of what it is asked."""

    address = "store@replica-1"

    async def ask(self, message: object, timeout: float) -> object:
        raise errors.ActorDown("went down")


async def test_a_store_that_dies_during_a_write_leaves_the_outcome_unknown() -> None:
    client = StoreClient(Down())  # type: ignore[arg-type]
    with pytest.raises(errors.StatusError) as caught:
        await client.txn(Txn(success=(Put("/a", b""),)))
    assert (caught.value.code, caught.value.reason) == (504, "Timeout")
    with pytest.raises(errors.StatusError) as caught:
        await client.range(Range("/a"))
    assert caught.value.code == 503
