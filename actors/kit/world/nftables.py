"""The packet filter by nftables: libnftables by ctypes in one worker thread, else ``nft -f -``.

A context of libnftables belongs to the network namespace of the thread that made it, and a call
may block on netlink: hence one dedicated thread. What stands in the kernel is remembered, not read
back (listing 10,000 Services takes a second).

Must not know: Services, which component asks.
"""

import asyncio
import ctypes
import ctypes.util
import shutil
import subprocess
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from actors.kit.world.conntrack import forget_stale_flows
from actors.kit.world.netns import enter_namespace, namespace_command
from actors.kit.world.nft_script import difference_script, full_script, remove_script
from actors.kit.world.packet_filter import ForwardTable, PacketFilterFault

NFT_SECONDS_MAX = 30


class NftablesPacketFilter:
    """The packet filter of this process's network namespace, or of ``namespace`` (a path as
    "/run/netns/kN"). ``library`` False: always the ``nft`` command."""

    def __init__(self, namespace: str = "", library: bool = True) -> None:
        self._namespace = namespace
        # Table name → the table that stands, and its backend chains.
        self._standing: dict[str, tuple[ForwardTable, frozenset[str]]] = {}
        self._lock = asyncio.Lock()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="nftables")
        self._library = library
        self._session: LibNftables | NftCommand | None = None

    async def apply(self, table: ForwardTable, whole: bool = False) -> None:
        async with self._lock:
            before = None if whole else self._standing.get(table.name)
            if before is not None and before[0] == table:
                return
            loop = asyncio.get_running_loop()
            try:
                chains = await loop.run_in_executor(self._thread, self._apply, before, table)
            except PacketFilterFault:
                # What stands is not what is remembered: replace in full next time.
                self._standing.pop(table.name, None)
                raise
            self._standing[table.name] = (table, chains)
        await forget_stale_flows(before[0] if before is not None else None, table, self._namespace)

    async def remove(self, names: Iterable[str]) -> None:
        async with self._lock:
            for name in names:
                self._standing.pop(name, None)
                loop = asyncio.get_running_loop()
                await loop.run_in_executor(self._thread, self._run, remove_script(name))

    async def close(self) -> None:
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._thread, self._end_session)
        self._thread.shutdown(wait=False)

    def _apply(
        self, before: tuple[ForwardTable, frozenset[str]] | None, table: ForwardTable
    ) -> frozenset[str]:
        """In the worker thread: the difference if there is an old table to differ from. Returns
        the backend chains that stand now."""
        if before is not None:
            difference = difference_script(before[0], table, before[1])
            if difference is not None:
                try:
                    if difference.text:
                        self._run(difference.text)
                    return difference.chains
                except PacketFilterFault:
                    pass  # somebody flushed the table behind our back: replace it
        script = full_script(table)
        self._run(script.text)
        return script.chains

    def _run(self, script: str) -> None:
        if self._session is None:
            self._session = open_session(self._namespace, self._library)
        self._session.run(script)

    def _end_session(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None


class LibNftables:
    """One libnftables context, bound to the namespace of the thread that opens it (libnftables(3)).

    Raises OSError if the library is not there."""

    def __init__(self, namespace: str = "") -> None:
        enter_namespace(namespace)
        self._nft = _load_library()
        self._context = ctypes.c_void_p(self._nft.nft_ctx_new(0))
        self._nft.nft_ctx_buffer_output(self._context)
        self._nft.nft_ctx_buffer_error(self._context)

    def run(self, script: str) -> None:
        """Run a script as one transaction. Raises PacketFilterFault with nft's words."""
        code = self._nft.nft_run_cmd_from_buffer(self._context, script.encode())
        self._nft.nft_ctx_get_output_buffer(self._context)
        if code:
            error: bytes = self._nft.nft_ctx_get_error_buffer(self._context)
            raise PacketFilterFault(error.decode(errors="replace")[:2000])
        self._nft.nft_ctx_get_error_buffer(self._context)

    def close(self) -> None:
        self._nft.nft_ctx_free(self._context)


class NftCommand:
    """The ``nft`` command, one process per script. Raises OSError if it is not there."""

    def __init__(self, namespace: str = "") -> None:
        nft = shutil.which("nft") or shutil.which("nft", path="/usr/sbin:/sbin")
        if nft is None:
            raise OSError("neither libnftables nor the nft command is installed")
        self._command = [*namespace_command(namespace), nft, "-f", "-"]

    def run(self, script: str) -> None:
        """Run a script as one transaction. Raises PacketFilterFault with nft's words."""
        try:
            done = subprocess.run(
                self._command,
                input=script,
                text=True,
                capture_output=True,
                check=False,
                timeout=NFT_SECONDS_MAX,
            )
        except subprocess.TimeoutExpired as error:
            raise PacketFilterFault(f"nft took longer than {NFT_SECONDS_MAX} s") from error
        if done.returncode:
            raise PacketFilterFault(done.stderr[:2000])

    def close(self) -> None:
        """Nothing stays open between scripts."""


def open_session(namespace: str, library: bool) -> LibNftables | NftCommand:
    """The library if it can be loaded, else the command. Raises PacketFilterFault if neither."""
    try:
        if library:
            try:
                return LibNftables(namespace)
            except OSError:
                return NftCommand(namespace)
        return NftCommand(namespace)
    except OSError as error:
        raise PacketFilterFault(str(error)) from error


def _load_library() -> Any:
    library = ctypes.CDLL("libnftables.so.1")
    library.nft_ctx_new.restype = ctypes.c_void_p
    library.nft_ctx_new.argtypes = [ctypes.c_uint32]
    library.nft_run_cmd_from_buffer.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
    library.nft_run_cmd_from_buffer.restype = ctypes.c_int
    for name in ("nft_ctx_buffer_output", "nft_ctx_buffer_error", "nft_ctx_free"):
        getattr(library, name).argtypes = [ctypes.c_void_p]
    for name in ("nft_ctx_get_output_buffer", "nft_ctx_get_error_buffer"):
        getattr(library, name).argtypes = [ctypes.c_void_p]
        getattr(library, name).restype = ctypes.c_char_p
    return library
