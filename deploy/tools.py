"""The machine's commands: where they are, also for a user whose PATH lacks the system folders.

Must not know: what they are run for.
"""

import os
import shutil


def search_path() -> str:
    """PATH, with the folders of system tools that an ordinary user's may lack."""
    return os.environ.get("PATH", "/usr/bin:/bin") + ":/usr/sbin:/sbin"


def which(name: str) -> str | None:
    """Where a command is, None if it is not installed."""
    return shutil.which(name, path=search_path())


def environment() -> dict[str, str]:
    """This process's environment with that path."""
    return {**os.environ, "PATH": search_path()}
