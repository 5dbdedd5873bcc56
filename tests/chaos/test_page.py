"""The live page in a real browser, on a cluster of real processes, one of which is killed."""

import asyncio
import json
import os
import random
import signal
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from cluster.api.types import Object
from cluster.settings import ClusterSettings
from deploy import administrator, launch, processes
from deploy.client import ApiError
from deploy.progress import Progress
from tests.support.browser import Page, browser, program
from tests.support.real_cluster import RealCluster

pytestmark = [pytest.mark.chaos, pytest.mark.unhurried, pytest.mark.timeout(180)]

# Where pictures are kept, for people to look at.
PICTURES = os.environ.get("STEERSMAN_PICTURES", "")
WIDE, NARROW = (1400, 900), (420, 900)
WEB = "#objects?g=apps&v=v1&r=deployments&ns=default&name=page"


@pytest.fixture
async def page(simulated: RealCluster, tmp_path: Path) -> AsyncIterator[Page]:
    """Logged in by what `steersman ui` prints."""
    if program() is None and not os.environ.get("CI"):
        pytest.skip("no Chromium: sudo apt-get install chromium-headless-shell")
    async with browser(tmp_path) as opened:
        await opened.look(*WIDE)
        await opened.go(f"https://{simulated.settings.network.shared_api}/ui")
        await opened.until("location.pathname == '/ui/login' && document.querySelector('#token')")
        # Made by one replica, redeemed by another.
        [address] = simulated.do("ui", "--replica", "replica-1").splitlines()[:1]
        first, second = (one.api_addresses[0] for one in simulated.settings.replicas[:2])
        await opened.go(address.replace(first, second))
        await opened.until("location.pathname == '/ui'")
        await opened.go(f"https://{simulated.settings.network.shared_api}/ui")
        await opened.until("location.pathname == '/ui'")
        yield opened


async def pictures(page: Page, folder: Path, name: str) -> None:
    """What is shown, wide and narrow, light and dark; and nothing is wider than the window."""
    for size in (WIDE, NARROW):
        for dark in (False, True):
            await page.look(*size, dark)
            await asyncio.sleep(0.05)
            look = f"{name}-{'wide' if size == WIDE else 'narrow'}-{'dark' if dark else 'light'}"
            await page.picture((Path(PICTURES) if PICTURES else folder) / f"{look}.png")
        wider = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert await page.run(wider) == 0, name
    await page.look(*WIDE)


def deploy(cluster: RealCluster, replicas: int) -> None:
    labels = {"app": "page"}
    container = {"name": "main", "image": "busybox:1"}
    administrator.client(cluster.settings).apply(
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "page", "namespace": "default"},
            "spec": {
                "replicas": replicas,
                "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
            },
        }
    )


def keep_a_secret(cluster: RealCluster) -> None:
    body = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "page", "namespace": "default"},
        "data": {"word": "c2FpbG9y"},
    }
    administrator.client(cluster.settings).apply(body)


PODS = "/api/v1/namespaces/default/pods?labelSelector=app%3Dpage"


@pytest.fixture
def swept(simulated: RealCluster) -> Iterator[None]:
    """Nothing of the test is left for those that come after it, which share the cluster."""
    yield
    settings = simulated.settings
    launch.start_all(settings, Progress())
    client = administrator.client(settings)

    def deleted(path: str) -> Object:
        try:
            return client.call("DELETE", f"{path}?propagationPolicy=Foreground")
        except ApiError as error:
            if error.code != 404:
                raise
            return error.status

    for path in (
        "/apis/apps/v1/namespaces/default/deployments/page",
        "/api/v1/namespaces/default/secrets/page",
    ):
        client.patiently(partial(deleted, path), 60)
    deadline = time.monotonic() + 60
    while client.patiently(lambda: client.call("GET", PODS), 60)["items"]:
        assert time.monotonic() < deadline, "the pods of the page stay"
        time.sleep(0.1)


async def loses_a_file(page: Page) -> None:
    """One script of many, and then the first answer of the server, do not come: the page does."""
    for pattern in ("*/ui/files/map.js", "*/ui/whoami"):
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(page.lose(pattern))
            tasks.create_task(page.run("location.reload()"))
        await page.until("document.querySelector('#user')?.innerText")
    assert page.errors == []


