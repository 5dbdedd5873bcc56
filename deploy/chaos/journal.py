"""Who broke what, and when: ``<data_dir>/logs/chaos.log``, a line for each fault put in or healed.

Must not know: faults.
"""

import os
from datetime import UTC, datetime


def write(data_dir: str, user: str, text: str) -> None:
    """Add a line. What a person typed cannot begin a line of its own."""
    path = os.path.join(data_dir, "logs", "chaos.log")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    stamp = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    line = " ".join(f"{stamp} {user or '-'}: {text}".split())
    with open(path, "a", encoding="utf-8") as file:
        file.write(line + "\n")
