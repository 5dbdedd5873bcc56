"""Who broke what, and when: ``<data_dir>/logs/chaos.log``, a line for each fault put in or healed.

Must not know: faults.
"""

import os
from contextlib import suppress
from datetime import UTC, datetime


def write(data_dir: str, user: str, text: str) -> None:
    """Add a line. What a person typed cannot begin a line of its own. Raises FileNotFoundError if
    there is no such data directory."""
    path = os.path.join(data_dir, "logs", "chaos.log")
    with suppress(FileExistsError):
        os.mkdir(os.path.dirname(path))
    stamp = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    line = " ".join(f"{stamp} {user or '-'}: {text}".split())
    with open(path, "a", encoding="utf-8") as file:
        file.write(line + "\n")
