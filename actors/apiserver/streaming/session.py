"""One session with a kubelet: a stream of output, and tells of input with credit.

Both ends are bounded (see ``cluster.messages.streams``): ``write`` waits for credit, and a reader
that does not read makes the kubelet wait. Must not know: which protocol the client speaks.
"""

import asyncio
from types import TracebackType
from typing import cast

from actors.apiserver.environment import Environment
from actors.apiserver.store_client import translate
from actors.apiserver.streaming.idle import Idle
from actors.kit.ref import Stream
from cluster import names
from cluster.api import status
from cluster.errors import (
    ActorDown,
    Overloaded,
    PeerFault,
    StatusError,
    SteersmanError,
    TemporaryFault,
)
from cluster.messages.streams import (
    CHUNK_BYTES_MAX,
    CREDIT,
    INPUT_WINDOW_BYTES,
    InputTaken,
    OpenAttach,
    OpenDial,
    OpenExec,
    ProcessExited,
    StreamEnded,
    StreamInput,
    StreamOpened,
    StreamOutput,
    StreamResize,
)

# The kubelet may have to start a command on a busy machine; it has deadlines of its own.
OPEN_SECONDS = 60.0
# As long as a node that lost its connection takes to be dialled again.
DIAL_SECONDS = 3.0
DIAL_PAUSE_SECONDS = 0.1
Opening = OpenExec | OpenAttach | OpenDial
Output = StreamOutput | StreamEnded | ProcessExited


def new_name(environment: Environment) -> str:
    """A session's name, which nobody can guess."""
    return environment.entropy.hex(32)


class Session:
    """``async with Session(...) as session``: open at the start, ended at the end.

    Entering raises StatusError if it cannot be opened. ``read`` must be called all the time:
    it is what takes credit back.
    """

    def __init__(self, environment: Environment, node: str, opening: Opening) -> None:
        self._environment = environment
        self._node = node
        self._opening = opening
        self._name = opening.session
        self._kubelet = environment.ref(names.address(names.KUBELET_STREAMS, node))
        self._stream: Stream = self._kubelet.stream(opening, CREDIT)
        self._sequence = 0
        self._credit = INPUT_WINDOW_BYTES
        self._over = False
        self._changed = asyncio.Event()
        self.idle = Idle()

    async def __aenter__(self) -> "Session":
        entered = False
        try:
            await self._begin()
            entered = True
            async with asyncio.timeout(OPEN_SECONDS):
                first = await anext(self._stream)
            if not isinstance(first, StreamOpened):
                raise PeerFault(f"a session begins with {type(first).__name__}")
            entered = False
            return self
        except StopAsyncIteration as error:
            raise status.internal_error("the session ended before it began") from error
        except TimeoutError as error:
            raise status.timeout(f"the kubelet of node {self._node} did not answer") from error
        except SteersmanError as error:
            raise self._readable(error) from error
        finally:
            if entered:
                await self._stream.__aexit__(None, None, None)

    async def _begin(self) -> None:
        """Send the opening. A node whose connection has just broken is dialled anew within a
        second: until then nothing was sent, and it may be tried again. Raises SteersmanError."""
        clock = self._environment.clock
        until = clock.monotonic() + DIAL_SECONDS
        while True:
            try:
                await self._stream.__aenter__()
                return
            except ActorDown:
                if clock.monotonic() >= until:
                    raise
            await clock.sleep(DIAL_PAUSE_SECONDS)
            self._stream = self._kubelet.stream(self._opening, CREDIT)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._end()
        await self._stream.__aexit__(kind, error, traceback)

    async def read(self) -> Output | None:
        """What comes next; None once the session is over. Raises StatusError."""
        while True:
            try:
                item = await anext(self._stream)
            except StopAsyncIteration:
                self._end()
                return None
            except SteersmanError as error:
                self._end()
                raise self._readable(error) from error
            self.idle.stir()
            if not isinstance(item, InputTaken):
                return cast(Output, item)
            self._credit += item.size
            self._changed.set()

    async def write(self, data: bytes) -> None:
        """Input, as the kubelet takes it; without effect once the session is over. Raises
        ConnectionError if it cannot be sent."""
        for start in range(0, len(data), CHUNK_BYTES_MAX):
            piece = data[start : start + CHUNK_BYTES_MAX]
            while self._credit < len(piece) and not self._over:
                self._changed.clear()
                await self._changed.wait()
            self._credit -= len(piece)
            self._tell(StreamInput(self._name, self._sequence, piece))

    def write_eof(self) -> None:
        """No more input."""
        self._tell(StreamInput(self._name, self._sequence, b"", True))

    def resize(self, width: int, height: int) -> None:
        """The client's terminal has another size."""
        self._tell(StreamResize(self._name, self._sequence, width, height))

    def _tell(self, message: StreamInput | StreamResize) -> None:
        if not self._over:
            self.idle.stir()
            try:
                self._kubelet.tell(message)
            except Overloaded as error:
                # What cannot be sent is lost, and a session cannot lose anything.
                raise ConnectionResetError(str(error)) from error
            self._sequence += 1

    def _end(self) -> None:
        self._over = True
        self._changed.set()

    def _readable(self, error: SteersmanError) -> StatusError:
        """For the client."""
        if isinstance(error, TemporaryFault) and not isinstance(error, Overloaded):
            return status.service_unavailable(f"the kubelet of node {self._node} cannot be reached")
        return translate(error)
