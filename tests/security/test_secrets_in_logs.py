"""What is confidential is in no log line, audit log or trace record: values of Secrets, tokens.

By both doors, in requests that are served, refused and broken, at every level of the audit log.
"""

import asyncio
import base64
import logging
from pathlib import Path
from typing import Any

import orjson
import pytest

from actors.apiserver.object_store import ObjectStore
from actors.kit.tracing import MemoryTracer
from cluster.api.audit_policy import Level, parse
from cluster.errors import StatusError
from tests.security.door import APPLY, MERGE, NOBODY, Door, bearer, user
from tests.support.control_plane import TOKEN, ControlPlane, control_plane

WORD = "correct-horse-battery"
NUMBER = 8_675_309_424_242
CODED = base64.b64encode(WORD.encode()).decode()
SECRETS = "/api/v1/namespaces/default/secrets"
STRATEGIC = "application/strategic-merge-patch+json"
LEVELS: tuple[Level, ...] = ("Metadata", "Request", "RequestResponse")


def policy(level: str) -> bytes:
    """Everything at that level."""
    return f"apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{{level: {level}}}]".encode()


@pytest.mark.parametrize("level", LEVELS)
async def test_values_are_written_nowhere(
    tmp_path: Path, level: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    async with control_plane(tmp_path, http=True, audit=parse(policy(level))) as plane:
        async with Door.opened(plane) as door:
            token = await ask_everything(door)
            await by_message(plane)
            monkeypatch.setattr(ObjectStore, "create", broken)
            body = secret("broken")
            assert (await door.ask(ADMINISTRATOR, "POST", SECRETS, body)).code == 500
            with pytest.raises(StatusError, match="failed to handle"):
                await plane.create("secrets", body, "default")
        tracer = plane.system.recorder.tracer
        assert isinstance(tracer, MemoryTracer)
        records = repr(list(tracer.records))
    audit = (tmp_path / "audit" / "audit.jsonl").read_text()
    hidden = (WORD, CODED, str(NUMBER), token, token.rpartition(".")[2], TOKEN)
    for name, text in (("trace", records), ("audit log", audit), ("log", caplog.text)):
        assert not [value for value in hidden if value in text], name
    assert "a request failed by our own fault" in records
    assert audit.count('"resource":"secrets"') > 10


ADMINISTRATOR = user("root", "system:masters")


async def broken(*args: Any, **more: Any) -> None:
    """A bug whose error quotes all it was given."""
    raise ValueError(f"what is this: {WORD} {CODED} {args} {more}")


def secret(name: str, **more: Any) -> dict[str, Any]:
    """With the word in it, plain and in base64."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name},
        "data": {"a": CODED},
        "stringData": {"b": WORD},
        **more,
    }


async def ask_everything(door: Door) -> str:
    """All verbs and patch types, right and wrong. Gives a token that was made on the way."""
    one = f"{SECRETS}/one"
    made = (await door.ask(ADMINISTRATOR, "POST", SECRETS, secret("one"))).body
    assert made["data"] == {"a": CODED, "b": CODED}
    changed = {**made, "data": {"a": CODED, "c": CODED}}
    lines = f"apiVersion: v1\nkind: Secret\nmetadata: {{name: y}}\nstringData: {{a: {WORD}}}\n"
    other = {**secret("one"), "data": {"a": "AA=="}}
    apply = f"{one}?fieldManager=me&force=true"
    for method, path, body, kind, code in (
        ("PUT", one, changed, "application/json", 200),
        ("PATCH", one, {"stringData": {"d": WORD}}, MERGE, 200),
        ("PATCH", one, {"stringData": {"e": WORD}}, STRATEGIC, 200),
        ("PATCH", apply, secret("one"), APPLY, 200),
        ("PATCH", f"{one}?fieldManager=other", other, APPLY, 409),
        ("PATCH", one, [{"op": "add", "path": "/data/f", "value": CODED}],
         "application/json-patch+json", 200),
        ("PATCH", one, [{"op": "test", "path": "/data/f", "value": WORD}],
         "application/json-patch+json", 422),
        ("PATCH", one, WORD.encode(), MERGE, 400),
        ("PATCH", one, {"immutable": "yes"}, MERGE, 422),
        ("PATCH", f"{one}?fieldValidation=Strict", {"odd": WORD}, MERGE, 422),
        ("PATCH", f"{one}?fieldValidation=Strict", {"odd": WORD}, STRATEGIC, 422),
        ("PATCH", one, {"data": {"a": NUMBER}}, STRATEGIC, 422),
        ("GET", one, None, "", 200),
        ("GET", SECRETS, None, "", 200),
        ("GET", f"{SECRETS}?watch=1&timeoutSeconds=1", None, "", 200),
        ("POST", SECRETS, lines.encode(), "application/yaml", 201),
        ("POST", SECRETS, secret("two", data={"a": f"{WORD}!"}), "application/json", 400),
        ("POST", SECRETS, secret("two", data={"a": NUMBER}), "application/json", 400),
        ("POST", SECRETS, secret("two", data={"a/": CODED}), "application/json", 422),
        ("POST", SECRETS, secret("two", immutable=WORD), "application/json", 400),
        ("POST", SECRETS, orjson.dumps(secret("two"))[:-1], "application/json", 400),
        ("POST", SECRETS, secret("one"), "application/json", 409),
        ("POST", f"{SECRETS}?fieldValidation=Strict", secret("two", data2=WORD),
         "application/json", 400),
        ("DELETE", f"{SECRETS}/y", None, "", 200),
    ):  # fmt: skip
        answer = await door.ask(ADMINISTRATOR, method, path, body, kind=kind or "application/json")
        assert answer.code == code, (method, path, answer)
    await door.must("POST", "/api/v1/namespaces/default/serviceaccounts", named("robot"))
    account = "/api/v1/namespaces/default/serviceaccounts/robot/token"
    token = str((await door.must("POST", account, {"spec": {}}))["status"]["token"])
    review = {"spec": {"token": token}}
    reviews = "/apis/authentication.k8s.io/v1/tokenreviews"
    assert (await door.must("POST", reviews, review))["status"]["authenticated"]
    assert (await door.ask(bearer(token), "GET", SECRETS)).code == 403
    assert (await door.ask(bearer(TOKEN), "GET", SECRETS)).code == 200
    assert (await door.ask(bearer(token[:-4] + WORD), "GET", SECRETS)).code == 401
    assert (await door.ask(NOBODY, "POST", SECRETS, secret("two"))).code in (401, 403)
    return token


def named(name: str) -> dict[str, Any]:
    """An object that is but a name."""
    return {"metadata": {"name": name}}


async def by_message(plane: ControlPlane) -> None:
    """The door of components."""
    made = await plane.create("secrets", secret("message"), "default")
    await plane.patch("secrets", "message", {"stringData": {"z": WORD}}, "default")
    for wrong in ({"data": {"a": NUMBER}}, {"data": {"a": f"{WORD}!"}}):
        with pytest.raises(StatusError):
            await plane.patch("secrets", "message", wrong, "default")
    await asyncio.gather(*(plane.get("secrets", "message", "default") for _ in range(2)))
    assert (await plane.delete("secrets", "message", "default"))["status"] == "Success", made
