"""The transcripts in ``raft/``: what the core does for each command is what was recorded.

A file is prose in lines that begin with "#", commands that begin with "> ", and under each,
indented, what happened. STEERSMAN_REWRITE=1 records anew; read the difference before you keep it.
"""

import os
from pathlib import Path

import pytest

from tests.transcripts.raft_script import Script

FILES = sorted((Path(__file__).parent / "raft").glob("*.txt"))
REWRITE = os.environ.get("STEERSMAN_REWRITE") == "1"


def played(text: str) -> str:
    """The file with what happens now."""
    script = Script()
    lines: list[str] = []
    for line in text.splitlines():
        if line.startswith("> "):
            lines += [line, *(f"    {told}" for told in script.do(line[2:]))]
        elif not line.startswith("    "):
            lines.append(line)
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_what_happens_is_what_was_recorded(path: Path) -> None:
    recorded = path.read_text()
    happened = played(recorded)
    if REWRITE:
        path.write_text(happened)
    assert REWRITE or happened == recorded


def test_there_are_transcripts() -> None:
    assert len(FILES) >= 8
