"""The records of faults travel as JSON."""

import pytest

from cluster.chaos import faults
from cluster.chaos.faults import ClockFault, EngineFault, LinkFault, StorageFault


def test_all_kinds_come_back_as_they_were() -> None:
    given = (
        LinkFault("partition-1", ("replica-1",), cut=True),
        StorageFault("slow-1", "slow", seconds=0.5),
        ClockFault("clock-1", jump=-3600.0, rate=1.5),
        EngineFault("engine-1", until=5.0),
    )
    assert faults.decode(faults.encode(given)) == given


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{}",
        b'[{"type":"link","name":"x","peers":["a"],"loss":1.5}]',
        b'[{"type":"link","name":"x","peers":["a"],"delay":-1}]',
        b'[{"type":"link","name":"x","peers":["a"],"cutt":true}]',
        b'[{"type":"clock","name":"x","rate":0}]',
        b'[{"type":"storage","name":"x","kind":"melted"}]',
        b'[{"type":"earthquake","name":"x"}]',
    ],
)
def test_what_cannot_be_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match="faults: "):
        faults.decode(text)
