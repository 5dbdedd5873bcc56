"""What of a page's state is new since it was told. Pure.

A state is sections of keyed values: section → key → value. Values are never changed in place.
"""

from collections.abc import Mapping
from typing import Any

Section = Mapping[str, Any]
State = Mapping[str, Section]


def changes(before: State, after: State) -> dict[str, dict[str, Any]]:
    """Section → key → the new value, None for what is gone; sections without changes are left
    out."""
    found = {}
    for name, section in after.items():
        told = before.get(name, {})
        new = {
            key: value for key, value in section.items() if key not in told or told[key] != value
        }
        new.update({key: None for key in told if key not in section})
        if new:
            found[name] = new
    return found
