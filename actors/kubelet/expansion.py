"""``$(VAR)`` expansion in commands, arguments and environment values. Pure.

``$$`` is a dollar sign; a reference to an unknown variable stays as written. Source: core/v1
Container.command and EnvVar.value.
"""

from collections.abc import Mapping


def expand(text: str, variables: Mapping[str, str]) -> str:
    """Replace each ``$(NAME)`` that is known."""
    if "$" not in text:
        return text
    out: list[str] = []
    position = 0
    while position < len(text):
        char = text[position]
        following = text[position + 1 : position + 2]
        if char != "$":
            out.append(char)
            position += 1
        elif following == "$":
            out.append("$")
            position += 2
        elif following == "(" and (end := text.find(")", position + 2)) >= 0:
            name = text[position + 2 : end]
            out.append(variables.get(name, text[position : end + 1]))
            position = end + 1
        else:
            out.append("$")
            position += 1
    return "".join(out)
