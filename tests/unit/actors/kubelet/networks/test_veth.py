"""The commands that make a pod's link."""

import asyncio
from typing import Any

import pytest
import uvloop

from actors.kubelet.networks import veth
from actors.kubelet.pod_network import NetworkFault


def test_names_fit_the_kernel_and_are_stable() -> None:
    name = veth.veth_name("a" * 64)
    assert len(name) <= 15 and name == veth.veth_name("a" * 64) != veth.veth_name("b" * 64)


def test_commands_converge() -> None:
    first = veth.node_commands("v", 42, "10.0.0.2", exists=False).splitlines()
    assert first[0] == "link add v type veth peer name eth0 netns 42"
    again = veth.node_commands("v", 42, "10.0.0.2", exists=True).splitlines()
    assert again == first[1:]
    assert "route replace 10.0.0.2/32 dev v" in again
    assert "route replace default via 169.254.1.1 dev eth0" in veth.pod_commands("10.0.0.2")


def test_a_command_may_end_before_its_input_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    create = asyncio.create_subprocess_exec

    async def ended(*words: str, **options: Any) -> asyncio.subprocess.Process:
        process = await create(*words, **options)
        await process.wait()
        return process

    monkeypatch.setattr(asyncio, "create_subprocess_exec", ended)
    uvloop.run(veth.run(["true"]))
    uvloop.run(veth.run(["true"], "unread"))


def test_a_command_reads_its_input_and_says_why_it_fails() -> None:
    with pytest.raises(NetworkFault, match="sh -c cat >&2; exit 1: the input"):
        uvloop.run(veth.run(["sh", "-c", "cat >&2; exit 1"], "the input"))
