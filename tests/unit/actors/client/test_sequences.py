"""Numbers of a session."""

from actors.client.sequences import Sequences


def test_everything_below_the_lowest_open_number_is_done() -> None:
    sequences = Sequences()
    assert sequences.done_below == 1
    first, second, third = sequences.take(), sequences.take(), sequences.take()
    assert (first, second, third, sequences.done_below) == (1, 2, 3, 1)
    sequences.close(second)
    assert sequences.done_below == 1
    sequences.close(first)
    assert sequences.done_below == 3
    sequences.close(third)
    assert sequences.done_below == 4
