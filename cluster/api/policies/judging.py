"""What a validating policy says of a request. Source: docs "Validating Admission Policy".

Must not know: bindings, and what is done with a decision.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
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


@dataclass
class Judgement:
    """Of one policy with one parameter. ``fail``: an expression without a value counts as a no.

    ``decisions``: every no so far. ``applies``: the policy's conditions let it say anything.
    """

    compiled: Compiled
    evaluation: Evaluation
    fail: bool
    decisions: list[Decision] = field(default_factory=list)
    applies: bool = False

    def run(self) -> None:
        """Evaluate one expression after the other. Raises CelTooLong beyond the patience of the
        evaluation's budget."""
        try:
            self.applies = matches(self.compiled.conditions, self.evaluation)
        except Failed as error:
            self._failed(0, error)
        for position, validation in enumerate(self.compiled.validations if self.applies else ()):
            try:
                self._judge(position, validation)
            except Spent as error:
                self.applies = False
                self.decisions.clear()
                self._failed(0, error)
                return

    def _judge(self, position: int, validation: Validation) -> None:
        try:
            value = self.evaluation.value(validation.expression)
        except Spent:
            raise
        except Failed as error:
            self._failed(position, error)
            return
        if value is not True:
            reason = validation.reason or "Invalid"
            message = _message(validation, self.evaluation)
            self.decisions.append(Decision(position, message, reason))

    def _failed(self, position: int, error: Failed) -> None:
        if self.fail:
            self.decisions.append(Decision(position, str(error)))


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
