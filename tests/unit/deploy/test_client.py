"""deploy.client: what waiting for objects sees, by a server that answers from a script."""

import io
import json
from typing import Any

import pytest

from deploy.client import ApiError, Client, Object

PATH = "/api/v1/nodes"
SECONDS = 5.0


def node(name: str, ready: bool = True) -> Object:
    return {"metadata": {"name": name}, "ready": ready}


def listing(*items: Object, revision: str = "7") -> Object:
    return {"metadata": {"resourceVersion": revision}, "items": list(items)}


class Connection:
    """Of an answer that has been read already."""

    def close(self) -> None:
        """Nothing is open."""


class Scripted(Client):
    """Answers lists and watches in turn; ``asked``: the paths. What is asked beyond the script
    fails the test."""

    def __init__(self, *answers: Object | list[tuple[str, Object]] | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def open(
        self, method: str, path: str, body: Object | None = None, content: str = "application/json",
        timeout: float = 30.0,
    ) -> tuple[Any, Any]:  # fmt: skip
        """The next answer."""
        self.asked.append(path)
        assert self.answers, f"nothing more was to be asked, but {path} was"
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        lines = [answer] if isinstance(answer, dict) else [_event(*event) for event in answer]
        text = "".join(json.dumps(line) + "\n" for line in lines)
        return Connection(), io.BytesIO(text.encode())


def _event(kind: str, obj: Object) -> Object:
    return {"type": kind, "object": obj}


def test_a_list_that_is_empty_from_the_start_is_looked_at() -> None:
    client = Scripted(listing())
    assert client.wait_for(PATH, lambda seen: not seen, SECONDS) == {}
    assert client.asked == [PATH]


def test_a_list_is_judged_as_a_whole() -> None:
    judged: list[list[str]] = []

    def all_ready(seen: dict[str, Object]) -> bool:
        judged.append(sorted(seen))
        return all(obj["ready"] for obj in seen.values())

    client = Scripted(
        listing(node("a"), node("b", ready=False)), [("MODIFIED", node("b")), ("ADDED", node("c"))]
    )
    seen = client.wait_for(PATH, all_ready, SECONDS)
    assert seen == {"/a": node("a"), "/b": node("b")}
    assert judged == [["/a", "/b"], ["/a", "/b"]]
    assert client.asked[1].startswith(f"{PATH}?watch=1&resourceVersion=7&timeoutSeconds=")


def test_what_is_deleted_is_gone() -> None:
    client = Scripted(
        listing(node("a"), node("b")), [("DELETED", node("a")), ("DELETED", node("b"))]
    )
    assert client.wait_for(PATH, lambda seen: not seen, SECONDS) == {}


def test_a_watch_that_ends_is_followed_by_a_new_list() -> None:
    """What went between the two is not taken for what is there."""
    gone = ApiError(410, {"message": "too old"})
    client = Scripted(
        listing(node("a")), [],
        listing(node("a")), [("ERROR", {"code": 410})],
        listing(node("a")), gone,
        listing(revision="9"),
    )  # fmt: skip
    assert client.wait_for(PATH, lambda seen: not seen, SECONDS) == {}
    assert client.answers == []


def test_a_bookmark_is_no_object() -> None:
    bookmark = ("BOOKMARK", {"metadata": {"resourceVersion": "8"}})
    client = Scripted(listing(node("a")), [bookmark, ("ADDED", node("b"))])
    assert set(client.wait_for(PATH, lambda seen: len(seen) == 2, SECONDS)) == {"/a", "/b"}


def test_a_refusal_ends_it() -> None:
    with pytest.raises(ApiError, match="no"):
        Scripted(ApiError(403, {"message": "no"})).wait_for(PATH, lambda seen: False, SECONDS)


def test_what_never_comes() -> None:
    with pytest.raises(TimeoutError, match="not as wanted after 0 s: /api/v1/nodes"):
        Scripted().wait_for(PATH, lambda seen: False, 0.0)
