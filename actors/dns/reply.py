"""Answers put on the wire by dnslib, cut to what the client can take.

Must not know: where answers come from, sockets.
"""

import dnslib

from actors.dns.query import BADVERS, CLASS_IN, FORMERR, NOTIMP, Query
from actors.dns.records import (
    CNAME,
    NS,
    PTR,
    REFUSED,
    SERVFAIL,
    SOA,
    SRV,
    TTL_SECONDS,
    TXT,
    A,
    Answer,
    Record,
)

UDP_BYTES_MIN = 512
# No fragments on any network (DNS flag day 2020).
UDP_BYTES_MAX = 1232
TCP_BYTES_MAX = 65535
SOA_TIMES = (7200, 1800, 86400, TTL_SECONDS)


def reply(query: Query, answer: Answer | None, domain: str, serial: int, size: int) -> bytes:
    """The whole message, of at most ``size`` bytes: longer ones are truncated (TC) to nothing.

    ``answer`` None: the query's own error code."""
    code = query.code if answer is None else answer.code
    packet = _pack(query, code, answer, domain, serial, truncated=False)
    if len(packet) <= size:
        return packet
    if answer is not None and answer.additional:
        # Glue is a courtesy.
        packet = _pack(query, code, _without_glue(answer), domain, serial, truncated=False)
        if len(packet) <= size:
            return packet
    return _pack(query, code, None, domain, serial, truncated=True)


def udp_size(query: Query) -> int:
    """Bytes the client takes by UDP."""
    return min(max(query.edns_size, UDP_BYTES_MIN), UDP_BYTES_MAX)


def early_answer(query: Query, synced: bool) -> Answer | None:
    """What needs no look into the zone: errors, foreign classes, and "not yet". None: look."""
    if query.code in (FORMERR, NOTIMP, BADVERS):
        return Answer(query.code)
    if query.klass != CLASS_IN:
        return Answer(REFUSED)
    return None if synced else Answer(SERVFAIL)


def _without_glue(answer: Answer) -> Answer:
    return Answer(answer.code, answer.records, [], answer.authority, answer.outside)


def _pack(
    query: Query, code: int, answer: Answer | None, domain: str, serial: int, truncated: bool
) -> bytes:
    outside = answer is not None and answer.outside
    header = dnslib.DNSHeader(
        id=query.id,
        qr=1,
        aa=int(not outside and code in (0, 3)),
        rd=int(query.recursion),
        ra=0,
        tc=int(truncated),
        rcode=code & 0xF,
    )
    message = dnslib.DNSRecord(header)
    if query.labels or query.kind:
        name = dnslib.DNSLabel(query.labels)
        message.add_question(dnslib.DNSQuestion(name, query.kind, query.klass))
    if answer is not None:
        for record in answer.records:
            message.add_answer(_resource(record, query, domain, serial))
        if answer.authority and not outside and code in (0, 3):
            message.add_auth(_resource(Record(domain, SOA, ""), query, domain, serial))
        for record in answer.additional:
            message.add_ar(_resource(record, query, domain, serial))
    if query.edns_size or code == BADVERS:
        message.add_ar(dnslib.EDNS0(udp_len=UDP_BYTES_MAX, ext_rcode=code >> 4))
    return bytes(message.pack())


def _resource(record: Record, query: Query, domain: str, serial: int) -> dnslib.RR:
    owner = dnslib.DNSLabel(record.owner)
    if record.owner == ".".join(query.names):
        # As asked: some clients check the letters' case (draft-vixie-dnsext-dns0x20).
        owner = dnslib.DNSLabel(query.labels)
    return dnslib.RR(owner, record.type, ttl=TTL_SECONDS, rdata=_data(record, domain, serial))


def _data(record: Record, domain: str, serial: int) -> dnslib.RD:
    data = record.data
    if record.type == SOA:
        return dnslib.SOA(f"ns.dns.{domain}", f"hostmaster.{domain}", (serial, *SOA_TIMES))
    if isinstance(data, tuple):
        assert record.type == SRV, record
        priority, weight, port, target = data
        return dnslib.SRV(priority, weight, port, target)
    makers = {A: dnslib.A, NS: dnslib.NS, CNAME: dnslib.CNAME, PTR: dnslib.PTR, TXT: dnslib.TXT}
    return makers[record.type](data)
