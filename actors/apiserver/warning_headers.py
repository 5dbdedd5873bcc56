"""Warnings of an answer as Warning headers (RFC 9110 section 5.6.4 quoting, KEP-1693).

Job: texts that may quote anything a client sent, made fit for a header. Must not know HTTP servers.
Bounds as kube-apiserver's: clients read headers of a bounded size.
"""

from collections.abc import Iterable

# Of all warnings together; if they are more, each is cut to the second number, and what is still
# too much is left out.
TOTAL_CHARACTERS_MAX = 4096
CUT_CHARACTERS_MAX = 256


def warning_headers(texts: Iterable[str]) -> list[str]:
    """Values of the headers, each text once: code 299, no agent."""
    shown = [_printable(text) for text in dict.fromkeys(texts)]
    if sum(map(len, shown)) > TOTAL_CHARACTERS_MAX:
        shown = [text[:CUT_CHARACTERS_MAX] for text in shown]
    values: list[str] = []
    room = TOTAL_CHARACTERS_MAX
    for text in shown:
        room -= len(text)
        if room < 0:
            break
        quoted = text.replace("\\", "\\\\").replace('"', '\\"')
        values.append(f'299 - "{quoted}"')
    return values


def _printable(text: str) -> str:
    """A control character would end the header, or the answer."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)
