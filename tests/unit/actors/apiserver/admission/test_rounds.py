"""Who is asked again in the second round."""

from actors.apiserver.admission.rounds import Reinvocation


def test_those_before_the_last_change_that_may() -> None:
    rounds: Reinvocation[str] = Reinvocation()
    assert all(map(rounds.due, "abcd"))
    rounds.asked("a", changed=True, again=True)
    rounds.asked("b", changed=False, again=False)
    rounds.asked("c", changed=True, again=True)
    rounds.asked("d", changed=False, again=True)
    rounds.left({"x": 1})
    rounds.second({"x": 1})
    assert rounds.changed
    assert [place for place in "abcd" if rounds.due(place)] == ["a"]


def test_all_that_may_if_somebody_else_changed_the_object() -> None:
    rounds: Reinvocation[str] = Reinvocation()
    for place in "ab":
        rounds.asked(place, changed=False, again=place == "a")
    rounds.left({"x": 1})
    assert not rounds.changed
    rounds.second({"x": 2})
    assert [place for place in "ab" if rounds.due(place)] == ["a"]
