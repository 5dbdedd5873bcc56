"""What the page may ask the launcher for, and how it is answered."""

import asyncio
import json
import os
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from cluster.chaos.orders import Order
from deploy.chaos.agent import Agent, listener, refused
from deploy.chaos.ledger import Ledger
from tests.unit.deploy.chaos.test_ledger import entry

VERBS = ("kill", "delay", "heal", "status", "zone")


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Path]:
    """A data directory that is listened for."""
    stopping = asyncio.Event()
    serving = asyncio.create_task(Agent(str(tmp_path), VERBS, print).run(stopping))
    await asyncio.sleep(0)
    yield tmp_path
    stopping.set()
    await serving
    assert not (tmp_path / "run" / "chaos.sock").exists()


async def ask(folder: Path, line: bytes) -> list[dict[str, Any]]:
    """All lines of the answer."""
    before = Path.cwd()
    os.chdir(folder / "run")
    try:
        reader, writer = await asyncio.open_unix_connection("chaos.sock")
    finally:
        os.chdir(before)
    writer.write(line + b"\n")
    answers = [json.loads(line) async for line in reader]
    writer.close()
    return answers


async def test_what_is_broken_is_told(served: Path) -> None:
    mode = (served / "run" / "chaos.sock").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600
    with Ledger(str(served)).changing() as page:
        page.put(entry("kill-1", Order("kill", "leader"), "replica-1"))
    [answer] = await ask(served, b'{"user": "ann", "command": ["status"]}')
    assert answer["done"]
    assert answer["ok"]
    [fault] = answer["faults"]
    assert (fault["name"], fault["names"]) == ("kill-1", ["replica-1"])


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"no json", "no request"),
        (b'{"command": "kill"}', "no request"),
        (b'{"command": [], "user": "ann"}', "a command has"),
        (b'{"command": ["serve"]}', "'serve' is not one of: kill"),
        (b'{"command": ["kill", "leader", "--data-dir", "/other"]}', "'--data-dir' is not for"),
        (b'{"command": ["kill", "leader", "--name=other"]}', "'--name=other' is not for"),
        (b'{"command": ["kill", "; rm"]}', "'; rm' names nothing"),
        (b"x" * 100_000, "no request"),
    ],
)
async def test_what_is_not_for_a_page_is_refused(served: Path, line: bytes, said: str) -> None:
    [answer] = await ask(served, line)
    assert answer["done"]
    assert not answer["ok"]
    assert said in answer["error"]


async def test_an_order_is_carried_out_as_if_typed_and_who_asked_is_known(served: Path) -> None:
    request = {"user": "ann\nroot: lies", "command": ["kill", "leader", "--for", "1s"]}
    *lines, last = await ask(served, json.dumps(request).encode())
    # There is no cluster in that folder.
    assert "there is no cluster" in lines[0]["line"]
    assert last["done"]
    assert not last["ok"]
    assert "there is no cluster" in last["error"]
    [log] = (served / "logs" / "chaos.log").read_text().splitlines()
    _, _, text = log.partition(" ")
    assert text == "ann root: lies: asks by the page: kill leader --for 1s"


async def test_one_listens_at_a_time(served: Path) -> None:
    with pytest.raises(ValueError, match="another `steersman chaos serve` listens"):
        listener(str(served / "run" / "chaos.sock"))


@pytest.mark.parametrize(
    "words",
    ["kill leader --for 30s", "delay zone/a zone/b 40ms --jitter=5ms", "zone outage b",
     "kill -30s", "heal kill-1"],
)  # fmt: skip
def test_what_a_page_may_ask_for(words: str) -> None:
    assert refused(words.split(), VERBS) == ""


async def test_an_order_that_is_only_being_started_when_it_ends_is_ended_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, asked, go = asyncio.create_subprocess_exec, asyncio.Event(), asyncio.Event()

    async def slowly(*words: str, **options: Any) -> asyncio.subprocess.Process:
        asked.set()
        await go.wait()
        return await real("sleep", "600", stdout=asyncio.subprocess.PIPE)

    monkeypatch.setattr(asyncio, "create_subprocess_exec", slowly)
    stopping = asyncio.Event()
    serving = asyncio.create_task(Agent(str(tmp_path), VERBS, print).run(stopping))
    await asyncio.sleep(0)
    answers = asyncio.create_task(ask(tmp_path, b'{"command": ["kill", "leader"]}'))
    await asked.wait()
    stopping.set()
    await asyncio.sleep(0)
    go.set()
    async with asyncio.timeout(30):
        await serving
        assert (await answers)[-1]["ok"] is False
