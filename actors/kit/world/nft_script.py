"""Forward tables as nft scripts: a whole table, or the difference of two. Pure text.

Rules are maps, not a chain per service: one chain per number of backends is shared by all fronts,
so that ten thousand services load in half a second and one change touches a few elements
(nft(8), kube-proxy's nftables mode, KEP-3866). Tried on nft 1.0.6, whose grammar
wants one statement a line, ``typeof`` for integer keys, and a delete before another value is added.

Must not know: Services, sockets, how a script is run.
"""

import hashlib
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from actors.kit.world.packet_filter import Backend, Forward, ForwardTable, Front

MARK = "0x4000"
UNMARK = "0xffffbfff"
# Sticky fronts hash the source into so many slots, each of which belongs to one backend: when a
# backend goes, only its own slots move.
SLOTS = 64
# The kernel draws a new seed at each load if none is given, which would unstick every client.
SEED = "0x5eed"
# Inner backends share the map with the outer ones, at indices from here.
INNER_OFFSET = 65536
# Above this share of changed elements a full replacement is quicker than a difference.
DIFFERENCE_SHARE_MAX = 0.5
DIFFERENCE_ALWAYS = 2_000
ELEMENTS_PER_LINE = 500

Elements = dict[str, dict[str, str]]


Chains = dict[str, tuple[str, ...]]


class Script(NamedTuple):
    """What to run, and the names of the backend chains that stand after it."""

    text: str
    chains: frozenset[str]


def full_script(table: ForwardTable) -> Script:
    """Replace the table, whatever stands there, in one transaction."""
    elements, chains = render(table.forwards.items())
    elements["hairpin"] = _hairpins(table.hairpins)
    lines = [
        f"table ip {table.name}",
        f"delete table ip {table.name}",
        f"table ip {table.name} {{",
        *(f"  {kind} {name} {{ {spec}; }}" for name, (kind, spec) in _SETS),
        *_chain_blocks(chains),
        _base(table),
        "}",
    ]
    for name, values in elements.items():
        lines += _element_lines("add", table.name, name, values)
    return Script("\n".join(lines) + "\n", frozenset(chains))


def difference_script(
    old: ForwardTable, new: ForwardTable, standing: frozenset[str]
) -> Script | None:
    """Turn ``old`` into ``new``; text '' if they are equal, None if a full replacement is better.

    ``standing``: names of the backend chains there are (those no longer used may stay)."""
    if _frame(old) != _frame(new):
        return None
    gone = [item for item in old.forwards.items() if new.forwards.get(item[0]) != item[1]]
    fresh = [item for item in new.forwards.items() if old.forwards.get(item[0]) != item[1]]
    changed = len(gone) + len(fresh)
    if changed > DIFFERENCE_ALWAYS and changed > len(new.forwards) * DIFFERENCE_SHARE_MAX:
        return None
    before, _ = render(gone)
    after, chains = render(fresh)
    before["hairpin"] = _hairpins(old.hairpins - new.hairpins)
    after["hairpin"] = _hairpins(new.hairpins - old.hairpins)
    lines = _new_chains(new.name, {key: chains[key] for key in chains if key not in standing})
    for name, values in before.items():
        wanted = after[name]
        dropped = {key: "" for key, value in values.items() if wanted.get(key) != value}
        lines += _element_lines("delete", new.name, name, dropped)
    for name, values in after.items():
        present = before[name]
        added = {key: value for key, value in values.items() if present.get(key) != value}
        lines += _element_lines("add", new.name, name, added)
    text = "\n".join(lines) + "\n" if lines else ""
    return Script(text, standing | chains.keys())


def render(forwards: Iterable[tuple[Front, Forward]]) -> tuple[Elements, Chains]:
    """Set elements (set → key → value, '' for plain sets) and the chains they need."""
    elements: Elements = {name: {} for name, _ in _SETS}
    chains: Chains = {}
    for front, forward in forwards:
        _render_forward(front, forward, elements, chains)
    return elements, chains


