"""Validating admission policies: every bound policy that a request is about judges it.

Job: from decisions to a refusal, warnings and audit annotations, as each binding's
validationActions say. Source: docs "Validating Admission Policy". Must not know: how expressions
are evaluated.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

import orjson

from actors.apiserver.admission import matching
from actors.apiserver.admission.inputs import inputs_of
from actors.apiserver.admission.plugin import Review
from actors.apiserver.admission.policies.choosing import chosen, namespace_of
from actors.apiserver.admission.policies.params import param_kind, params_of
from actors.apiserver.admission.policies.records import Binding, Policy
from actors.apiserver.admission.subject import Subject, subject_of
from actors.apiserver.patience import unhurried
from cluster.api import status
from cluster.api.kinds import Kind
from cluster.api.policies.evaluation import Evaluation, Failed, Inputs
from cluster.api.policies.judging import Decision, Judgement, annotated
from cluster.api.types import Object
from cluster.cel.program import PER_CALL, Budget
from cluster.errors import StatusError

FAILURE = "validation.policy.admission.k8s.io/validation_failure"
_CODES = {"Unauthorized": 401, "Forbidden": 403, "RequestEntityTooLarge": 413}


@dataclass(frozen=True)
class _Refusal:
    policy: Policy
    binding: Binding | None
    message: str
    reason: str = ""


@dataclass
class _Court:
    """Of one request. ``annotations``: of this time it is judged."""

    subject: Subject
    refusals: list[_Refusal] = field(default_factory=list)
    annotations: dict[str, str] = field(default_factory=dict)

    async def hear(self, policy: Policy, bindings: Iterable[Binding]) -> None:
        """All bindings of one policy. Raises StatusError if the object cannot be shown."""
        kind = await chosen(policy.constraints, self.subject)
        if kind is None:
            return
        review = self.subject.review
        params: Kind | None = None
        try:
            if policy.param_kind is not None:
                params = param_kind(review, policy.param_kind)
        except Failed as error:
            self._misconfigured(policy, None, f"failed to configure policy: {error}")
            return
        collected: dict[str, list[str]] = {}
        inputs: Inputs | None = None
        for binding in bindings:
            wanted = binding.constraints
            if wanted is not None and await chosen(wanted, self.subject) is None:
                continue
            try:
                place = namespace_of(self.subject)
                found = await params_of(review, params, binding.params, place)
            except Failed as error:
                self._misconfigured(policy, binding, f"failed to configure binding: {error}")
                continue
            if inputs is None:
                inputs = await inputs_of(self.subject, kind)
            for param in found:
                await self._evaluate(policy, binding, inputs, param, collected)
        for key, values in collected.items():
            self.annotations[f"{policy.name}/{key}"] = ", ".join(dict.fromkeys(values))

    async def _evaluate(
        self,
        policy: Policy,
        binding: Binding,
        inputs: Inputs,
        param: Object | None,
        collected: dict[str, list[str]],
    ) -> None:
        compiled = await unhurried(policy.compiled)

        def judged(units: int | None) -> tuple[Judgement, list[tuple[str, str, str]]]:
            evaluation = Evaluation(inputs, param, compiled.variables, Budget(PER_CALL, units))
            judgement = Judgement(compiled, evaluation, policy.fail)
            judgement.run()
            if not judgement.applies or not compiled.annotations:
                return judgement, []
            evaluation = Evaluation(inputs, param, compiled.variables, Budget(PER_CALL, units))
            return judgement, list(annotated(compiled, evaluation))

        judgement, annotations = await unhurried(judged)
        for decision in judgement.decisions:
            self._act(policy, binding, decision)
        for key, value, error in annotations:
            if error:
                if policy.fail:
                    self.refusals.append(_Refusal(policy, binding, error))
            else:
                collected.setdefault(key, []).append(value)

    def _act(self, policy: Policy, binding: Binding, decision: Decision) -> None:
        call = self.subject.review.call
        if "Deny" in binding.actions:
            refusal = _Refusal(policy, binding, decision.message, decision.reason)
            self.refusals.append(refusal)
        if "Warn" in binding.actions:
            text = (
                f"Validation failed for ValidatingAdmissionPolicy '{policy.name}' with binding "
                f"'{binding.name}': {decision.message}"
            )
            if text not in call.warnings:
                call.warnings.append(text)
        if "Audit" in binding.actions:
            told = {
                "message": decision.message,
                "policy": policy.name,
                "binding": binding.name,
                "expressionIndex": decision.position,
                "validationActions": list(binding.actions),
            }
            self.annotations.setdefault(FAILURE, orjson.dumps([told]).decode())

    def _misconfigured(self, policy: Policy, binding: Binding | None, message: str) -> None:
        if policy.fail:
            self.refusals.append(_Refusal(policy, binding, message))


async def validate(review: Review) -> None:
    """Ask all of them. Raises the StatusError of the first, in order, that refuses."""
    if matching.exempt_from_policies(review.call.kind):
        return
    court = _Court(subject_of(review))
    for policy, bindings in review.environment.policies.validating.bound:
        await court.hear(policy, bindings)
    review.call.annotations.update(court.annotations)
    if court.refusals:
        raise _denied(court.subject, court.refusals[0])


def _denied(subject: Subject, refusal: _Refusal) -> StatusError:
    by = f"ValidatingAdmissionPolicy '{refusal.policy.name}'"
    if refusal.binding is not None:
        by += f" with binding '{refusal.binding.name}'"
    message = f"{by} denied request: {refusal.message}"
    reason = refusal.reason or "Invalid"
    kind = subject.review.call.kind
    group = f"{kind.plural}.{kind.group}" if kind.group else kind.plural
    shown = f" {status.quoted(subject.name)}" if subject.name else ""
    return status.status_error(
        _CODES.get(reason, 422),
        reason,
        f"{group}{shown} is forbidden: {message}",
        kind=kind.plural,
        group=kind.group,
        name=subject.name,
        causes=[status.Cause("", "", message)],
    )
