"""Long answers as gzip: who gets them, and that nothing else of the answer changes."""

import gzip

import pytest
from aiohttp import web

from actors.apiserver.compression import BYTES_MIN, KEPT_MAX, Compression, takes_gzip

LONG = b"0123456789abcdef" * (BYTES_MIN // 16)


@pytest.mark.parametrize(
    ("accepted", "taken"),
    [
        ("", False),
        ("gzip", True),
        ("deflate, GZIP;q=0.5, br", True),
        ("gzip; q=0", False),
        ("gzip;q=0.000, identity", False),
        ("x-gzip", False),
        ("*", False),
    ],
)
def test_who_takes_it(accepted: str, taken: bool) -> None:
    assert takes_gzip(accepted) is taken


async def test_only_long_answers() -> None:
    compression = Compression()
    short = await compression.applied(web.Response(body=LONG[:-1]), "gzip")
    assert short.body == LONG[:-1] and "Content-Encoding" not in short.headers
    plain = await compression.applied(web.Response(body=LONG), "identity")
    assert plain.body == LONG
    long = await compression.applied(web.Response(body=LONG, status=201), "gzip")
    assert isinstance(long.body, bytes) and gzip.decompress(long.body) == LONG
    assert long.status == 201
    assert (long.headers["Content-Encoding"], long.headers["Vary"]) == ("gzip", "Accept-Encoding")


async def test_documents_are_compressed_once() -> None:
    compression = Compression()

    async def ask(tag: str) -> web.Response:
        headers = {"ETag": f'"{tag}"', "Vary": "Accept"}
        return await compression.applied(web.Response(body=LONG, headers=headers), "gzip")

    first, again = await ask("a"), await ask("a")
    assert again.body is first.body
    assert first.headers.getall("Vary") == ["Accept", "Accept-Encoding"]
    for number in range(KEPT_MAX):
        await ask(str(number))
    assert (await ask("a")).body is not first.body


async def test_what_is_compressed_already_stays() -> None:
    packed = web.Response(body=LONG, headers={"Content-Encoding": "br"})
    assert (await Compression().applied(packed, "gzip")).body == LONG
