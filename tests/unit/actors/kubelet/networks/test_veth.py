"""The commands that make a pod's link."""

from actors.kubelet.networks import veth


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
