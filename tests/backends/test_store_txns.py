"""Transactions on every engine: what they compare, change and answer."""

import pytest

from cluster.errors import (
    Fenced,
)
from cluster.messages.store import (
    Compare,
    Delete,
    KeyValue,
    Put,
    TxnRecord,
    TxnResult,
)
from tests.backends.store_engines import Run
from tests.backends.store_rigs import Rig, deadline


def test_a_key_is_created_once(on_engine: Run) -> None:
    async def body(rig: Rig) -> None:
        absent = Compare("a", "mod", 0)
        made = await rig.txn(Put("a", b"1", index=b"i"), compare=[absent])
        assert made.succeeded
        item = KeyValue("a", b"1", made.revision, made.revision, 1, b"i")
        assert made.items == (item,)
        again = await rig.txn(Put("a", b"2"), compare=[absent])
        assert again == TxnResult(succeeded=False, revision=made.revision, items=(item,))
        assert (await rig.read("a")).items == (item,)

    on_engine(body)


def test_an_update_compares_what_it_knows(on_engine: Run) -> None:
    async def body(rig: Rig) -> None:
        first = await rig.put("a", b"1")
        second = await rig.txn(Put("a", b"2"), compare=[Compare("a", "mod", first)])
        assert second.items == (KeyValue("a", b"2", first, second.revision, 2),)
        stale = await rig.txn(Put("a", b"3"), compare=[Compare("a", "mod", first)])
        assert not stale.succeeded
        assert stale.items == second.items

    on_engine(body)


def test_a_delete_tells_what_it_removed_and_a_key_begins_anew(on_engine: Run) -> None:
    async def body(rig: Rig) -> None:
        made = await rig.txn(Put("a", b"1", index=b"i"))
        gone = await rig.txn(Delete("a"), compare=[Compare("a", "version", 1)])
        assert (gone.succeeded, gone.items) == (True, made.items)
        assert (await rig.read("a")).items == ()
        anew = await rig.txn(Put("a", b"2"))
        assert anew.items == (KeyValue("a", b"2", anew.revision, anew.revision, 1),)

    on_engine(body)


@pytest.mark.parametrize(
    ("compare", "holds"),
    [
        (("mod", 0, "="), False),
        (("mod", 0, ">"), True),
        (("create", 0, "!="), True),
        (("version", 2, "="), True),
        (("version", 2, "<"), False),
        (("version", 3, "<"), True),
        (("version", 1, ">"), True),
        (("version", 2, "!="), False),
    ],
)
def test_relations_of_a_present_key(
    on_engine: Run, compare: tuple[str, int, str], holds: bool
) -> None:
    async def body(rig: Rig) -> None:
        await rig.put("a")
        await rig.put("a")
        target, value, op = compare
        found = await rig.txn(compare=[Compare("a", target, value, op)])  # type: ignore[arg-type]
        assert found.succeeded is holds

    on_engine(body)


def test_an_absent_key_compares_as_zeros(on_engine: Run) -> None:
    async def body(rig: Rig) -> None:
        zeros = [Compare("a", "mod", 0), Compare("a", "create", 0), Compare("a", "version", 0)]
        assert (await rig.txn(compare=zeros)).succeeded
        above = await rig.txn(compare=[*zeros, Compare("a", "version", 0, ">")])
        assert (above.succeeded, above.items) == (False, (None,) * 4)

    on_engine(body)


def test_all_of_a_transaction_happens_at_one_revision_or_nothing(on_engine: Run) -> None:
    async def body(rig: Rig) -> None:
        old = await rig.put("gone")
        before = await rig.txn(Put("a", b"1"), Put("b", b"1"), Delete("gone"), Delete("never"))
        a, b, gone, never = before.items
        assert a is not None and b is not None
        assert a.mod_revision == b.mod_revision == before.revision == old + 1
        assert gone is not None and gone.mod_revision == old
        assert never is None
        refused = await rig.txn(
            Put("a", b"2"),
            Put("c", b"2"),
            compare=[Compare("a", "version", 1), Compare("b", "version", 9)],
        )
        assert (refused.succeeded, refused.items) == (False, (a, b))
        assert (await rig.read("a", "z")).items == (a, b)

    on_engine(body)


def test_revisions_count_changes_only(on_engine: Run) -> None:
    async def body(rig: Rig) -> None:
        base = await rig.put("a")
        steps: list[tuple[tuple[Put | Delete, ...], int]] = [
            ((Put("a", b"2"),), 1),
            ((Delete("none"),), 1),
            ((Put("b", b""), Delete("none")), 2),
            ((), 2),
            ((Delete("none"), Delete("b")), 3),
            ((Delete("b"), Delete("none")), 3),
            ((Put("a", b"2"), Put("c", b"")), 4),
        ]
        for success, revision in steps:
            assert (await rig.txn(*success)).revision == base + revision
        assert not (await rig.txn(Put("a", b""), compare=[Compare("a", "mod", 0)])).succeeded
        assert (await rig.read("a")).revision == base + 4

    on_engine(body)


def test_a_batch_has_an_outcome_each_in_order(on_engine: Run) -> None:
    async def body(rig: Rig) -> None:
        base = await rig.put("n", b"0")
        records = [
            TxnRecord((Compare("n", "mod", base),), (Put("n", b"1"),)),
            TxnRecord((Compare("n", "mod", base),), (Put("n", b"2"),)),
            TxnRecord((), (Put("n", b"3"),), fence=987_654),
            TxnRecord((), (Put("n", b"4"),)),
        ]
        one, two, three, four = await rig.store.txns(records, deadline())
        assert isinstance(one, TxnResult) and one.succeeded
        assert isinstance(two, TxnResult) and not two.succeeded
        assert isinstance(three, Fenced)
        assert isinstance(four, TxnResult)
        assert [item and item.value for item in four.items] == [b"4"]
        assert four.revision == base + 2

    on_engine(body)


def test_the_stamp_is_the_revision_within_the_bytes(on_engine: Run) -> None:
    async def body(rig: Rig) -> None:
        made = await rig.txn(Put("a", b'{"r":""}', stamp=6), Put("b", b"x", stamp=0))
        r = str(made.revision).encode()
        values = [b'{"r":"' + r + b'"}', r + b"x"]
        assert [item and item.value for item in made.items] == values
        assert [item.value for item in (await rig.read("a", "z")).items] == values
        async with rig.watch("a", start=made.revision) as follower:
            (event,) = await follower.until(made.revision)
            assert event.item.value == values[0]
        again = await rig.txn(Put("a", b"", stamp=0))
        async with rig.watch("a", start=again.revision) as follower:
            (event,) = await follower.until(again.revision)
            assert event.item.value == str(again.revision).encode()
            assert event.previous == made.items[0]

    on_engine(body)


def test_values_are_any_bytes_and_keys_any_text(on_engine: Run) -> None:
    async def body(rig: Rig) -> None:
        names = sorted(["k", "k\0", "kä", "k/z", "k\N{GRINNING FACE}", "k~"])
        values = [b"", b"\0\xff", bytes(range(256)), b"\n" * 300_000, b"\x01\0\0\0\1\x90", b"\x01"]
        for name, value in zip(names, values, strict=True):
            await rig.put(name, value, index=value[:5])
        found = (await rig.read("k", "l")).items
        assert [item.key for item in found] == names
        assert [item.value for item in found] == values
        assert [item.index for item in found] == [value[:5] for value in values]

    on_engine(body)
