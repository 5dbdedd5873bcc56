"""A real headless Chromium, driven over its own protocol (Chrome DevTools Protocol).

async with browser(tmp_path) as page:
    await page.go("https://127.0.0.1:6443/ui")
    await page.until("document.title.includes('Steersman')")
    await page.click("#tabs a")
"""

import asyncio
import base64
import itertools
import json
import os
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp

# By their names in Debian, and elsewhere.
PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
START_SECONDS = 20.0
ANSWER_SECONDS = 20.0
UNTIL_SECONDS = 15.0
MESSAGE_BYTES_MAX = 64 << 20
RESET = "ConnectionReset"
# Nobody's fault: containers of other tests make and end network interfaces of this machine, and the
# browser gives up what it was loading then.
NETWORK_CHANGED = "net::ERR_NETWORK_CHANGED"


class PageError(AssertionError):
    """What the page, or the browser, says went wrong."""


class Page:
    """One tab. ``errors``: what its scripts threw, and what its console says is an error."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._session = ""
        self._paused: asyncio.Queue[str] = asyncio.Queue()
        self._lost: set[str] = set()
        self.errors: list[str] = []

    async def listen(self) -> None:
        """For ever: answers to whom they are for."""
        async for message in self._socket:
            said = json.loads(message.data)
            waiting = self._waiting.pop(said.get("id", 0), None)
            if waiting is not None and not waiting.done():
                waiting.set_result(said)
            self._note(said.get("method", ""), said.get("params", {}))

    def _note(self, method: str, params: dict[str, Any]) -> None:
        if method == "Runtime.exceptionThrown":
            self.errors.append(json.dumps(params["exceptionDetails"])[:2000])
        if method == "Log.entryAdded" and params["entry"]["level"] == "error":
            said = f"{params['entry']['text']} {params['entry'].get('url', '')}"
            if NETWORK_CHANGED not in said and params["entry"].get("url") not in self._lost:
                self.errors.append(said)
        if method == "Fetch.requestPaused":
            self._lost.add(params["request"]["url"])
            self._paused.put_nowait(params["requestId"])

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        """One command. Raises PageError with what the browser says."""
        number = next(self._numbers)
        self._waiting[number] = asyncio.get_running_loop().create_future()
        command: dict[str, Any] = {"id": number, "method": method, "params": params}
        if self._session:
            command["sessionId"] = self._session
        await self._socket.send_json(command)
        async with asyncio.timeout(ANSWER_SECONDS):
            said = await self._waiting[number]
        if "error" in said:
            raise PageError(f"{method}: {said['error']}")
        result: dict[str, Any] = said["result"]
        return result

    async def open(self) -> None:
        """Make the tab."""
        target = (await self.call("Target.createTarget", url="about:blank"))["targetId"]
        made = await self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = made["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            await self.call(f"{domain}.enable")

    async def go(self, url: str) -> None:
        """Load another page."""
        while (found := await self.call("Page.navigate", url=url)).get("errorText"):
            if found["errorText"] != NETWORK_CHANGED:
                raise PageError(f"{url}: {found['errorText']}")

    async def lose(self, pattern: str) -> None:
        """The next request for what is named so (``*`` for anything) gets no answer: the network
        fails, which is no error of the page. Returns when it was made."""
        await self.call("Fetch.enable", patterns=[{"urlPattern": pattern}])
        failed = False
        async with asyncio.timeout(UNTIL_SECONDS):
            while not failed:
                request = await self._paused.get()
                # One of the page before, which has gone meanwhile, cannot fail any more.
                with suppress(PageError):
                    await self.call("Fetch.failRequest", requestId=request, errorReason=RESET)
                    failed = True
        await self.call("Fetch.disable")

    async def run(self, script: str) -> Any:
        """The value of an expression there."""
        found = await self.call(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in found:
            raise PageError(f"{script}: {found['exceptionDetails']}")
        return found["result"].get("value")

    async def until(self, script: str, seconds: float = UNTIL_SECONDS) -> Any:
        """Wait until an expression is true; its value."""
        found: Any = None
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while loop.time() < end:
            with suppress(PageError):  # a page that is being loaded
                found = await self.run(script)
                # An element comes as an empty object.
                if found or found == {}:
                    return found
            await asyncio.sleep(0.1)
        text = await self.run("document.body.innerText.slice(0, 1500)")
        raise PageError(f"not so after {seconds} s: {script} (is {found!r})\n{self.errors}\n{text}")

    async def click(self, selector: str) -> None:
        """Press the mouse in the middle of an element, once it is there."""
        name = json.dumps(selector)
        place = await self.until(
            f"(() => {{ const one = document.querySelector({name}); if (!one) return null;"
            "one.scrollIntoView({block: 'center'}); const box = one.getBoundingClientRect();"
            "return box.width ? [box.left + box.width / 2, box.top + box.height / 2] : null })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            await self.call(
                "Input.dispatchMouseEvent", type=kind, x=place[0], y=place[1], button="left",
                clickCount=1,
            )  # fmt: skip

    async def type(self, selector: str, text: str) -> None:
        """Click there, and type."""
        await self.click(selector)
        await self.call("Input.insertText", text=text)

    async def look(self, width: int, height: int, dark: bool = False) -> None:
        """Have a window of that size, and prefer that colour scheme."""
        await self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
            mobile=False,
        )  # fmt: skip
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        await self.call("Emulation.setEmulatedMedia", features=[scheme])

    async def picture(self, path: Path) -> None:
        """What it shows, as a PNG file."""
        found = await self.call("Page.captureScreenshot", format="png")
        path.write_bytes(base64.b64decode(found["data"]))


def program() -> str | None:
    """The browser's path; None if there is none."""
    return next((found for name in PROGRAMS if (found := shutil.which(name))), None)


@asynccontextmanager
async def browser(folder: Path) -> AsyncIterator[Page]:
    """Started with a profile of its own below ``folder``; ended at the end."""
    path = program()
    assert path is not None, f"none of these is installed: {', '.join(PROGRAMS)}"
    process = await asyncio.create_subprocess_exec(
        path, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
        "--no-first-run", "--disable-background-networking", "--disable-component-update",
        "--ignore-certificate-errors", "--remote-debugging-port=0",
        f"--user-data-dir={folder / 'profile'}", "about:blank",
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    try:
        address = await _address(process)
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(address, max_msg_size=MESSAGE_BYTES_MAX) as socket,
        ):
            page = Page(socket)
            listening = asyncio.create_task(page.listen())
            try:
                await page.open()
                yield page
            finally:
                listening.cancel()
                with suppress(asyncio.CancelledError):
                    await listening
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


async def _address(process: asyncio.subprocess.Process) -> str:
    assert process.stderr is not None
    said = b""
    async with asyncio.timeout(START_SECONDS):
        while line := await process.stderr.readline():
            said += line
            if b"DevTools listening on " in line:
                return line.decode().split("DevTools listening on ")[1].strip()
    raise AssertionError(f"the browser did not start: {said.decode(errors='replace')}")
