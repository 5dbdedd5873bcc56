"""The live page in a real browser, on a cluster of real processes, one of which is killed."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from deploy import administrator, processes
from tests.support.browser import Page, browser, program
from tests.support.real_cluster import RealCluster

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(180)]

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
        [address] = simulated.do("ui").splitlines()[:1]
        await opened.go(address)
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


async def test_the_page(page: Page, simulated: RealCluster, tmp_path: Path) -> None:
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
    # Faults: who lets them in does not listen.
    await page.run("location.hash = '#faults'")
    await page.until("document.querySelector('#no-launcher')")
    await page.run("location.hash = '#flows'")
    await page.until("document.querySelectorAll('#flows tbody tr').length > 5")
    await pictures(page, tmp_path, "flows")
    await page.run("location.hash = '#map'")
    await page.click("[data-process=replica-1] .box-head")
    notice = await page.until("document.querySelector('#no-faults')?.innerText")
    assert "steersman chaos serve" in notice
    await pictures(page, tmp_path, "dialog")
    await page.click("dialog button")
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
    await pictures(page, tmp_path, "killed")
