"""$(VAR) expansion."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.kubelet.expansion import expand

VARIABLES = {"A": "one", "B": "$(A)"}


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("$(A)-$(A)", "one-one"),
        ("$(B)", "$(A)"),
        ("$(NONE)", "$(NONE)"),
        ("$$(A)", "$(A)"),
        ("$$$(A)", "$one"),
        ("$A $ $(", "$A $ $("),
        ("plain", "plain"),
        ("$(A", "$(A"),
        ("$", "$"),
    ],
)
def test_expand(text: str, result: str) -> None:
    assert expand(text, VARIABLES) == result


@given(st.text(alphabet="$()A b", max_size=30))
def test_without_variables_only_double_dollars_change(text: str) -> None:
    assert expand(text, {}).replace("$", "") == text.replace("$", "")
