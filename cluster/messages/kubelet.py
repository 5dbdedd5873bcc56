"""What a kubelet is asked by API servers. Receivers: ``kubelet@<node>``."""

from cluster.messages.base import Message


class ReadLogs(Message, frozen=True):
    """Stream of LogChunk: what a container wrote, as ``kubectl logs`` asks for it.

    ``container`` '' is the only one, or the one of the default-container annotation.
    ``tail`` -1 is all. ``since`` UNIX seconds, 0 is from the start. ``limit_bytes`` 0 is no limit.
    """

    namespace: str
    pod: str
    container: str = ""
    follow: bool = False
    previous: bool = False
    timestamps: bool = False
    tail: int = -1
    since: float = 0.0
    limit_bytes: int = 0

    def subject(self) -> str:
        return f"logs {self.namespace}/{self.pod} {self.container}".rstrip()


class LogChunk(Message, frozen=True):
    """Bytes as the container wrote them, both streams in order of time."""

    data: bytes


class ReadNodeDocument(Message, frozen=True):
    """Ask: what a kubelet of Kubernetes serves by HTTP at ``path``, as /healthz. NodeDocument."""

    path: str

    def subject(self) -> str:
        return f"document {self.path}"


class NodeDocument(Message, frozen=True):
    """``code``: as HTTP's."""

    code: int
    body: bytes
    content_type: str = "text/plain; charset=utf-8"
