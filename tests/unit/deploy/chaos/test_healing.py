"""`steersman chaos heal`: what another fault keeps from being healed is healed after it."""

from cluster.chaos.orders import Active, Healed, Order
from deploy.commands.chaos import mend

PAUSE, LOSS = (Active(name, Order("pause"), ("node-2",)) for name in ("pause-1", "loss-2"))


class Broken:
    """``held``: by which other fault one cannot be healed."""

    def __init__(self, *faults: Active, held: dict[str, str]) -> None:
        self.standing = list(faults)
        self.held = held

    def heal(self, active: Active) -> Healed:
        if self.held.get(active.name) in [one.name for one in self.standing]:
            return Healed(active, 0.0, "", f"{active.names[0]} does not answer")
        self.standing.remove(active)
        return Healed(active, 0.0, "seen")

    def active(self) -> list[Active]:
        return self.standing


def test_what_another_fault_holds_is_tried_again_after_it() -> None:
    cluster, told = Broken(PAUSE, LOSS, held={"loss-2": "pause-1"}), list[str]()
    assert mend(cluster, [LOSS, PAUSE], lambda one: told.append(one.active.name)) == ["", ""]
    assert told == ["loss-2", "pause-1", "loss-2"]
    assert cluster.standing == []


def test_what_cannot_be_healed_is_given_up() -> None:
    cluster, told = Broken(PAUSE, LOSS, held={"loss-2": "loss-2"}), list[str]()
    doubts = mend(cluster, [LOSS, PAUSE], lambda one: told.append(one.active.name))
    assert doubts == ["node-2 does not answer", ""]
    assert told == ["loss-2", "pause-1", "loss-2"]
    assert cluster.standing == [LOSS]
