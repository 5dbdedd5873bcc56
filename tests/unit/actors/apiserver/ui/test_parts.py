"""The small pure parts: changes, cookies, codes, origins, fault commands."""

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.apiserver.ui import codes, endings, fault_commands, sessions
from actors.apiserver.ui.changes import changes
from actors.apiserver.ui.codes import LoginCodes, maker
from actors.apiserver.ui.endings import Endings
from actors.apiserver.ui.origin import objection
from actors.apiserver.ui.sessions import SESSION_SECONDS, Sessions
from cluster.errors import StatusError
from cluster.messages.store import KeyValue, StoreEvent
from cluster.messages.ui import Identity, Login

JANE = Identity("jane", ("dev", "system:authenticated"), "7", {"a": ("b",)})
LOGIN = Login(JANE)
STATES = st.dictionaries(
    st.sampled_from("abc"), st.dictionaries(st.sampled_from("xyz"), st.integers(0, 3))
)


@given(st.lists(STATES, max_size=6))
def test_changes_applied_one_after_the_other_give_the_state(
    states: list[dict[str, dict[str, int]]],
) -> None:
    """As the page does it: set what has a value, delete what is null."""
    seen: dict[str, dict[str, Any]] = {name: {} for name in "abc"}
    before: dict[str, dict[str, int]] = {}
    for state in states:
        whole = {name: state.get(name, {}) for name in "abc"}
        for name, entries in changes(before, whole).items():
            assert entries
            for key, value in entries.items():
                if value is None:
                    del seen[name][key]
                else:
                    seen[name][key] = value
        assert seen == whole
        assert changes(whole, whole) == {}
        before = whole


def test_a_session_is_of_all_replicas_and_ends() -> None:
    cookie = Sessions(b"shared").of_identity(JANE, 1000.0)
    assert Sessions(b"shared").identity(cookie, 1000.0 + SESSION_SECONDS - 1) == JANE
    assert Sessions(b"shared").identity(cookie, 1000.0 + SESSION_SECONDS) is None
    assert Sessions(b"other").identity(cookie, 1000.0) is None


def test_an_ended_session_is_over_and_a_later_one_is_not() -> None:
    known, behind = Endings(), Endings()
    here, there = Sessions(b"shared", known.last), Sessions(b"shared", behind.last)
    first, johns = here.of_identity(JANE, 0.0), here.of_identity(Identity("john"), 0.0)
    known.apply([ended(endings.key("jane"), 7)])
    assert here.identity(first, 1.0) is None
    assert here.identity(johns, 1.0) == Identity("john")
    second = here.of_identity(JANE, 1.0)
    assert here.identity(second, 1.0) == JANE
    # A replica that has not heard of it takes both; what it seals, the others do not.
    assert there.identity(first, 1.0) == there.identity(second, 1.0) == JANE
    assert here.identity(there.of_identity(JANE, 1.0), 1.0) is None
    known.apply([ended(endings.EVERYBODY, 9)])
    assert here.identity(second, 2.0) is None and here.identity(johns, 2.0) is None
    # Read anew from a store that is behind: what was ended stays ended.
    known.lost()
    known.reset([ended(endings.EVERYBODY, 8).item])
    assert here.identity(second, 2.0) is None
    behind.reset([ended(endings.EVERYBODY, 9).item])
    assert there.identity(here.of_identity(JANE, 3.0), 3.0) == JANE


def ended(key: str, revision: int) -> StoreEvent:
    return StoreEvent("put", KeyValue(key, b"", 1, revision, 1), None)


@given(st.data())
def test_no_changed_session_is_believed(data: st.DataObject) -> None:
    keeper = Sessions(b"shared")
    cookie = keeper.of_identity(JANE, 1000.0)
    raw = bytearray(base64.urlsafe_b64decode(cookie[2:] + "=="))
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] ^= data.draw(st.integers(1, 255))
    forged = "s." + base64.urlsafe_b64encode(bytes(raw)).rstrip(b"=").decode()
    assert keeper.identity(forged, 1000.0) is None


@given(st.text(max_size=80))
def test_what_is_no_cookie_of_ours_is_nobody(text: str) -> None:
    assert Sessions(b"shared").identity(text, 0.0) is None
    assert Sessions(b"shared").identity(f"s.{text}", 0.0) is None


