"""Who is wrong when replicas hold different states."""

import pytest

from actors.store.consistency import refuse_if_corrupt, verdict
from cluster.errors import Corrupt
from cluster.state.mvcc import StateMachine


def test_equal_states_and_single_answers_raise_no_alarm() -> None:
    assert verdict({}, 7) == {}
    assert verdict({"a": "1"}, 7) == {}
    assert verdict({"a": "1", "b": "1", "c": "1"}, 7) == {}


def test_the_minority_is_corrupt() -> None:
    assert verdict({"a": "1", "b": "2", "c": "1"}, 7) == {
        "b": "corrupt: differs from the majority at revision 7"
    }
    wrong = verdict({"a": "1", "b": "2", "c": "3", "d": "1", "e": "1"}, 7)
    assert list(wrong) == ["b", "c"]


def test_without_a_majority_nobody_is_called_corrupt() -> None:
    found = verdict({"a": "1", "b": "2"}, 7)
    assert list(found) == ["a", "b"]
    assert not any(text.startswith("corrupt") for text in found.values())


def test_a_corrupt_replica_refuses_and_names_the_way_out() -> None:
    machine = StateMachine()
    refuse_if_corrupt(machine, "a")
    machine.alarms["b"] = "corrupt: differs from the majority at revision 7"
    machine.alarms["c"] = "replicas differ at revision 7"
    refuse_if_corrupt(machine, "a")
    refuse_if_corrupt(machine, "c")
    with pytest.raises(Corrupt, match="rebuild"):
        refuse_if_corrupt(machine, "b")
