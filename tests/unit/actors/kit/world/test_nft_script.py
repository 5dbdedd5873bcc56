"""Scripts: a difference leads to the same elements as a full replacement."""

import itertools
import re

from hypothesis import given
from hypothesis import strategies as st

from actors.kit.world.nft_script import SLOTS, difference_script, full_script, remove_script
from actors.kit.world.packet_filter import Backend, Forward, ForwardTable, Front

fronts = st.tuples(
    st.sampled_from(["", "10.96.0.1", "10.96.0.2"]),
    st.sampled_from(["tcp", "udp"]),
    st.sampled_from([80, 30080]),
)
backends = st.lists(
    st.builds(Backend, st.sampled_from(["10.244.1.2", "10.244.1.3", "10.244.2.2"]), st.just(8080)),
    max_size=3,
    unique=True,
).map(lambda items: tuple(sorted(items)))
forwards = st.builds(
    Forward, backends, backends, st.booleans(), st.booleans(), st.sampled_from(["reject", "drop"])
)
tables = st.builds(
    lambda items, hairpins: ForwardTable("t", items, ("10.96.0.0/16",), hairpins=hairpins),
    st.dictionaries(fronts, forwards, max_size=8),
    st.frozensets(st.sampled_from(["10.244.1.2", "10.244.1.3"])),
)

Elements = dict[str, dict[str, str]]


def run(script: str, elements: Elements, chains: set[str]) -> None:
    """A small nft: knows tables, chains and elements, and what the real one refuses."""
    for line in script.splitlines():
        if line.startswith("delete table"):
            elements.clear()
            chains.clear()
        elif found := re.match(r"  chain (\w+) ", line):
            chains.add(found[1])
        elif found := re.match(r"add chain ip t (\w+)$", line):
            assert found[1] not in chains
            chains.add(found[1])
        elif found := re.match(r"(add|delete) element ip t (\w+) \{ (.*) \}$", line):
            verb, name, items = found.groups()
            present = elements.setdefault(name, {})
            for item in items.split(", "):
                key, _, value = item.partition(" : ")
                if verb == "delete":
                    del present[key]
                    continue
                assert present.get(key, value) == value, "File exists"
                present[key] = value
                if goto := re.match(r"goto (\w+)", value):
                    assert goto[1] in chains, f"no chain {goto[1]}"


def is_empty(elements: Elements) -> bool:
    return not any(elements.values())


@given(st.lists(tables, min_size=1, max_size=4))
def test_differences_add_up_to_a_full_replacement(steps: list[ForwardTable]) -> None:
    elements: Elements = {}
    chains: set[str] = set()
    script = full_script(steps[0])
    run(script.text, elements, chains)
    standing = script.chains
    for old, new in itertools.pairwise(steps):
        difference = difference_script(old, new, standing)
        assert difference is not None
        run(difference.text, elements, chains)
        standing = difference.chains
        assert standing <= chains
    expected: Elements = {}
    run(full_script(steps[-1]).text, expected, set())
    assert {name: items for name, items in elements.items() if items} == expected


def table(*items: tuple[Front, Forward]) -> ForwardTable:
    return ForwardTable("t", dict(items))


def test_equal_tables_need_no_script_and_a_new_frame_a_full_one() -> None:
    one = table((("10.96.0.1", "tcp", 80), Forward((Backend("10.244.1.2", 80),))))
    same = difference_script(one, one, frozenset())
    assert same is not None and not same.text
    assert (
        difference_script(one, one._replace(refused_ranges=("10.96.0.0/16",)), frozenset()) is None
    )


def test_great_changes_are_replacements() -> None:
    def many(host: str) -> ForwardTable:
        return table(
            *(
                ((f"10.96.{index // 250}.{index % 250}", "tcp", 80), Forward((Backend(host, 80),)))
                for index in range(3000)
            )
        )

    assert difference_script(many("10.244.1.2"), many("10.244.1.3"), frozenset()) is None


def test_a_sticky_front_moves_only_the_slots_of_a_backend_that_left() -> None:
    three = tuple(Backend(f"10.244.1.{host}", 80) for host in (2, 3, 4))

    def owners(*backends: Backend) -> list[str]:
        elements: Elements = {}
        front: Front = ("10.96.0.1", "tcp", 80)
        run(full_script(table((front, Forward(backends, sticky=True)))).text, elements, set("t"))
        return [elements["svc_ends"][f"10.96.0.1 . tcp . 80 . {slot}"] for slot in range(SLOTS)]

    before, after = owners(*three), owners(*three[:2])
    gone = "10.244.1.4 . 80"
    moved = [slot for slot in range(SLOTS) if before[slot] != after[slot]]
    assert moved == [slot for slot in range(SLOTS) if before[slot] == gone]
    assert min(before.count(owner) for owner in set(before)) >= SLOTS // 8


def test_removal_is_of_a_table_that_may_not_exist() -> None:
    assert remove_script("t").splitlines() == ["table ip t", "delete table ip t"]
