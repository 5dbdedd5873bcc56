"""The wire: dnslib's questions are read, answers are read back by dnslib, junk is survived."""

import dnslib
from hypothesis import given
from hypothesis import strategies as st

from actors.dns.query import parse_query
from actors.dns.records import A, Answer, answer
from actors.dns.reply import TCP_BYTES_MAX, early_answer, reply, udp_size
from actors.dns.zone import ClusterZone
from tests.unit.actors.dns.test_records import DOMAIN, ZONE, endpoint_slice, service


def respond(packet: bytes, zone: ClusterZone = ZONE, stream: bool = False) -> bytes | None:
    query = parse_query(packet)
    if query is None:
        return None
    found = early_answer(query, True) or answer(zone, DOMAIN, query.names, query.kind)
    size = TCP_BYTES_MAX if stream else udp_size(query)
    return reply(query, found, DOMAIN.name, 7, size)


def ask(name: str, kind: str = "A", **header: int) -> dnslib.DNSRecord:
    question = dnslib.DNSRecord.question(name, kind)
    for field, value in header.items():
        setattr(question.header, field, value)
    packet = respond(question.pack())
    assert packet is not None
    found = dnslib.DNSRecord.parse(packet)
    assert found.header.id == question.header.id
    return found


def test_round_trip_keeps_the_letters_of_the_question() -> None:
    found = ask("WeB.shop.SVC.cluster.local")
    assert str(found.q.qname) == "WeB.shop.SVC.cluster.local."
    assert str(found.rr[0].rname) == "WeB.shop.SVC.cluster.local."
    assert (str(found.rr[0].rdata), found.rr[0].ttl) == ("10.96.0.7", 5)
    assert (found.header.aa, found.header.ra, found.header.rd) == (1, 0, 1)


def test_every_type_packs() -> None:
    for name, kind, text in (
        ("cluster.local", "SOA", "ns.dns.cluster.local."),
        ("cluster.local", "NS", "ns.dns.cluster.local."),
        ("dns-version.cluster.local", "TXT", '"1.1.0"'),
        ("out.shop.svc.cluster.local", "A", "example.org."),
        ("7.0.96.10.in-addr.arpa", "PTR", "web.shop.svc.cluster.local."),
        ("_http._tcp.web.shop.svc.cluster.local", "SRV", "0 100 80 web.shop.svc.cluster.local."),
    ):
        assert str(ask(name, kind).rr[0].rdata).startswith(text), name


def test_negative_answers_carry_the_soa() -> None:
    found = ask("nope.shop.svc.cluster.local")
    assert (found.header.rcode, found.auth[0].rtype) == (3, 6)
    found = ask("web.shop.svc.cluster.local", "AAAA")
    assert (found.header.rcode, found.rr, found.auth[0].rtype) == (0, [], 6)
    outside = ask("example.org")
    assert (outside.header.rcode, outside.auth, outside.header.aa) == (5, [], 0)


def test_edns_is_answered_and_sizes_hold() -> None:
    zone = ClusterZone()
    zone.service_changed(None, service("big", clusterIP="None"))
    many = [{"addresses": [f"10.244.{item // 200}.{item % 200 + 1}"]} for item in range(400)]
    zone.slice_changed(None, endpoint_slice("big-1", "big", *many))
    question = dnslib.DNSRecord.question("big.shop.svc.cluster.local")
    packet = respond(question.pack(), zone)
    assert packet is not None and len(packet) <= 512
    short = dnslib.DNSRecord.parse(packet)
    assert (short.header.tc, short.rr, short.ar) == (1, [], [])
    question.add_ar(dnslib.EDNS0(udp_len=4096))
    packet = respond(question.pack(), zone)
    assert packet is not None and len(packet) <= 1232
    assert dnslib.DNSRecord.parse(packet).ar[0].rtype == 41
    packet = respond(question.pack(), zone, stream=True)
    assert packet is not None
    assert len(dnslib.DNSRecord.parse(packet).rr) == 400


def test_glue_is_dropped_before_answers() -> None:
    zone = ClusterZone()
    zone.service_changed(None, service("mid", clusterIP="None"))
    some = [{"addresses": [f"10.244.1.{item}"]} for item in range(1, 7)]
    zone.slice_changed(None, endpoint_slice("mid-1", "mid", *some))
    question = dnslib.DNSRecord.question("_http._tcp.mid.shop.svc.cluster.local", "SRV")
    packet = respond(question.pack(), zone)
    assert packet is not None
    found = dnslib.DNSRecord.parse(packet)
    assert (found.header.tc, len(found.rr), found.ar) == (0, 6, [])


def test_odd_questions_get_their_codes() -> None:
    plain = dnslib.DNSRecord.question("web.shop.svc.cluster.local")
    assert respond(b"") is None
    assert respond(plain.reply().pack()) is None
    assert ask("web.shop.svc.cluster.local", opcode=4).header.rcode == 4
    nothing = dnslib.DNSRecord(dnslib.DNSHeader(id=9))
    packet = respond(nothing.pack())
    assert packet is not None and dnslib.DNSRecord.parse(packet).header.rcode == 1
    chaos = dnslib.DNSRecord(q=dnslib.DNSQuestion("version.bind", 16, 3))
    packet = respond(chaos.pack())
    assert packet is not None and dnslib.DNSRecord.parse(packet).header.rcode == 5
    future = dnslib.DNSRecord.question("web.shop.svc.cluster.local")
    future.add_ar(dnslib.EDNS0(version=1))
    packet = respond(future.pack())
    assert packet is not None
    answered = dnslib.DNSRecord.parse(packet)
    assert (answered.header.rcode, answered.ar[0].ttl >> 24) == (0, 1)


def test_before_the_sync_it_is_a_server_failure() -> None:
    query = parse_query(dnslib.DNSRecord.question("web.shop.svc.cluster.local").pack())
    assert query is not None
    assert early_answer(query, False) == Answer(2)
    assert query.kind == A


@given(st.binary(max_size=600))
def test_junk_never_crashes(packet: bytes) -> None:
    found = respond(packet)
    if found is not None:
        assert len(found) <= 1232
        assert found[:2] == packet[:2]


@given(st.binary(max_size=80), st.integers(0, 79), st.booleans())
def test_damaged_questions_never_crash(noise: bytes, where: int, edns: bool) -> None:
    question = dnslib.DNSRecord.question("_http._tcp.db.shop.svc.cluster.local", "SRV")
    if edns:
        question.add_ar(dnslib.EDNS0(udp_len=1400))
    packet = question.pack()
    damaged = packet[:where] + noise + packet[where + len(noise) :]
    found = respond(damaged)
    assert found is None or found[:2] == damaged[:2]
    if found is not None and found[12:].isascii():  # dnslib reads no others
        dnslib.DNSRecord.parse(found)


labels = st.lists(st.binary(min_size=1, max_size=63), min_size=1, max_size=6)


@given(labels)
def test_any_bytes_in_labels_are_answered(name: list[bytes]) -> None:
    body = b"".join(bytes([len(item)]) + item for item in name) + b"\0"
    packet = b"\0\7\1\0\0\1\0\0\0\0\0\0" + body + b"\0\1\0\1"
    found = respond(packet)
    assert found is not None
    if len(body) <= 255:
        assert packet[12 : 12 + len(body)].lower() in found.lower()
