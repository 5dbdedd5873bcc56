"""Admission by webhooks: mutating ones in turn, validating ones all at once.

Job: which webhooks a request is sent to, in which form, and what their answers do to it. Source:
"Dynamic Admission Control" (reinvocation, failure policy, side effects). Must not know: HTTP.
"""

import asyncio
import re
from dataclasses import dataclass, field

from actors.apiserver.admission import matching
from actors.apiserver.admission.hooks import CallFailed, Hook
from actors.apiserver.admission.inputs import inputs_of
from actors.apiserver.admission.matching import Asked
from actors.apiserver.admission.notes import Note
from actors.apiserver.admission.plugin import Review
from actors.apiserver.admission.rounds import Reinvocation
from actors.apiserver.admission.shown import in_chosen_namespace, shown_as
from actors.apiserver.admission.subject import Subject, settle, subject_of
from actors.apiserver.environment import Environment
from actors.apiserver.outside_time import spent
from actors.apiserver.patience import unhurried
from cluster.api import admission_review, status
from cluster.api.admission_review import Verdict
from cluster.api.kinds import Kind
from cluster.api.patch_operations import REJECTED
from cluster.api.patches import json_patch
from cluster.api.policies.evaluation import Evaluation, Failed, matches
from cluster.api.types import Object
from cluster.errors import StatusError

# How long a request may take in all if it does not say (kube-apiserver's --request-timeout).
REQUEST_SECONDS = 60.0
_TIMEOUT = re.compile(r"(?:(\d{1,4})h)?(?:(\d{1,6})m)?(?:(\d{1,6}(?:\.\d{1,9})?)s)?")


def concern(environment: Environment, asked: Asked) -> bool:
    """True if a webhook may be asked of it, by the rules alone."""
    hooks, table = environment.hooks, environment.kinds.table
    return any(
        matching.matched(hook.rules, hook.exact, asked, table) is not None
        for hook in (*hooks.mutating.hooks, *hooks.validating.hooks)
    )


class _Unanswered(Exception):
    """A webhook gave no answer that counts; its failurePolicy decides. The text says why."""


@dataclass
class Rounds:
    """The rounds of mutating webhooks of one request."""

    _again: Reinvocation[tuple[str, str, int]] = field(default_factory=Reinvocation)

    @property
    def changed(self) -> bool:
        """By a patch, at any time."""
        return self._again.changed

    async def first(self, review: Review) -> None:
        """Ask all that the request is about. Raises StatusError."""
        await self._ask(review)

    async def second(self, review: Review) -> None:
        """Ask those again that want it and whose object has changed since. Raises StatusError."""
        self._again.second(review.obj)
        await self._ask(review)

    async def _ask(self, review: Review) -> None:
        subject = subject_of(review)
        for index, hook in enumerate(review.environment.hooks.mutating.hooks):
            if not self._again.due(hook.place):
                continue
            kind = await _chosen(hook, subject)
            if kind is None:
                continue
            note = Note(review.call.annotations, hook, self._again.round, index)
            mutated = False
            try:
                mutated = await _mutate(hook, subject, kind, note)
            except StatusError as error:
                error.final = True
                raise
            finally:
                note.asked(mutated)
            self._again.asked(hook.place, mutated, hook.again)
        self._again.left(review.obj)


async def validate(review: Review) -> None:
    """Ask all validating webhooks that the request is about. Raises the StatusError of the first,
    in order, that refuses."""
    subject = subject_of(review)
    found = [
        (hook, kind)
        for hook in review.environment.hooks.validating.hooks
        if (kind := await _chosen(hook, subject)) is not None
    ]
    said, clock = review.call.annotations, review.environment.clock.monotonic
    began = clock()
    answers = await asyncio.gather(
        *(
            _outcome(hook, subject, kind, Note(said, hook, 0, index))
            for index, (hook, kind) in enumerate(found)
        )
    )
    if found:
        spent(clock() - began)
    for error in answers:
        if error is not None:
            error.final = True
            raise error


async def _outcome(hook: Hook, subject: Subject, kind: Kind, note: Note) -> StatusError | None:
    try:
        await _judged(hook, subject, kind, note, mutating=False)
    except StatusError as error:
        return error
    return None


async def _chosen(hook: Hook, subject: Subject) -> Kind | None:
    """The kind in whose form the webhook is asked, None if it is not. Raises StatusError 400 for a
    dry run that the webhook does not bear."""
    review = subject.review
    if matching.exempt(review.call.kind):
        return None
    table = review.environment.kinds.table
    kind = matching.matched(hook.rules, hook.exact, subject.asked, table)
    if kind is None or not matching.chosen_by_labels(hook.objects, subject.obj, subject.old):
        return None
    if not hook.namespaces.everything and not await in_chosen_namespace(hook.namespaces, review):
        return None
    if hook.conditions and not await _conditions_hold(hook, subject, kind):
        return None
    if subject.dry_run and not hook.harmless:
        name = status.quoted(hook.name)
        raise status.bad_request(f"admission webhook {name} does not support dry run")
    return kind


