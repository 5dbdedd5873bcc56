"""Continue tokens: ours open, anything else is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.apiserver.continue_token import LIFETIME_SECONDS, NEWEST, ContinueTokens
from cluster.errors import StatusError

TOKENS = ContinueTokens(b"secret", lambda: 1000.0)


@given(st.integers(min_value=-1, max_value=2**60), st.text(min_size=1, max_size=50))
def test_what_is_sealed_opens_again(revision: int, name: str) -> None:
    position = TOKENS.open(TOKENS.seal(revision, f"/registry/{name}"), "/registry/")
    assert (position.revision, position.start) == (revision, f"/registry/{name}")


@given(st.text(max_size=80))
def test_forgeries_are_refused(token: str) -> None:
    with pytest.raises(StatusError) as refused:
        TOKENS.open(token, "/registry/")
    assert refused.value.code == 400


def test_a_token_of_another_cluster_or_list_is_refused() -> None:
    foreign = ContinueTokens(b"other", lambda: 1000.0).seal(5, "/registry/core/pods/a")
    other_list = TOKENS.seal(5, "/registry/core/secrets/a")
    for token in (foreign, other_list):
        with pytest.raises(StatusError):
            TOKENS.open(token, "/registry/core/pods/")


def test_a_list_may_not_go_on_for_ever() -> None:
    now = [1000.0]
    tokens = ContinueTokens(b"secret", lambda: now[0])
    first = tokens.open(tokens.seal(5, "/registry/a"), "/registry/")
    now[0] += LIFETIME_SECONDS
    assert not tokens.is_expired(first)
    second = tokens.open(tokens.seal(5, "/registry/b", first.since), "/registry/")
    newest = tokens.open(tokens.seal(NEWEST, "/registry/b"), "/registry/")
    now[0] += 1
    assert tokens.is_expired(first) and tokens.is_expired(second)
    assert not tokens.is_expired(newest)
