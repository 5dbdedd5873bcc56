"""The door of a process."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson
import pytest

from actors.kit.door import CALLERS_MAX, LINE_BYTES_MAX, Door


def _fails(_: dict[str, Any]) -> dict[str, Any]:
    raise ValueError("no such thing")


async def _later(ask: dict[str, Any]) -> dict[str, Any]:
    await asyncio.sleep(0)
    return {"said": ask["what"]}


OPS = {"say": lambda ask: {"said": ask["what"]}, "later": _later, "fail": _fails}


@pytest.fixture
async def path(tmp_path: Path) -> AsyncIterator[Path]:
    # Deeper than the path of a unix socket may be.
    where = tmp_path / ("deep" * 20) / ("deeper" * 10) / "replica-1.door"
    door = Door(where, OPS)
    await door.open()
    yield where
    await door.close()
    assert not where.exists()


async def call(path: Path) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        return await asyncio.open_unix_connection(f"/proc/self/fd/{folder}/{path.name}")
    finally:
        os.close(folder)


async def ask(path: Path, *lines: bytes) -> list[Any]:
    reader, writer = await call(path)
    answers = []
    for line in lines:
        writer.write(line + b"\n")
        answers.append(orjson.loads(await reader.readline()))
    await hang_up(writer)
    return answers


async def hang_up(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()


async def test_it_answers_each_line_in_turn(path: Path) -> None:
    answers = await ask(path, b'{"op":"say","what":1}', b'{"op":"later","what":[2]}')
    assert answers == [{"ok": True, "said": 1}, {"ok": True, "said": [2]}]
    assert path.stat().st_mode & 0o777 == 0o600


async def test_what_it_does_not_understand_is_said(path: Path) -> None:
    answers = await ask(
        path, b'{"op":"fail"}', b'{"op":"x"}', b"[1]", b"{", b'{"op":"say","what":1}'
    )
    assert [answer["ok"] for answer in answers] == [False, False, False, False, True]
    assert answers[0]["error"] == "no such thing"
    assert answers[1]["error"] == "ops are: fail, later, say"


async def test_an_endless_line_ends_only_its_caller(path: Path) -> None:
    reader, writer = await call(path)
    writer.write(b"x" * (LINE_BYTES_MAX * 2 + 1))
    with suppress(OSError):
        assert await reader.read() == b""
    await hang_up(writer)
    assert await ask(path, b'{"op":"say","what":1}') == [{"ok": True, "said": 1}]


async def test_callers_are_bounded(path: Path) -> None:
    calls = [await call(path) for _ in range(CALLERS_MAX)]
    for reader, writer in calls:
        writer.write(b'{"op":"say","what":1}\n')
        assert await reader.readline()
    calls.append(await call(path))
    assert await calls[-1][0].read() == b""
    for _, writer in calls:
        await hang_up(writer)
