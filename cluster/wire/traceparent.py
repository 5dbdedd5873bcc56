"""The header ``traceparent``: a trace context as it travels in HTTP. Pure.

Source: W3C Recommendation "Trace Context", section 3.2 (traceparent). A header that breaks its
rules is as good as none; of a version that is not known, what version 00 defines is read. Must not
know: what a trace is made of.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

HEADER = "traceparent"
FORM = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?", re.DOTALL)
INVALID_VERSION = "ff"
# The flag "sampled": the sender may have recorded it.
SAMPLED = 1


class Parent(NamedTuple):
    """What the caller is doing: ``trace``, 32 hex digits; ``span``, 16."""

    trace: str
    span: str


def parse(values: Sequence[str]) -> Parent | None:
    """From all values of the header; None unless there is one, and it is well formed."""
    if len(values) != 1:
        return None
    found = FORM.fullmatch(values[0].strip(" \t"))
    if found is None:
        return None
    version, trace, span, _, more = found.groups()
    if version == INVALID_VERSION or (version == "00" and more is not None):
        return None
    if not trace.strip("0") or not span.strip("0"):
        return None
    return Parent(trace, span)


def render(context: str) -> str:
    """The header's value, version 00. ``context``: trace and span, joined by "-"."""
    return f"00-{context}-{SAMPLED:02x}"
