"""Bytes that are no whole number. Must not know whose."""

from collections.abc import Iterable, Mapping

from cluster.api.quantity import NANO, QuantityError, parse

IN_BYTES = ("memory", "ephemeral-storage")


def fraction_warnings(
    path: str, amounts: Mapping[str, str] | None, resources: Iterable[str] = IN_BYTES
) -> list[str]:
    """Of a list of resources, as limits."""
    found = []
    for name in resources if amounts else ():
        text = (amounts or {}).get(name)
        if text is None or str(text).isdecimal():
            continue
        try:
            value = parse(str(text))
        except QuantityError:
            continue
        if value.nano % NANO:
            detail = "is invalid, must be an integer"
            found.append(f'{path}[{name}]: fractional byte value "{value}" {detail}')
    return found
