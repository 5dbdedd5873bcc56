"""Text to tokens. Source: CEL language definition, "Syntax" and "String and Bytes Values".

Must not know: the grammar.
"""

import re
from dataclasses import dataclass
from typing import Any

from cluster.cel.source import Source
from cluster.cel.values import INT_MAX, UINT_MAX, UInt

RESERVED = frozenset(
    (
        "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let",
        "loop", "package", "namespace", "return", "var", "void", "while",
    )
)  # fmt: skip
_TOKEN = re.compile(
    r"(?P<space>[\t\n\f\r ]+|//[^\n]*)"
    r"|(?P<text>[rR]?[bB]?(?:\"\"\"|'''|\"|')|[bB][rR](?:\"\"\"|'''|\"|'))"
    r"|(?P<float>[0-9]+\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+|\.[0-9]+(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<int>0[xX][0-9a-fA-F]+[uU]?|[0-9]+[uU]?)"
    r"|(?P<name>[_a-zA-Z][_a-zA-Z0-9]*)"
    r"|(?P<quoted>`[a-zA-Z0-9_.\-/ ]+`)"
    r"|(?P<sign>&&|\|\||[<>=!]=|[<>!+\-*/%?:.,(){}\[\]])"
)
_ESCAPE = re.compile(
    r"\\(?:[xX](?P<x>[0-9a-fA-F]{2})|u(?P<u>[0-9a-fA-F]{4})|U(?P<U>[0-9a-fA-F]{8})"
    r"|(?P<o>[0-3][0-7]{2})|(?P<c>[abfnrtv\\'\"`?]))"
)
_CHARACTERS = {
    "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v",
    "\\": "\\", "'": "'", '"': '"', "`": "`", "?": "?",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Token:
    """``kind``: name, quoted, literal, sign or end. ``value``: of a literal."""

    kind: str
    text: str
    offset: int
    value: Any = None


def tokens(source: Source) -> list[Token]:
    """All of them, an end token last. Raises CelCompileError."""
    text, found, offset = source.text, [], 0
    while offset < len(text):
        match = _TOKEN.match(text, offset)
        if match is None:
            raise source.error(
                offset, f"Syntax error: token recognition error at: '{text[offset]}'"
            )
        kind, start, offset = str(match.lastgroup), offset, match.end()
        match kind:
            case "space":
                continue
            case "text":
                value, offset = _text(source, start, match[0])
                token = Token("literal", text[start:offset], start, value)
            case "int":
                token = Token("literal", match[0], start, _integer(source, start, match[0]))
            case "float":
                token = Token("literal", match[0], start, float(match[0]))
            case "quoted":
                token = Token("quoted", match[0][1:-1], start)
            case _:
                token = Token(kind, match[0], start)
        found.append(token)
    found.append(Token("end", "<EOF>", len(text)))
    return found


def _integer(source: Source, offset: int, text: str) -> int:
    """A minus before it is an operator: 2**63 is let through for it (see the parser)."""
    digits = text.rstrip("uU") if not text.lower().startswith("0x") else text[2:].rstrip("uU")
    if len(digits) > 20:
        raise source.error(offset, "invalid int literal")
    value = int(digits, 16 if text.lower().startswith("0x") else 10)
    if text[-1] in "uU":
        if value > UINT_MAX:
            raise source.error(offset, "invalid uint literal")
        return UInt(value)
    if value > INT_MAX + 1:
        raise source.error(offset, "invalid int literal")
    return value


def _text(source: Source, start: int, opening: str) -> tuple[str | bytes, int]:
    """(value, where it ends)"""
    quote = opening.lstrip("rRbB")
    prefix = opening[: len(opening) - len(quote)].lower()
    raw, is_bytes = "r" in prefix, "b" in prefix
    text, offset = source.text, start + len(opening)
    parts: list[str] = []
    encoded: list[bytes] = []
    while not text.startswith(quote, offset):
        if offset >= len(text) or (len(quote) == 1 and text[offset] in "\r\n"):
            raise source.error(start, f"Syntax error: token recognition error at: '{text[start:]}'")
        if text[offset] != "\\" or raw:
            parts.append(text[offset])
            encoded.append(text[offset].encode("utf-8", "surrogatepass"))
            offset += 1
            continue
        match = _ESCAPE.match(text, offset)
        if match is None or (is_bytes and (match["u"] or match["U"])):
            raise source.error(start, "invalid escape sequence")
        character, byte = _escaped(source, start, match)
        parts.append(character)
        encoded.append(byte)
        offset = match.end()
    return (b"".join(encoded) if is_bytes else "".join(parts)), offset + len(quote)


def _escaped(source: Source, start: int, match: re.Match[str]) -> tuple[str, bytes]:
    """What an escape stands for: in a text, and in bytes."""
    if match["c"]:
        character = _CHARACTERS[match["c"]]
        return character, character.encode()
    if match["o"] or match["x"]:
        code = int(match["o"], 8) if match["o"] else int(match["x"], 16)
        return chr(code), bytes((code,))
    code = int(match["u"] or match["U"], 16)
    if code > 0x10FFFF or 0xD800 <= code < 0xE000:
        raise source.error(start, "invalid unicode code point")
    return chr(code), chr(code).encode()
