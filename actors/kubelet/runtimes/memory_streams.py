"""The streams of a process that is only simulated: what it is told comes in, what it says goes out.

Must not know: containers, who reads.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

from actors.kit.world.containers import ExecResult, RuntimeFault

# What a pipe holds (pipe(7)): a process that writes more waits for its reader.
PIPE_BYTES = 64 * 1024
EXIT_KILLED = 137


class Program:
    """What a simulated command does. Subclass, and set ``exit_code`` once it ends."""

    def __init__(self) -> None:
        self.exit_code: int | None = None
        self.size = (0, 0)

    def started(self, command: Sequence[str], say: Callable[[int, bytes], None]) -> None:
        """At its start. ``say(1 or 2, data)`` writes to stdout or stderr."""

    def input(self, data: bytes, say: Callable[[int, bytes], None]) -> None:
        """It reads."""

    def input_ended(self, say: Callable[[int, bytes], None]) -> None:
        """Its input ends."""


class Told(Program):
    """Says what it was told to, and ends."""

    def __init__(self, result: ExecResult) -> None:
        super().__init__()
        self._result = result

    def started(self, command: Sequence[str], say: Callable[[int, bytes], None]) -> None:
        if self._result.output:
            say(1, self._result.output)
        self.exit_code = self._result.exit_code


class Cat(Program):
    """``cat``: says what it reads."""

    def input(self, data: bytes, say: Callable[[int, bytes], None]) -> None:
        say(1, data)

    def input_ended(self, say: Callable[[int, bytes], None]) -> None:
        self.exit_code = 0


class MemoryStreams:
    """The streams of ``program``. ``forget`` is called once, at ``close``."""

    def __init__(self, program: Program, forget: Callable[["MemoryStreams"], None]) -> None:
        self.program = program
        self.killed = False
        self._forget = forget
        self._output: deque[tuple[int, bytes]] = deque()
        self._held = 0
        self._changed = asyncio.Event()

    def start(self, command: Sequence[str]) -> None:
        """Let it run."""
        self.program.started(command, self.say)

    def say(self, stream: int, data: bytes) -> None:
        """The process writes."""
        self._output.append((stream, data))
        self._held += len(data)
        self._wake()

    def end(self, code: int = EXIT_KILLED) -> None:
        """The process is ended from outside."""
        if self.program.exit_code is None:
            self.program.exit_code = code
            self.killed = True
        self._wake()

    async def read(self) -> tuple[int, bytes] | None:
        while not self._output:
            if self.program.exit_code is not None:
                return None
            await self._changed.wait()
        piece = self._output.popleft()
        self._held -= len(piece[1])
        self._wake()
        return piece

    async def write(self, data: bytes) -> None:
        while self._held >= PIPE_BYTES and self.program.exit_code is None:
            await self._changed.wait()
        if self.program.exit_code is None:
            self.program.input(data, self.say)
            self._wake()

    async def write_eof(self) -> None:
        if self.program.exit_code is None:
            self.program.input_ended(self.say)
            self._wake()

    async def resize(self, width: int, height: int) -> None:
        self.program.size = (width, height)

    async def exit_code(self) -> int:
        if self.program.exit_code is None:
            raise RuntimeFault(0, "exec: the command still runs")
        return self.program.exit_code

    async def close(self) -> None:
        self.end()
        self._forget(self)

    def _wake(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
