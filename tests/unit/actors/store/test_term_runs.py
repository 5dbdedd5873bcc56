"""Runs of terms say what a list of entries would."""

from hypothesis import given
from hypothesis import strategies as st

from actors.store.term_runs import TermRuns
from cluster.raft.messages import Entry, SnapshotMeta

STEPS = st.lists(
    st.tuples(st.integers(1, 8), st.lists(st.integers(0, 1), min_size=1, max_size=5)), max_size=12
)


def test_an_empty_log_holds_what_it_begins_after() -> None:
    runs = TermRuns(SnapshotMeta(7, 3))
    assert runs.holds(7, 3)
    assert not runs.holds(7, 2) and not runs.holds(8, 3) and not runs.holds(6, 3)


@given(STEPS, st.integers(0, 30))
def test_runs_agree_with_entries(steps: list[tuple[int, list[int]]], compacted: int) -> None:
    terms = {4: 1}
    runs = TermRuns(SnapshotMeta(4, 1))
    for back, rises in steps:
        last = max(terms)
        first = max(5, last + 1 - back // 3)
        terms = {index: term for index, term in terms.items() if index < first}
        term = terms[first - 1]
        entries = []
        for index, rise in enumerate(rises, first):
            term += rise
            terms[index] = term
            entries.append(Entry(index, term, b""))
        runs.take(entries)
    runs.compact(compacted)
    for index in range(max(4, compacted), 40):
        for term in range(12):
            assert runs.holds(index, term) == (terms.get(index) == term)