def test_a_token_is_kept_as_it_is() -> None:
    assert sessions.token(sessions.of_token("abc.def")) == "abc.def"
    assert sessions.token(Sessions(b"x").of_identity(JANE, 0.0)) == ""
    assert sessions.cookie_name("my cluster;x") == "__Secure-steersman-ui-my-cluster-x"


def test_a_code_is_good_once_and_soon() -> None:
    known = LoginCodes("replica-2")
    first, second = known.make(LOGIN, "s1", 10.0), known.make(LOGIN, "s2", 10.0)
    assert maker(first) == "replica-2"
    assert known.redeem("replica-2.s3", 10.0) is None
    assert known.redeem(first, 11.0) == LOGIN
    assert known.redeem(first, 11.0) is None
    assert known.redeem(second, 10.0 + codes.CODE_SECONDS) is None


def test_codes_are_bounded() -> None:
    known = LoginCodes("r")
    made = [known.make(LOGIN, str(number), 1.0) for number in range(codes.CODES_MAX + 1)]
    assert known.redeem(made[0], 1.0) is None
    assert known.redeem(made[1], 1.0) == LOGIN


JSON = {"Content-Type": "application/json", "Host": "127.0.0.1:6443"}


@pytest.mark.parametrize(
    ("method", "headers", "page", "fine"),
    [
        ("GET", {}, False, True),
        ("GET", {"Sec-Fetch-Site": "same-origin"}, False, True),
        ("GET", {"Sec-Fetch-Site": "none"}, False, True),
        ("GET", {"Sec-Fetch-Site": "cross-site"}, False, False),
        ("GET", {"Sec-Fetch-Site": "same-site"}, False, False),
        ("GET", {"Sec-Fetch-Site": "cross-site"}, True, True),
        ("POST", JSON, False, True),
        ("POST", {**JSON, "Content-Type": "application/json; charset=utf-8"}, True, True),
        ("POST", {**JSON, "Content-Type": "text/plain"}, False, False),
        ("POST", {"Host": "a"}, False, False),
        ("POST", {**JSON, "Origin": "https://127.0.0.1:6443"}, False, True),
        ("POST", {**JSON, "Origin": "https://127.0.0.1:7443"}, False, False),
        ("POST", {**JSON, "Origin": "http://127.0.0.1:6443"}, False, False),
        ("POST", {**JSON, "Origin": "null"}, False, False),
        ("POST", {**JSON, "Sec-Fetch-Site": "same-origin"}, False, True),
        ("POST", {**JSON, "Sec-Fetch-Site": "same-site"}, False, False),
        ("POST", {**JSON, "Sec-Fetch-Site": "cross-site"}, True, False),
        ("POST", {**JSON, "Sec-Fetch-Site": "none"}, False, False),
        ("DELETE", {**JSON, "Sec-Fetch-Site": "cross-site"}, False, False),
    ],
)
def test_who_asks_for_the_page(
    method: str, headers: dict[str, str], page: bool, fine: bool
) -> None:
    assert (objection(method, headers, page) == "") is fine


@pytest.mark.parametrize(
    "words",
    [
        "kill replica/replica-1 --for 10s",
        "partition zone/a zone/b --way out --for=1m",
        "delay zone/a zone/b 40ms --jitter 5ms",
        "loss 10% leader",
        "bandwidth leader 100KB/s",
        "clock follower -30s",
        "clock follower +30s --rate 1.1",
        "zone outage b",
        "heal kill-1",
        "status",
    ],
)
def test_fault_commands_of_the_page(words: str) -> None:
    body = b'{"command": ["%b"]}' % b'","'.join(words.encode().split())
    assert fault_commands.parse(body) == tuple(words.split())


@pytest.mark.parametrize(
    "command",
    [
        [], [""], ["run", "scenario.yaml"], ["serve"], ["kill", "--data-dir", "/x"],
        ["kill", "--name=other"], ["kill", "a", "--", "--data-dir"], ["kill", "-x"],
        ["kill", "a b"], ["kill", "$(id)"], ["kill", "a;b"], ["kill", "../x"], ["kill", "a\nb"],
        ["kill"] * 17, ["kill", "x" * 200], ["--help"],
    ],
)  # fmt: skip
def test_what_is_no_fault_command(command: list[str]) -> None:
    assert fault_commands.refused(tuple(command))


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"command": "kill"}', b'{"command": [], "user": "root"}']
)
def test_bodies_that_order_nothing(body: bytes) -> None:
    with pytest.raises(StatusError):
        fault_commands.parse(body)
