"""What is known of a fault once it was put in or taken out: the proof, or the doubt."""

from collections.abc import Iterable

import msgspec


class Evidence(msgspec.Struct, frozen=True):
    """``proof``: what was seen that shows it; ``doubt``: what was seen instead ('' if nothing).
    ``details``: see ``Active``. ``left``: it is not over, and can be tried again."""

    proof: str = ""
    doubt: str = ""
    details: tuple[str, ...] = ()
    left: bool = False


def joined(parts: Iterable[Evidence]) -> Evidence:
    """All of it; a doubt in one is a doubt in all."""
    every = list(parts)
    return Evidence(
        proof="; ".join(part.proof for part in every if part.proof),
        doubt="; ".join(part.doubt for part in every if part.doubt),
        details=tuple(detail for part in every for detail in part.details),
        left=any(part.left for part in every),
    )
