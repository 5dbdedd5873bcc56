"""Long lists that are not put together: their objects' bytes as they are stored.

Job: the pieces of a body, whole or a chunk at a time. A list of a hundred megabytes put together
would be that much memory more, which the kernel takes longer to give than the list takes to be
encrypted, while the event loop stands still. Must not know: HTTP, sockets.
"""

from collections.abc import Iterator, Sequence

from cluster.limits import KIB
from cluster.messages.apiserver import ApiResponse

# Of less the pieces are put together at once.
BYTES_MIN = 512 * KIB
BETWEEN = b","


class ListResponse(ApiResponse, frozen=True):
    """A list whose body is ``pieces`` with commas between; ``body`` is empty. It stays in its
    process: what travels is ``whole``."""

    pieces: tuple[bytes, ...] = ()


def whole(response: ApiResponse) -> ApiResponse:
    """The response with its body in one."""
    if not isinstance(response, ListResponse):
        return response
    return ApiResponse(
        response.code,
        BETWEEN.join(response.pieces),
        response.content_type,
        response.warnings,
        response.traces,
    )


def size_of(pieces: Sequence[bytes]) -> int:
    """Bytes of the whole."""
    return sum(map(len, pieces)) + len(BETWEEN) * (len(pieces) - 1)


def chunks(pieces: Sequence[bytes], size: int) -> Iterator[bytes]:
    """The whole in parts that are little longer than ``size``, but for the last; a piece that is
    longer than that comes in parts itself."""
    first, held, last = 0, 0, len(pieces) - 1
    for number, piece in enumerate(pieces):
        held += len(piece)
        if held < size and number < last:
            continue
        group = [*pieces[first : number + 1], b""] if number < last else pieces[first:]
        chunk = BETWEEN.join(group)
        if len(chunk) <= 2 * size:
            yield chunk
        else:
            yield from (chunk[start : start + size] for start in range(0, len(chunk), size))
        first, held = number + 1, 0
