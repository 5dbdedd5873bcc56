"""Indexes of a Job as text, ``1,3-5``: read, counted, compared.

Source: the API reference of batch/v1, completedIndexes. Must not know whose they are.
"""

from collections.abc import Iterator

from cluster.api.status import Cause
from cluster.api.validation import causes


def check_indexes(path: str, text: str, completions: int | None, found: list[Cause]) -> int:
    """How many they are; 0 if they are none."""
    try:
        return count_indexes(text, completions)
    except ValueError as error:
        detail = f"error parsing {path.rpartition('.')[2]}: {error}"
        found.append(causes.invalid(path, text, detail))
        return 0


def count_indexes(text: str, completions: int | None) -> int:
    """How many indexes ``1,3-5`` are. Raises ValueError unless they rise and are below
    ``completions``."""
    last, total = -1, 0
    for piece in text.split(",") if text else ():
        first, final = _interval(piece, completions)
        if first <= last:
            raise ValueError(f"non-increasing order, previous: {last}, current: {first}")
        total += final - first + 1
        last = final
    return total


def first_shared(one: str, other: str, completions: int | None) -> int | None:
    """The lowest index that is in both, which rise. What cannot be read is passed over."""
    spans, others = _readable(one, completions), _readable(other, completions)
    span, against = next(spans, None), next(others, None)
    while span is not None and against is not None:
        if span[0] <= against[1] and against[0] <= span[1]:
            return max(span[0], against[0])
        if span[0] <= against[0]:
            span = next(spans, None)
        else:
            against = next(others, None)
    return None


def _readable(text: str, completions: int | None) -> Iterator[tuple[int, int]]:
    for piece in text.split(",") if text else ():
        try:
            yield _interval(piece, completions)
        except ValueError:
            continue


def _interval(piece: str, completions: int | None) -> tuple[int, int]:
    limits = piece.split("-")
    if len(limits) > 2:
        raise ValueError(
            f'the fragment "{piece}" violates the requirement that an index interval can have at '
            "most two parts separated by '-'"
        )
    numbers = [_index(limit, completions) for limit in limits]
    first, final = numbers[0], numbers[-1]
    if len(numbers) > 1 and first >= final:
        raise ValueError(f"non-increasing order, previous: {first}, current: {final}")
    return first, final


def _index(text: str, completions: int | None) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > 10:
        raise ValueError(f'cannot convert string to integer for index: "{text}"')
    number = int(text)
    if completions is not None and number >= completions:
        raise ValueError(f'too large index: "{text}"')
    return number