def _hairpins(addresses: Iterable[str]) -> dict[str, str]:
    return {f"{address} . {address}": "" for address in addresses}


def _frame(table: ForwardTable) -> tuple[object, ...]:
    """What the fixed chains are made of."""
    return table._replace(forwards={}, hairpins=frozenset())


def remove_script(name: str) -> str:
    """Delete a table that may or may not exist."""
    return f"table ip {name}\ndelete table ip {name}\n"


_TRIPLE = "type ipv4_addr . inet_proto . inet_service : verdict"
_PAIR = "type inet_proto . inet_service : verdict"
_SETS: tuple[tuple[str, tuple[str, str]], ...] = (
    ("svc", ("map", _TRIPLE)),
    ("svc_inner", ("map", _TRIPLE)),
    ("svc_closed", ("map", _TRIPLE)),
    ("port", ("map", _PAIR)),
    ("port_inner", ("map", _PAIR)),
    ("port_closed", ("map", _PAIR)),
    (
        "svc_ends",
        (
            "map",
            "typeof ip daddr . meta l4proto . th dport . numgen random mod 2 : ip daddr . th dport",
        ),
    ),
    (
        "port_ends",
        ("map", "typeof meta l4proto . th dport . numgen random mod 2 : ip daddr . th dport"),
    ),
    ("hairpin", ("set", "type ipv4_addr . ipv4_addr")),
)
# A chain that a verdict names must stand before the element; the fixed ones are in ``_base``.
_LOCAL = "fib daddr type local ip daddr != 127.0.0.0/8"


def _render_forward(front: Front, forward: Forward, elements: Elements, chains: Chains) -> None:
    address, protocol, port = front
    family = "svc" if address else "port"
    key = f"{address} . {protocol} . {port}" if address else f"{protocol} . {port}"
    if forward.backends:
        chain = _backend_chain(family, forward, len(forward.backends), chains)
        elements[family][key] = f"goto {chain}"
        _add_ends(elements[f"{family}_ends"], key, _slots(forward.backends, forward.sticky), 0)
    else:
        elements[f"{family}_closed"][key] = "drop" if forward.empty == "drop" else "goto refuse"
    if forward.inner and forward.inner != forward.backends:
        chain = _backend_chain(family, forward, len(forward.inner), chains, inner=True)
        elements[f"{family}_inner"][key] = f"goto {chain}"
        ends = _slots(forward.inner, forward.sticky)
        _add_ends(elements[f"{family}_ends"], key, ends, INNER_OFFSET)


def _add_ends(ends: dict[str, str], key: str, backends: tuple[Backend, ...], offset: int) -> None:
    for index, backend in enumerate(backends):
        ends[f"{key} . {index + offset}"] = f"{backend.address} . {backend.port}"


def _backend_chain(
    family: str,
    forward: Forward,
    count: int,
    chains: Chains,
    inner: bool = False,
) -> str:
    """Name of the shared chain for so many backends; added to ``chains`` if it is a new one."""
    offset = f" offset {INNER_OFFSET}" if inner else ""
    chooser = f"numgen random mod {count}{offset}"
    name = f"{family}_{'i' if inner else 'n'}{count}"
    if forward.sticky:
        chooser = f"jhash ip saddr mod {SLOTS} seed {SEED}{offset}"
        name = f"{family}_{'j' if inner else 's'}"
    key = "ip daddr . meta l4proto . th dport" if family == "svc" else "meta l4proto . th dport"
    chains[name] = (f"dnat ip to {key} . {chooser} map @{family}_ends",)
    if not forward.masquerade:
        return name
    chains[f"{name}_m"] = (f"meta mark set meta mark | {MARK}", f"goto {name}")
    return f"{name}_m"


@lru_cache(maxsize=4096)
def _slots(backends: tuple[Backend, ...], sticky: bool) -> tuple[Backend, ...]:
    """Backends by index. Sticky: SLOTS of them by rendezvous hashing (Thaler, Ravishankar 1998)."""
    if not sticky:
        return backends
    return tuple(max(backends, key=lambda backend: _weight(slot, backend)) for slot in range(SLOTS))


