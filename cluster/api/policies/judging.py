"""What a validating policy says of a request. Source: docs "Validating Admission Policy".

Must not know: bindings, and what is done with a decision.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cluster.api.policies.evaluation import Evaluation, Failed, Spent, matches
from cluster.api.policies.expressions import Compiled, Validation

# In bytes: Kubernetes' bounds.
MESSAGE_MAX = 5 * 1024
ANNOTATION_MAX = 10 * 1024


@dataclass(frozen=True, slots=True)
class Decision:
    """A no. ``position``: of the validation in the policy; ``reason``: '' if it is a failure of
    the policy itself."""

    position: int
    message: str
    reason: str = ""


def judged(compiled: Compiled, evaluation: Evaluation, fail: bool) -> tuple[list[Decision], bool]:
    """(every no, whether the policy's conditions let it say anything). ``fail``: an expression
    without a value counts as a no."""
    try:
        if not matches(compiled.conditions, evaluation):
            return [], False
    except Failed as error:
        return ([Decision(0, str(error))] if fail else []), False
    found = []
    for position, validation in enumerate(compiled.validations):
        try:
            value = evaluation.value(validation.expression)
        except Spent as error:
            return ([Decision(0, str(error))] if fail else []), False
        except Failed as error:
            if fail:
                found.append(Decision(position, str(error)))
            continue
        if value is not True:
            reason = validation.reason or "Invalid"
            found.append(Decision(position, _message(validation, evaluation), reason))
    return found, True


def _message(validation: Validation, evaluation: Evaluation) -> str:
    told: Any = None
    if validation.told is not None:
        try:
            told = evaluation.value(validation.told)
        except Spent as error:
            return f"failed messageExpression: {error}"
        except Failed:
            told = None
    text = told.strip() if isinstance(told, str) else ""
    if len(text.encode()) > MESSAGE_MAX or "\n" in text:
        text = ""
    return (
        text or validation.message or f"failed expression: {validation.expression.source.strip()}"
    )


def annotated(compiled: Compiled, evaluation: Evaluation) -> Iterator[tuple[str, str, str]]:
    """(key, value, '') of each annotation that has one, (key, '', error) of each that fails."""
    for key, expression in compiled.annotations:
        try:
            value = evaluation.value(expression)
        except Spent as error:
            yield key, "", str(error)
            return
        except Failed as error:
            yield key, "", str(error)
            continue
        text = value.strip() if isinstance(value, str) else ""
        if text:
            yield key, text.encode()[:ANNOTATION_MAX].decode("utf-8", "ignore"), ""
