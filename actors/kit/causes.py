"""Several causes of one piece of work: the first is its parent, the others are links. Pure.

What asks for the same work before it is done is done in one; a chain that ended at whoever asked
first, or last, would tell of the others that they came to nothing.
"""

from cluster.trace_subjects import COALESCED as COALESCED

# Of one piece of work. Whoever asks after so many others changes nothing any more.
LINKS_MAX = 16

Causes = tuple[str, ...]


def merged(causes: Causes, trace: str) -> Causes:
    """``causes`` and one more ('': it is not known)."""
    if not trace or trace in causes or len(causes) > LINKS_MAX:
        return causes
    return (*causes, trace)


def parent(causes: Causes) -> str:
    """The first, '' if none is known."""
    return causes[0] if causes else ""
