"""Byte streams into a node's pods, asked for by API servers. Receivers: ``kubelet/streams@<node>``.

An Open* message opens a stream of the items below. Input goes the other way as tells that carry the
session's name; ``InputTaken`` gives back credit for it. Never more than INPUT_WINDOW_BYTES of input
are under way, nor more than CREDIT output items of CHUNK_BYTES_MAX each: both ends are bounded.
``sequence`` counts a session's tells from 0: a lost one (tells arrive at most once) is noticed, and
the session ends.
"""

from cluster.messages.base import Message

CHUNK_BYTES_MAX = 32 * 1024
INPUT_WINDOW_BYTES = 8 * CHUNK_BYTES_MAX
CREDIT = 8
STDOUT, STDERR = 1, 2


class OpenExec(Message, frozen=True):
    """Run a command in a container. Items: StreamOpened, then output, ProcessExited at the end."""

    session: str
    namespace: str
    pod: str
    container: str
    command: tuple[str, ...]
    stdin: bool = False
    stdout: bool = True
    stderr: bool = True
    tty: bool = False

    def subject(self) -> str:
        return f"exec {self.namespace}/{self.pod} {self.container}"


class OpenAttach(Message, frozen=True):
    """Attach to a container's first process. Items as of OpenExec, without ProcessExited."""

    session: str
    namespace: str
    pod: str
    container: str
    stdin: bool = False
    stdout: bool = True
    stderr: bool = True
    tty: bool = False

    def subject(self) -> str:
        return f"attach {self.namespace}/{self.pod} {self.container}"


class OpenDial(Message, frozen=True):
    """Connect to a TCP port. ``inside``: to the pod's own loopback, else from the node to the
    pod's address; ``pod`` '': to the node itself. Items: StreamOpened, StreamOutput on STDOUT,
    StreamEnded when the far end has said all."""

    session: str
    namespace: str
    pod: str
    port: int
    inside: bool = False

    def subject(self) -> str:
        return f"dial {self.namespace}/{self.pod}:{self.port}"


class StreamOpened(Message, frozen=True):
    """It is connected: the client may be told so."""


class StreamOutput(Message, frozen=True):
    """``channel``: STDOUT or STDERR."""

    channel: int
    data: bytes


class StreamEnded(Message, frozen=True):
    """No more output; input may still be taken."""


class InputTaken(Message, frozen=True):
    """So many bytes of input have been written on: as many more may come."""

    size: int


class ProcessExited(Message, frozen=True):
    """The command ended."""

    code: int


class StreamInput(Message, frozen=True):
    """Tell. ``last``: nothing follows (half close)."""

    session: str
    sequence: int
    data: bytes = b""
    last: bool = False

    def subject(self) -> str:
        return f"{len(self.data)} bytes"


class StreamResize(Message, frozen=True):
    """Tell. The terminal's size, in characters."""

    session: str
    sequence: int
    width: int
    height: int
