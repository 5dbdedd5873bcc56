"""Why a controller does what it does, in words for the trace (``steersman trace why``). Pure.

Short, and made of names and counts only: nothing of what objects contain. Must not know: how the
words are recorded.
"""

from collections.abc import Sequence

from actors.controllers.objects import name_of
from cluster.api.resources import Resource
from cluster.api.types import Object

WORDS_MAX = 300


def note_name(resource: Resource, step: str) -> str:
    """``pod.deleting``: what the note of an action on an object is called. ``step``: created,
    changing, deleting."""
    return f"{resource.plural.removesuffix('s')}.{step}"


def path(namespace: str, name: str) -> str:
    """``default/web-1``; a name alone if it is of no namespace."""
    return f"{namespace}/{name}" if namespace else name


def count(number: int, noun: str = "pod") -> str:
    """``1 pod``, ``3 pods``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def missing(owner: Object, wanted: int, present: int) -> str:
    """Why pods are made."""
    return f"{name_of(owner)} is to have {count(wanted)} and has {present}"


def surplus(owner: Object, wanted: int, present: int, chosen: str) -> str:
    """Why this pod of several is deleted. ``chosen``: what told it from those that stay."""
    words = missing(owner, wanted, present)
    return f"{words}; this one goes {chosen}" if chosen else words


def scaling(deployment: Object, before: int, size: int, cause: str) -> str:
    """Why a set gets another size."""
    return f"from {before} to {size}: {cause.format(name=name_of(deployment))}"


def rolling(surge: int, unavailable: int) -> str:
    """The bounds of a rollout."""
    return (
        "{name} rolls out its template, with at most "
        f"{surge} more and {unavailable} fewer than it wants"
    )


def taints(found: Sequence[Object]) -> str:
    """``node.kubernetes.io/unreachable:NoExecute``."""
    return ", ".join(f"{item.get('key')}:{item.get('effect')}" for item in found)
