"""Names of files sort as what they stand for, and none is taken for another kind."""

from actors.store.layout import Layout


def test_names_sort_by_number_and_kinds_do_not_mix() -> None:
    layout = Layout.of("m1")
    logs = [layout.log(n) for n in (1, 9, 10, 123456789012)]
    snapshots = [layout.snapshot(n) for n in (1, 9, 10, 2**60)]
    assert logs == sorted(logs) and snapshots == sorted(snapshots)
    kinds = {
        layout.logs: logs,
        layout.snapshots: snapshots,
        layout.unfinished: [layout.unfinished_snapshot(7)],
        layout.next: [layout.next],
        layout.spares: [layout.spare(7), layout.spare(10)],
    }
    everything = [path for paths in kinds.values() for path in paths]
    everything += [layout.spool, layout.spool_table]
    for prefix, paths in kinds.items():
        assert [path for path in everything if path.startswith(prefix)] == paths
    assert all(path.startswith("raft/m1/") for path in everything)