def _weight(slot: int, backend: Backend) -> bytes:
    text = f"{slot}/{backend.address}:{backend.port}"
    return hashlib.blake2b(text.encode(), digest_size=8).digest()


def _chain_blocks(chains: Chains) -> list[str]:
    """Marking chains go to plain ones, so plain ones come first."""
    lines = []
    for name in sorted(chains, key=lambda item: (item.endswith("_m"), item)):
        lines.append(f"  chain {name} {{")
        lines += [f"    {rule}" for rule in chains[name]]
        lines.append("  }")
    return lines


def _new_chains(table: str, chains: Chains) -> list[str]:
    lines = []
    for name in sorted(chains, key=lambda item: (item.endswith("_m"), item)):
        lines.append(f"add chain ip {table} {name}")
        lines += [f"add rule ip {table} {name} {rule}" for rule in chains[name]]
    return lines


def _element_lines(verb: str, table: str, name: str, elements: dict[str, str]) -> list[str]:
    texts = [f"{key} : {value}" if value else key for key, value in elements.items()]
    pieces = (
        ", ".join(texts[start : start + ELEMENTS_PER_LINE])
        for start in range(0, len(texts), ELEMENTS_PER_LINE)
    )
    return [f"{verb} element ip {table} {name} {{ {piece} }}" for piece in pieces]


def _base(table: ForwardTable) -> str:
    """Chains that every table has: hooks, the look-ups in order, masquerade and refusal."""
    triple, pair = "ip daddr . meta l4proto . th dport", "meta l4proto . th dport"
    inner = [
        f"{who} {rule}"
        for who in (*(f"ip saddr {item}" for item in table.inner_sources), "fib saddr type local")
        for rule in (f"{triple} vmap @svc_inner", f"{_LOCAL} {pair} vmap @port_inner")
    ]
    services = [
        *_outsiders(table),
        *inner,
        f"{triple} vmap @svc",
        f"{_LOCAL} {pair} vmap @port",
    ]
    masquerade = [
        f"meta mark & {MARK} != 0 meta mark set meta mark & {UNMARK} masquerade fully-random",
        "ip saddr . ip daddr @hairpin ct status dnat masquerade",
    ]
    if table.return_ranges:
        ranges = _set(table.return_ranges)
        masquerade.append(f"ip saddr {ranges} ip daddr {ranges} ct status dnat masquerade")
    guard = [f"{triple} vmap @svc_closed", f"{_LOCAL} {pair} vmap @port_closed"]
    if table.refused_ranges:
        guard.append(f"ip daddr {_set(table.refused_ranges)} goto refuse")
    refuse = ["meta l4proto tcp reject with tcp reset", "reject with icmp port-unreachable"]
    hook = "type {} hook {} priority {}; policy accept;"
    blocks = [
        ("services", services),
        ("refuse", refuse),
        ("guard", guard),
        ("prerouting", [hook.format("nat", "prerouting", "dstnat"), "jump services"]),
        ("outgoing", [hook.format("nat", "output", "-100"), "jump services"]),
        ("postrouting", [hook.format("nat", "postrouting", "srcnat"), *masquerade]),
        ("guard_input", [hook.format("filter", "input", "0"), "ct state new jump guard"]),
        ("guard_forward", [hook.format("filter", "forward", "0"), "ct state new jump guard"]),
        ("guard_output", [hook.format("filter", "output", "0"), "ct state new jump guard"]),
    ]
    lines = []
    for name, rules in blocks:
        lines += [f"  chain {name} {{", *(f"    {rule}" for rule in rules), "  }"]
    return "\n".join(lines)


def _outsiders(table: ForwardTable) -> Iterable[str]:
    if not table.outsider_ranges:
        return
    source = f"ip saddr != {_set(table.inner_sources)} " if table.inner_sources else ""
    yield f"{source}ip daddr {_set(table.outsider_ranges)} meta mark set meta mark | {MARK}"


def _set(ranges: tuple[str, ...]) -> str:
    return f"{{ {', '.join(ranges)} }}"
