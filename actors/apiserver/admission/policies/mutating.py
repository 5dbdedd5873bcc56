"""Mutating admission policies: each bound policy changes the object in turn.

Job: which policies a request is about, in which order, and what their mutations do to the object.
Source: docs "Mutating Admission Policy". Must not know: how expressions are evaluated.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import orjson

from actors.apiserver.admission import matching
from actors.apiserver.admission.inputs import inputs_of
from actors.apiserver.admission.plugin import Review
from actors.apiserver.admission.policies.choosing import chosen, namespace_of
from actors.apiserver.admission.policies.params import param_kind, params_of
from actors.apiserver.admission.policies.records import Binding, Policy
from actors.apiserver.admission.rounds import Reinvocation
from actors.apiserver.admission.shown import shown_as
from actors.apiserver.admission.subject import Subject, body_of, settle, subject_of
from actors.apiserver.patience import unhurried
from cluster.api import status
from cluster.api.kinds import Kind
from cluster.api.policies.changes import json_of, laid_over, patched
from cluster.api.policies.evaluation import Evaluation, Failed, matches
from cluster.api.policies.expressions import Compiled, Mutation
from cluster.api.schema import Definitions
from cluster.api.schema_node import SchemaNode
from cluster.api.types import Object
from cluster.cel.program import PER_CALL, Budget
from cluster.errors import StatusError

# Policy, binding, namespace and name of the parameter.
Place = tuple[str, str, str, str]


@dataclass
class Rounds:
    """The rounds of mutating policies of one request. ``_refusals``: of policies that must not
    fail, worded."""

    _again: Reinvocation[Place] = field(default_factory=Reinvocation)
    _refusals: list[tuple[str, str]] = field(default_factory=list)

    @property
    def changed(self) -> bool:
        """By a policy, at any time."""
        return self._again.changed

    async def first(self, review: Review) -> None:
        """All that the request is about. Raises StatusError."""
        await self._run(review)

    async def second(self, review: Review) -> None:
        """Those again that want it and whose object has changed since. Raises StatusError."""
        self._again.second(review.obj)
        await self._run(review)

    async def _run(self, review: Review) -> None:
        self._refusals.clear()
        if matching.exempt_from_policies(review.call.kind):
            return
        subject = subject_of(review)
        for policy, bindings in review.environment.policies.mutating.bound:
            await self._policy(policy, bindings, subject)
        self._again.left(review.obj)
        if self._refusals:
            raise _denied(subject, self._refusals)

    async def _policy(self, policy: Policy, bindings: Iterable[Binding], subject: Subject) -> None:
        kind = await chosen(policy.constraints, subject)
        if kind is None:
            return
        params: Kind | None = None
        try:
            if policy.param_kind is not None:
                params = param_kind(subject.review, policy.param_kind)
        except Failed as error:
            self._failed(policy, None, f"failed to configure policy: {error}")
            return
        for binding in bindings:
            wanted = binding.constraints
            if wanted is not None and await chosen(wanted, subject) is None:
                continue
            try:
                place = namespace_of(subject)
                found = await params_of(subject.review, params, binding.params, place)
            except Failed as error:
                self._failed(policy, binding, f"failed to configure binding: {error}")
                continue
            for param in found:
                await self._invoke(policy, binding, param, subject, kind)

    async def _invoke(
        self, policy: Policy, binding: Binding, param: Object | None, subject: Subject, kind: Kind
    ) -> None:
        metadata = (param or {}).get("metadata") or {}
        named = (metadata.get("namespace") or "", metadata.get("name") or "")
        place = (policy.name, binding.name, *named)
        if not self._again.due(place):
            return
        compiled = await unhurried(policy.compiled)
        evaluation = Evaluation(await inputs_of(subject, kind), param, compiled.variables)
        try:
            if not await unhurried(lambda units: _matched(compiled, evaluation, units)):
                return
        except Failed as error:
            if policy.fail:
                self._failed(policy, binding, str(error))
            return
        before = orjson.dumps(subject.obj)
        for mutation in compiled.mutations if subject.obj is not None else ():
            try:
                if await _mutate(mutation, evaluation, subject, kind):
                    evaluation.again(await inputs_of(subject, kind))
            except Failed as error:
                self._failed(policy, binding, str(error))
        self._again.asked(place, orjson.dumps(subject.obj) != before, policy.again)

    def _failed(self, policy: Policy, binding: Binding | None, text: str) -> None:
        if not policy.fail:
            return
        by = f"policy '{policy.name}'"
        if binding is None:
            self._refusals.append((f"{by} denied request: {text}", ""))
        else:
            told = f"{by} with binding '{binding.name}' denied request: {text}"
            self._refusals.append((told, "Invalid"))


def _matched(compiled: Compiled, evaluation: Evaluation, units: int | None) -> bool:
    evaluation.budget.patience = units
    return matches(compiled.conditions, evaluation)


async def _mutate(mutation: Mutation, evaluation: Evaluation, subject: Subject, kind: Kind) -> bool:
    """True if it changed the object. Raises Failed."""

    def evaluated(units: int | None) -> Any:
        evaluation.budget = Budget(PER_CALL, units)
        return evaluation.value(mutation.expression)

    value = await unhurried(evaluated)
    if mutation.mismatch:
        raise Failed(f"type mismatch: {mutation.mismatch}")
    review = subject.review
    shown, definitions = evaluation.inputs.obj, review.environment.hooks.definitions
    if shown is None or definitions is None or review.connect:
        raise Failed("the object of this operation cannot be changed")
    if mutation.apply:
        node = _schema(definitions, subject, kind)
        config = _configuration(definitions, subject, kind, json_of(value), shown)
        changed = laid_over(shown, config, node)
    else:
        changed = patched(shown, [_operation(item) for item in value])
    if changed == shown:
        return False
    try:
        settle(definitions, subject, await shown_as(subject, review.call.kind, changed))
    except StatusError as error:
        raise Failed(str(error)) from error
    return True


def _operation(item: Any) -> Object:
    """A JSONPatch value as an operation; what it leaves out is not in it. Raises Failed."""
    found = json_of(item)
    if not isinstance(found, dict) or "op" not in found or "path" not in found:
        raise Failed(
            "type mismatch: JSONPatchType.expression should evaluate to array of JSONPatch"
        )
    if not found.get("from"):
        found.pop("from", None)
    return found


def _schema(definitions: Definitions, subject: Subject, kind: Kind) -> SchemaNode:
    part = body_of(subject.review)
    if part is not None and part.definition:
        return definitions.schema_for(part.definition)
    return definitions.node_of(kind)


def _configuration(
    definitions: Definitions, subject: Subject, kind: Kind, config: Object, shown: Object
) -> Object:
    """Held to its schema. Raises Failed for fields that are not in it, and for wrong types."""
    config["apiVersion"], config["kind"] = shown.get("apiVersion"), shown.get("kind")
    part = body_of(subject.review)
    definition = part.definition if part is not None else ""
    wrong = "error applying patch: failed to convert patch object to typed object: "
    try:
        unknown = definitions.conform(kind, config, "Warn", (), definition)
    except StatusError as error:
        raise Failed(f"{wrong}{error}") from error
    if unknown:
        paths = [text.partition('"')[2].rstrip('"') for text in unknown]
        raise Failed(wrong + ", ".join(f".{path}: field not declared in schema" for path in paths))
    return config


def _denied(subject: Subject, refusals: list[tuple[str, str]]) -> StatusError:
    """403, in the words of the first. Kubernetes says Invalid with that code."""
    kind = subject.review.call.kind
    message, reason = refusals[0]
    return status.status_error(
        403,
        reason or "Forbidden",
        message,
        kind=kind.plural,
        group=kind.group,
        name=subject.name,
        causes=[status.Cause("", "", text) for text, _ in refusals],
    )
