"""The text of an expression, and errors that point into it."""

from dataclasses import dataclass

from cluster.cel.errors import CelCompileError


@dataclass(frozen=True, slots=True)
class Source:
    """Offsets are in characters, from 0."""

    text: str

    def error(self, offset: int, message: str) -> CelCompileError:
        """As cel-go shows one."""
        return CelCompileError("compilation failed: " + self.told(offset, message))

    def told(self, offset: int, message: str) -> str:
        """The message, where it belongs, and the line with a mark."""
        before = self.text[:offset]
        line, column = before.count("\n") + 1, offset - (before.rfind("\n") + 1)
        shown = self.text.split("\n")[line - 1].replace("\t", " ")
        return f"ERROR: <input>:{line}:{column + 1}: {message}\n | {shown}\n | {'.' * column}^"
