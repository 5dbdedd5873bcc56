"""What process-level actors are asked. Receivers: ``process@<process>``."""

from typing import ClassVar

from cluster.messages.base import Message


class Ping(Message, frozen=True):
    """Ask; reply Done: the process is up and its loop turns."""

    routine: ClassVar[bool] = True


class DescribeProcess(Message, frozen=True):
    """Ask; reply ProcessDescription."""


class ProcessDescription(Message, frozen=True):
    """``actors``: addresses of what runs. ``pid``: of the process, 0 in simulation."""

    process: str
    zone: str
    pid: int
    actors: tuple[str, ...]


class Shutdown(Message, frozen=True):
    """Ask; reply Done, then the process stops its components in reverse order and exits."""