async def test_the_page(page: Page, simulated: RealCluster, swept: None, tmp_path: Path) -> None:
    await loses_a_file(page)
    # Zones, replicas with their roles, nodes.
    await page.until("document.querySelectorAll('.zone').length == 3")
    await page.until("document.querySelectorAll('.role-leader').length == 1")
    await page.until("document.querySelectorAll('.role-follower').length == 2")
    await page.until(
        "document.querySelectorAll('[data-process^=node-] .chip.good').length == 3", 40
    )
    # Messages as they happen: what they say, and the chain of one of them.
    await page.until("document.querySelectorAll('.edge.raft').length >= 4")
    await asyncio.to_thread(deploy, simulated, 2)
    await page.until("document.querySelectorAll('.pod.good').length >= 2")
    await pictures(page, tmp_path, "map")
    await page.type("#message-filter", "PATCH /apis/apps/v1/namespaces/default/deployments/page")
    await page.click("#messages .message")
    await page.until(
        "location.hash.startsWith('#chain/')"
        " && document.querySelector('.chain')?.innerText.includes('container.started')"
    )
    first = await page.run("document.querySelector('.chain tr').innerText")
    assert "http.request" in first and "201" in first
    await pictures(page, tmp_path, "chain")
    # An object, and what it was before.
    await page.run(f"location.hash = '{WEB}'")
    await page.until("document.querySelector('pre.object')?.innerText.includes('replicas: 2')")
    await pictures(page, tmp_path, "object")
    await asyncio.to_thread(deploy, simulated, 3)
    await page.run(f"location.hash = '{WEB}&show=history'")
    await page.until("document.querySelectorAll('.versions tbody tr').length >= 3")
    await page.click(".versions tbody tr:last-child input[name=side-0]")
    await page.until("document.querySelector('.diff .added')?.innerText.includes(':')")
    changed = await page.run("document.querySelector('.diff').innerText")
    assert "-   replicas: 2" in changed and "+   replicas: 3" in changed
    await pictures(page, tmp_path, "history")
    await page.run(f"location.hash = '{WEB}&show=chains'")
    await page.until("document.querySelectorAll('#object-one a[href^=\"#chain/\"]').length >= 2")
    # A Secret's values are not even asked for, until somebody wants to see them.
    await asyncio.to_thread(keep_a_secret, simulated)
    await page.run("location.hash = '#objects?v=v1&r=secrets&ns=default&name=page'")
    await page.until("document.querySelector('#object-one')?.innerText.includes('Show the values')")
    await page.until("document.querySelector('pre.object')?.innerText.includes('name: page')")
    assert "c2FpbG9y" not in await page.run("document.documentElement.outerHTML")
    await page.click("#object-one button.show")
    await page.until("document.querySelector('pre.object')?.innerText.includes('c2FpbG9y')")
    # Faults: who lets them in does not listen.
    await page.run("location.hash = '#faults'")
    await page.until("document.querySelector('#no-launcher')?.innerText.includes('chaos serve')")
    await page.run("location.hash = '#flows'")
    await page.until("document.querySelectorAll('#flows tbody tr').length > 5")
    await pictures(page, tmp_path, "flows")
    await page.run("location.hash = '#map'")
    await page.click("[data-process=replica-1] .box-head")
    notice = await page.until("document.querySelector('#no-faults')?.innerText")
    assert "steersman chaos serve" in notice
    await pictures(page, tmp_path, "dialog")
    await page.click("dialog button")
    async with launcher(simulated):
        await break_something(page, simulated.settings, tmp_path)
    await page.go(f"https://{simulated.settings.network.shared_api}/ui")
    await page.until("document.querySelector('#live')?.innerText.startsWith('live from')", 30)
    assert page.errors == []
    # The replica that serves the page dies: another goes on with it, and says so.
    serving = await page.run("document.querySelector('#live').innerText.replace('live from ', '')")
    killed = processes.find(simulated.settings, serving)
    assert killed is not None
    os.kill(killed.pid, signal.SIGKILL)
    await page.until(f"document.querySelector('[data-process={serving}].down')", 20)
    await page.until("document.querySelector('#live').innerText.startsWith('live from')")
    assert await page.run("document.querySelector('#live').innerText") != f"live from {serving}"
    await page.until("document.querySelectorAll('.role-leader').length == 1")
    await page.until("document.querySelector('#quorum').innerText.startsWith('leader')")
    await page.run("document.querySelector('#message-filter').value = ''")
    await pictures(page, tmp_path, "killed")
    # Another dies: the last goes on showing what it knows, and says that it is alone.
    alone = await page.run("document.querySelector('#live').innerText.replace('live from ', '')")
    [other] = {one.name for one in simulated.settings.replicas} - {serving, alone}
    found = processes.find(simulated.settings, other)
    assert found is not None
    os.kill(found.pid, signal.SIGKILL)
    await page.until("document.querySelector('#quorum').innerText == 'no quorum'", 20)
    notice = await page.run("document.querySelector('#notice').innerText")
    assert notice.startswith(alone)
    assert await page.run("document.querySelectorAll('.pod').length") == 3
    await page.run(f"location.hash = '{WEB}&show=history'")
    await page.until("document.querySelectorAll('.versions tbody tr').length >= 3")
    await page.run("location.hash = '#objects?v=v1&r=services&ns=default&name=kubernetes'")
    await page.until("document.querySelector('pre.object')?.innerText.includes('clusterIP')")
    await page.run("location.hash = '#map'")
    await pictures(page, tmp_path, "alone")


