"""Our own OpenAPI v3, held against the server by schemathesis: what it says is sent, is taken or
refused with a Status; what it says is answered, is answered.

Schemathesis makes requests of each operation from its schemas. Every write is only tried
(dryRun=All), so that the sample is the same wherever it starts.
"""

import asyncio
import copy
import random
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import orjson
import pytest
import pytest_asyncio
import requests
import schemathesis
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.errors import FlakyStrategyDefinition

from deploy import pki
from tests.fuzz.budget import SOAK, examples
from tests.fuzz.judge import KEPT, Judge
from tests.fuzz.originals import NAME, known
from tests.fuzz.wire import ALLOWED_5XX
from tests.support.control_plane import REPLICA, Json

pytestmark = pytest.mark.asyncio(loop_scope="session")
# Operations tried where all tests run; a soak takes them all.
SAMPLE = 45
# They become streams or go to another server: tests/unit/actors/apiserver/streaming.
CONNECTS = ("/proxy", "/exec", "/attach", "/portforward")
SECONDS = 30.0


@dataclass
class Api:
    """``session``: an administrator's. Requests block: call them in a thread."""

    judge: Judge
    documents: list[Json]
    session: requests.Session

    @property
    def url(self) -> str:
        """Where the server listens."""
        return f"https://{self.judge.plane.settings.replica(REPLICA).api_addresses[0]}"

    @cached_property
    def operations(self) -> list["Operation"]:
        """Those of this run."""
        found = list(self._operations())
        return found if SOAK else random.Random(4).sample(found, SAMPLE)

    def _operations(self) -> Iterator["Operation"]:
        for document in self.documents:
            strict = closed(document)
            answers = schemathesis.openapi.from_dict(copy.deepcopy(strict))
            for result in schemathesis.openapi.from_dict(narrowed(strict)).get_all_operations():
                made = result.ok()
                if not made.path.endswith(CONNECTS):
                    yield Operation(made, answers[made.path][made.method.upper()])

    @cached_property
    def strategies(self) -> dict[str, st.SearchStrategy[Any]]:
        """By label of the operation: making one takes a while."""
        mode = schemathesis.GenerationMode.POSITIVE
        return {
            item.sent.label: item.sent.as_strategy(generation_mode=mode) for item in self.operations
        }


class Operation(NamedTuple):
    """``sent``: what requests are made of; ``answered``: what answers are held to."""

    sent: Any
    answered: Any


def closed(document: Json) -> Json:
    """The document with no room for unknown fields, and each kind under its own name.

    An empty list or time is null where Go may not leave it out; the published schemas do not say.
    """
    made = copy.deepcopy(document)
    for schema in made["components"]["schemas"].values():
        if "properties" in schema:
            schema["additionalProperties"] = False
            for field in schema["properties"].values():
                if field.get("type") == "array":
                    field["nullable"] = True
        if schema.get("format") == "date-time":
            schema["nullable"] = True
        for group in schema.get("x-kubernetes-group-version-kind", ())[:1]:
            version = "/".join(text for text in (group["group"], group["version"]) if text)
            for field, text in (("kind", group["kind"]), ("apiVersion", version)):
                schema["properties"][field] = {"type": "string", "enum": [text]}
    return made


def narrowed(document: Json) -> Json:
    """The document for one who knows which objects exist: ``document`` itself, changed."""
    for name, schema in document["components"]["schemas"].items():
        if name.endswith("meta.v1.ObjectMeta"):
            schema["properties"]["name"] = {"type": "string", "enum": names()}
            schema["properties"]["namespace"] = {"type": "string", "enum": [KEPT]}
    for item in document["paths"].values():
        for parameter in item.get("parameters", ()):
            values = [KEPT] if parameter["name"] == "namespace" else names()
            parameter["schema"] = {"type": "string", "enum": values}
        for method, operation in item.items():
            if method != "parameters":
                operation["parameters"] = [
                    parameter
                    for parameter in operation["parameters"]
                    if parameter["name"] not in ("watch", "dryRun")
                ]
    return document


def names() -> list[str]:
    """Of what is kept, and one of nothing."""
    groups = {(kind.group or "core").partition(".")[0] for kind in known()}
    return [NAME, *sorted(f"{group}-v1" for group in groups)]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def api(judge: Judge) -> AsyncIterator[Api]:
    for kind in known():
        await judge.kept(kind)
    settings = judge.plane.settings
    session = requests.Session()
    session.trust_env = False
    session.verify = pki.path(settings, "ca.crt")
    session.cert = (pki.path(settings, "admin.crt"), pki.path(settings, "admin.key"))
    api = Api(judge, [], session)

    def read(path: str) -> Any:
        return orjson.loads(session.get(api.url + path, timeout=SECONDS).content)

    index = await asyncio.to_thread(read, "/openapi/v3")
    for place in index["paths"].values():
        api.documents.append(await asyncio.to_thread(read, place["serverRelativeURL"]))
    yield api
    session.close()


async def test_the_server_keeps_what_its_schema_promises(api: Api) -> None:
    """Of the same choices schemathesis sometimes makes something else, so hypothesis cannot play
    again what went wrong: the first time tells it."""
    wrong: list[str] = []
    try:
        await asyncio.to_thread(keeps_its_promises, api, asyncio.get_running_loop(), wrong)
    except FlakyStrategyDefinition:
        assert not wrong, wrong[0]
        raise


@given(data=st.data())
@examples(150)
def keeps_its_promises(
    api: Api, loop: asyncio.AbstractEventLoop, wrong: list[str], data: st.DataObject
) -> None:
    """In a thread: requests block. ``loop``: where the server runs. ``wrong``: what went wrong."""

    def stored() -> Any:
        return asyncio.run_coroutine_threadsafe(api.judge.stored(), loop).result(SECONDS)

    operation = data.draw(st.sampled_from(api.operations))
    case = data.draw(api.strategies[operation.sent.label])
    if operation.sent.method != "get":
        case.query = {**(case.query or {}), "dryRun": "All"}
    if operation.sent.method == "delete" and isinstance(case.body, dict):
        # A body is all there is to say of a deletion.
        case.body = {**case.body, "dryRun": ["All"]}
    before = stored()
    try:
        judge_answer(api, operation, case)
        assert stored() == before
    except Exception as error:
        wrong.append(f"{case.as_curl_command()}: {error!r}")
        raise


def judge_answer(api: Api, operation: Operation, case: Any) -> None:
    """Send it; what comes is what the document says, or a Status."""
    response = case.call(
        base_url=api.url, session=api.session, verify=api.session.verify, timeout=SECONDS
    )
    code = response.status_code
    told = orjson.loads(response.content)
    if code >= 300:
        assert (told["kind"], told["status"], told["code"]) == ("Status", "Failure", code), told
        assert code < 500 or ALLOWED_5XX.search(told["message"]), told
    else:
        assert str(code) in operation.answered.definition.raw["responses"], code
        # The published documents promise the object where a Status comes, and the other way round.
        if operation.sent.method != "delete" and told["kind"] != "Status":
            operation.answered.validate_response(response)
