"""Which UDP flows are stale."""

from actors.kit.world.conntrack import (
    Flow,
    delete_arguments,
    parse_flows,
    stale_flows,
    udp_changed,
)
from actors.kit.world.packet_filter import Backend, Forward, ForwardTable

LISTING = """\
udp      17 29 src=10.244.1.9 dst=10.96.0.10 sport=4000 dport=53 src=10.244.1.2 dst=10.244.1.9 \
sport=5353 dport=4000 [ASSURED] mark=0 use=1
udp      17 29 src=10.244.1.9 dst=10.96.0.10 sport=4001 dport=53 [UNREPLIED] src=10.244.1.3 \
dst=10.244.1.9 sport=5353 dport=4001 mark=0 use=1
udp      17 29 src=10.244.1.9 dst=10.96.0.10 sport=4002 dport=53 src=10.96.0.10 dst=10.244.1.9 \
sport=53 dport=4002 mark=0 use=1
udp      17 29 src=10.244.1.9 dst=10.245.0.1 sport=4003 dport=30053 src=10.244.1.4 dst=10.244.1.9 \
sport=5353 dport=4003 mark=0 use=1
udp      17 29 src=10.244.1.9 dst=10.245.0.1 sport=4004 dport=30053 src=10.245.0.1 dst=10.244.1.9 \
sport=30053 dport=4004 mark=0 use=1
udp      17 29 src=10.244.1.9 dst=192.0.2.1 sport=4005 dport=53 src=192.0.2.1 dst=10.244.1.9 \
sport=53 dport=4005 mark=0 use=1
conntrack v1.4.7 (conntrack-tools): 6 flow entries have been shown.
"""


def table(*backends: Backend) -> ForwardTable:
    forward = Forward(backends)
    return ForwardTable("t", {("10.96.0.10", "udp", 53): forward, ("", "udp", 30053): forward})


def test_flows_to_backends_that_left_or_from_before_there_were_any_are_stale() -> None:
    flows = parse_flows(LISTING)
    assert len(flows) == 6
    stale = stale_flows(flows, table(Backend("10.244.1.2", 5353)))
    assert [flow.client_port for flow in stale] == [4001, 4002, 4003]
    assert delete_arguments(stale[0])[:4] == ["-D", "-p", "udp", "--orig-src"]


def test_only_udp_fronts_matter() -> None:
    one, other = table(Backend("10.244.1.2", 5353)), table(Backend("10.244.1.3", 5353))
    assert udp_changed(None, one) and udp_changed(one, other) and not udp_changed(one, one)
    tcp = ForwardTable("t", {("10.96.0.1", "tcp", 80): Forward()})
    assert not udp_changed(None, tcp)


def test_strange_lines_are_passed_over() -> None:
    assert parse_flows("udp src=1 dst=2\nicmp type=8\n\nsport=x src=a src=b") == []
    assert Flow("a", 1, "b", 2, "c", 3).reply_address == "c"