@asynccontextmanager
async def launcher(cluster: RealCluster) -> AsyncIterator[None]:
    """`steersman chaos serve`."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "deploy.cli", "chaos", "serve", "--data-dir", cluster.data_dir,
        stdout=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        await process.wait()


async def break_something(page: Page, settings: ClusterSettings, folder: Path) -> None:
    """A follower is stopped by a click; it is shown, and healed by another click.

    The page is asked of one replica: at the shared address, the one that is to be stopped might be
    the one that tells of it.
    """
    serving = settings.replicas[0].name
    await page.go(f"https://{settings.replicas[0].api_addresses[-1]}/ui")
    await page.until(f"document.querySelector('#live')?.innerText == 'live from {serving}'", 30)
    other = f".box:has(.role-follower):not([data-process={serving}])"
    chosen = await page.until(f"document.querySelector('{other}')?.dataset.process")
    live = "import('/ui/files/live.js').then(({state}) => state.cluster.get('').chaos === '')"
    await page.until(live, 30)
    await page.click(f"[data-process={chosen}] .box-head")
    await page.run("document.querySelector('#fault-seconds').value = 600")
    await page.run(
        "[...document.querySelectorAll('.danger')].find((one) => one.innerText == 'Pause').click()"
    )
    said = "document.querySelector('dialog .output').innerText"
    await page.until(f"{said}.includes('is stopped') && {said}.includes('proof')", 30)
    await page.until(f"document.querySelector('[data-process={chosen}].hit .suffers')")
    await page.until(f"document.querySelector('[data-process={chosen}].down')")
    await pictures(page, folder, "broken")
    await page.click("dialog button")
    await page.run("location.hash = '#faults'")
    row = await page.until("document.querySelector('#view-faults tbody tr')?.innerText")
    assert "pause-" in row and chosen in row and "kubernetes-admin" in row
    await pictures(page, folder, "faults")
    await page.click("#heal")
    await page.until("document.querySelector('#fault-count').hidden", 45)
    await page.run("location.hash = '#map'")
    await page.until(f"!document.querySelector('[data-process={chosen}].down')")


STRINGS = (
    "", "a", "a: b", "a:", ":", "- a", "-", "?", "#", "a #b", "a#b", "true", "No", "null", "~", "1",
    "1.5", "1e3", "0x1f", "0o7", "1_000", "12:30:45", "2026-01-01", "2026-01-01T00:00:00Z", ".5",
    ".inf", "=", "<<", "!x", "&x", "*x", "%x", "@x", "`x", "'x", '"x', "{a", "[a", "a, b", "| x",
    "> x",
    " a", "a ", "a\nb", "a\nb\n", "a\n\nb", "\n", "\na", " a\nb", "a \nb", "a\n b\n", "a\tb", "\t",
    "é", "\u2028", "\x7f", "a\rb", "---", "...", "a\\b", "key with space", "a/b:c", "a=b,c=d",
    "194c9f10-1e30-4af3-a97d-26842bb0a050", "00000000-0000-0000-0000-000000000000", "10.0.0.1",
)  # fmt: skip


def values(chance: random.Random, depth: int = 0) -> Any:
    """Anything that JSON may hold."""
    kind = chance.randrange(7 if depth < 4 else 5)
    if kind < 3:
        return "".join(chance.choices(STRINGS, k=chance.choice((1, 1, 1, 2))))
    if kind == 3:
        return chance.choice((0, -1, 12, 1.5, 1.5e21, 10**12))
    if kind == 4:
        return chance.choice((True, False, None))
    if kind == 5:
        return [values(chance, depth + 1) for _ in range(chance.randrange(4))]
    return {chance.choice(STRINGS): values(chance, depth + 1) for _ in range(chance.randrange(4))}


async def test_what_the_page_writes_is_what_it_read(page: Page) -> None:
    """Its YAML, read by another's reader; its differences, put together again."""
    chance = random.Random(5)
    given = [{"one": one} for one in STRINGS] + [values(chance) for _ in range(400)]
    script = "import('/ui/files/yaml.js').then(({yaml}) => %s.map((one) => yaml(one)))"
    for value, text in zip(given, await page.run(script % json.dumps(given)), strict=True):
        assert yaml.safe_load(text) == value, text
    pairs = [
        ["\n".join(chance.choices("abcd", k=chance.randrange(9))) for _ in "ab"] for _ in range(200)
    ]
    script = "import('/ui/files/diff.js').then((d) => %s.map(([a, b]) => d.diffLines(a, b)))"
    for (before, after), lines in zip(
        pairs, await page.run(script % json.dumps(pairs)), strict=True
    ):
        assert "\n".join(text for sign, text in lines if sign != "+") == before
        assert "\n".join(text for sign, text in lines if sign != "-") == after