async def _conditions_hold(hook: Hook, subject: Subject, kind: Kind) -> bool:
    """Raises StatusError 403 if that cannot be told, and the webhook's policy is to fail."""
    evaluation = Evaluation(await inputs_of(subject, kind, namespaced=False))
    try:
        return await unhurried(lambda units: _match(hook, evaluation, units))
    except Failed as error:
        if not hook.fail:
            return False
        call = subject.review.call
        raise status.forbidden(call.kind, subject.name, str(error)) from error


def _match(hook: Hook, evaluation: Evaluation, units: int | None) -> bool:
    evaluation.budget.patience = units
    return matches(hook.conditions.compiled(units), evaluation)


async def _mutate(hook: Hook, subject: Subject, kind: Kind, note: Note) -> bool:
    """Ask, and apply the patch. True if it changed the object."""
    verdict, shown = await _judged(hook, subject, kind, note, mutating=True)
    if not verdict.patch:
        return False
    review = subject.review
    definitions = review.environment.hooks.definitions
    if shown is None or review.connect or definitions is None:
        name = status.quoted(hook.name)
        raise status.internal_error(
            f"admission webhook {name} attempted to modify the object, which is not supported for "
            "this operation"
        )
    try:
        patched = json_patch(shown, verdict.patch)
        if patched == shown:
            return False
        note.patched(verdict.patch)
        settle(definitions, subject, await shown_as(subject, review.call.kind, patched))
    except StatusError as error:
        why = str(error).removeprefix(f"{REJECTED}: ")
        text = f"admission webhook {status.quoted(hook.name)}: {why}"
        raise status.internal_error(text) from error
    return True


async def _judged(
    hook: Hook, subject: Subject, kind: Kind, note: Note, mutating: bool
) -> tuple[Verdict, Object | None]:
    """(the answer, the object as the webhook saw it). Raises StatusError for a denial, or for no
    answer if the webhook's policy is to fail."""
    try:
        return await _ask(hook, subject, kind, mutating)
    except _Unanswered as error:
        _remaining(subject.review)
        if hook.fail:
            text = f"failed calling webhook {status.quoted(hook.name)}: {error}"
            raise status.internal_error(text) from error
        note.failed_open(mutating)
        return Verdict(True), None


async def _ask(
    hook: Hook, subject: Subject, kind: Kind, mutating: bool
) -> tuple[Verdict, Object | None]:
    review = subject.review
    hooks = review.environment.hooks
    caller = hooks.mutator if mutating else hooks.validator
    if caller is None:
        raise _Unanswered("webhooks cannot be asked from here")
    seconds = min(hook.seconds, _remaining(review))
    obj = None if subject.obj is None else await shown_as(subject, kind, subject.obj)
    old = None if subject.old is None else await shown_as(subject, kind, subject.old)
    request = subject.request(kind, review.environment.entropy.uuid(), obj, old)
    sent = admission_review.envelope(hook.versions, request)
    clock = review.environment.clock.monotonic
    began, code = clock(), 0
    try:
        answer = await caller.post(hook.client, sent, seconds)
        verdict = admission_review.verdict(sent, answer, mutating)
        code = 200 if verdict.allowed else admission_review.denied("", verdict.result).code
    except CallFailed as error:
        raise _Unanswered(f"failed to call webhook: {error}") from error
    except ValueError as error:
        raise _Unanswered(f"received invalid webhook response: {error}") from error
    finally:
        place = (hook.name, review.operation, "admit" if mutating else "validating")
        seconds = clock() - began
        review.environment.admission.webhook(place, code, seconds)
        if mutating:
            # (Those that only judge are asked at once: what they take is known together.)
            spent(seconds)
    for key, value in verdict.annotations:
        review.call.annotations[f"{hook.name}/{key}"] = value
    for text in verdict.warnings:
        if text not in review.call.warnings:
            review.call.warnings.append(text)
    if not verdict.allowed:
        raise admission_review.denied(hook.name, verdict.result)
    return verdict, obj


def _remaining(review: Review) -> float:
    """Seconds left of the request's own time. Raises StatusError 504 if there are none."""
    call, now = review.call, review.environment.clock.monotonic()
    if not call.until:
        call.until = now + _timeout(call.request.query.get("timeout", ""))
    if call.until <= now:
        raise status.timeout("request did not complete within requested timeout")
    return call.until - now


def _timeout(text: str) -> float:
    found = _TIMEOUT.fullmatch(text)
    if not text or found is None:
        return REQUEST_SECONDS
    hours, minutes, seconds = found.groups(default="0")
    asked = int(hours) * 3600 + int(minutes) * 60 + float(seconds)
    return asked if 0 < asked < REQUEST_SECONDS else REQUEST_SECONDS
