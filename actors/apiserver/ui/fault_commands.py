"""What a page may ask the launcher to break: the words of ``steersman chaos``, and no others. Pure.

The launcher judges what a command means; here is judged that it is one, and that no option in it
reaches what is not of this cluster. Must not know: how faults are put in.
"""

import re

import msgspec

from cluster.api import status
from cluster.chaos import orders

# No ``run`` and no ``serve``: those are for the one who sits at the machine.
VERBS = frozenset((*orders.VERBS, "docker", "heal", "status", "zone"))
OPTIONS = frozenset(("--for", "--jitter", "--rate", "--seed", "--way"))
WORDS_MAX = 16
_WORD = re.compile(r"[A-Za-z0-9+][A-Za-z0-9_.,:/=%+-]{0,127}|-[0-9][0-9.smh]{0,15}")


class FaultOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of POST /ui/chaos."""

    command: tuple[str, ...]


def parse(body: bytes) -> tuple[str, ...]:
    """The command. Raises StatusError 400."""
    try:
        command = msgspec.json.decode(body, type=FaultOrder).command
    except msgspec.DecodeError as error:
        raise status.bad_request(f"the body: {error}") from error
    objection = refused(command)
    if objection:
        raise status.bad_request(objection)
    return command


def refused(command: tuple[str, ...]) -> str:
    """Why a command is none of ours; '' if it is one."""
    if not command or len(command) > WORDS_MAX:
        return f"a command has 1 to {WORDS_MAX} words"
    if command[0] not in VERBS:
        return f"{command[0][:40]!r} is no fault that a page may ask for"
    for word in command[1:]:
        if word.startswith("--"):
            if word.partition("=")[0] not in OPTIONS:
                return f"the option {word[:40]!r} is not for pages"
        elif not _WORD.fullmatch(word):
            return f"{word[:40]!r} names nothing"
    return ""
