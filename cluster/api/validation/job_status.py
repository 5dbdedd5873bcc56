"""Rules of a Job's status: how it ends, and what it counts.

Source: KEP-4368 (jobs that others manage) and KEP-3998; the API reference of batch/v1; docs "Jobs",
Job termination and cleanup. A rule is held only against what changed of what it is about: what was
wrong before may stay. Must not know how a job is carried out.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cluster.api.status import Cause
from cluster.api.timestamps import parse_time
from cluster.api.types import Object
from cluster.api.validation import causes
from cluster.api.validation.job_indexes import check_indexes, first_shared

_COMPLETE, _FAILED = "Complete", "Failed"
_MET, _TARGET = "SuccessCriteriaMet", "FailureTarget"
_COUNTS = ("active", "succeeded", "failed", "ready", "terminating")
_CONDITIONS = "status.conditions"


@dataclass(frozen=True)
class _Job:
    """What the rules look at of one version of a job."""

    spec: Object
    status: Object

    def is_true(self, kind: str) -> bool:
        """The condition holds."""
        conditions = self.status.get("conditions") or ()
        return any(i.get("type") == kind and i.get("status") == "True" for i in conditions)

    @property
    def finished(self) -> bool:
        """It has come to an end, good or bad."""
        return self.is_true(_COMPLETE) or self.is_true(_FAILED)

    @property
    def indexed(self) -> bool:
        """Its completions have numbers."""
        return bool(self.spec.get("completionMode") == "Indexed")

    def count(self, name: str) -> int:
        """0 for what is not told."""
        return int(self.status.get(name) or 0)

    def time(self, name: str) -> float | None:
        """When; None for never."""
        text = self.status.get(name)
        return parse_time(text) if text else None


def check_job_status(old: Object, new: Object, found: list[Cause]) -> None:
    """A write of a Job's status."""
    was = _Job(old.get("spec") or {}, old.get("status") or {})
    job = _Job(new.get("spec") or {}, new.get("status") or {})
    for name in _COUNTS:
        causes.not_negative(f"status.{name}", job.status.get(name), found)
    _uncounted(job.status.get("uncountedTerminatedPods") or {}, found)
    _ends(was, job, found)
    _times(was, job, found)
    _rest_of_finished(was, job, found)
    _indexes(was, job, found)
    _steps(was, job, found)


def _differs(was: _Job, job: _Job, *looks: Callable[[_Job], Any]) -> bool:
    return any(look(was) != look(job) for look in looks)


def _complete(job: _Job) -> bool:
    return job.is_true(_COMPLETE)


def _failed(job: _Job) -> bool:
    return job.is_true(_FAILED)


def _met(job: _Job) -> bool:
    return job.is_true(_MET)


def _target(job: _Job) -> bool:
    return job.is_true(_TARGET)


def _is_finished(job: _Job) -> bool:
    return job.finished


def _field(name: str) -> Callable[[_Job], Any]:
    """A look at what the status says; what is not told is the same as 0, or as nothing."""
    return lambda job: job.status.get(name) or None


def _time(name: str) -> Callable[[_Job], float | None]:
    return lambda job: job.time(name)


def _uncounted(pods: Object, found: list[Cause]) -> None:
    seen: set[str] = set()
    for name in ("succeeded", "failed"):
        for position, uid in enumerate(pods.get(name) or ()):
            path = f"status.uncountedTerminatedPods.{name}[{position}]"
            if not uid:
                found.append(causes.invalid(path, uid, "must not be empty"))
            elif uid in seen:
                found.append(causes.duplicate(path, uid))
            seen.add(uid)


def _ends(was: _Job, job: _Job, found: list[Cause]) -> None:
    """A job comes to one end, which was announced."""
    told: list[str] = []
    complete, failed = _complete(job), _failed(job)
    if complete and failed and _differs(was, job, _complete, _failed):
        told.append("cannot set Complete=True and Failed=true conditions")
    if complete and _target(job) and _differs(was, job, _complete, _target):
        told.append("cannot set Complete=True and FailureTarget=true conditions")
    if failed and not _target(job) and _differs(was, job, _failed, _target):
        told.append("cannot set Failed=True condition without the FailureTarget=true condition")
    if complete and not _met(job) and _differs(was, job, _complete, _met):
        told.append(
            "cannot set Complete=True condition without the SuccessCriteriaMet=true condition"
        )
    if _met(job) and failed:
        told.append("cannot set SuccessCriteriaMet=True and Failed=true conditions")
    if _met(job) and _target(job):
        told.append("cannot set SuccessCriteriaMet=True and FailureTarget=true conditions")
    if job.spec.get("successPolicy") is not None and complete and not _met(job):
        told.append(
            "cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True"
        )
    found.extend(causes.wrong(_CONDITIONS, detail) for detail in told)


def _times(was: _Job, job: _Job, found: list[Cause]) -> None:
    """Only what is complete was completed, and not before it began."""
    path, text = "status.completionTime", job.status.get("completionTime")
    began, ended = job.time("startTime"), job.time("completionTime")
    if _differs(was, job, _complete, _time("completionTime")):
        if ended is not None and not _complete(job):
            detail = "cannot set completionTime when there is no Complete=True condition"
            found.append(causes.invalid(path, text, detail))
        if ended is None and _complete(job):
            found.append(causes.required(path, "completionTime is required for Complete jobs"))
    moved = _differs(was, job, _time("startTime"), _time("completionTime"))
    if moved and began is not None and ended is not None and ended < began:
        found.append(causes.invalid(path, text, "completionTime cannot be set before startTime"))
    before = was.time("completionTime")
    if ended is not None and before is not None and ended != before:
        found.append(causes.invalid(path, text, "completionTime cannot be mutated"))
    before = was.time("startTime")
    if before is not None and before != began and not job.spec.get("suspend"):
        detail = "startTime cannot be removed for unsuspended job"
        found.append(causes.required("status.startTime", detail))


def _rest_of_finished(was: _Job, job: _Job, found: list[Cause]) -> None:
    """A finished job has no pods left, and none that are still to be counted."""
    for name in ("active", "terminating"):
        changed = _differs(was, job, _is_finished, _field(name))
        if changed and job.finished and job.count(name) > 0:
            detail = f"{name}>0 is invalid for finished job"
            found.append(causes.invalid(f"status.{name}", job.count(name), detail))
    unstarted = job.finished and not job.status.get("startTime")
    if unstarted and _differs(was, job, _is_finished, _time("startTime")):
        detail = "startTime is required for finished job"
        found.append(causes.required("status.startTime", detail))
    pods = job.status.get("uncountedTerminatedPods") or {}
    left = job.finished and (pods.get("succeeded") or pods.get("failed"))
    if left and _differs(was, job, _is_finished, _field("uncountedTerminatedPods")):
        detail = "uncountedTerminatedPods needs to be empty for finished job"
        found.append(causes.invalid("status.uncountedTerminatedPods", pods, detail))
    told = job.status.get("ready") is not None
    over = told and job.count("ready") > job.count("active")
    if over and _differs(was, job, _field("ready"), _field("active")):
        detail = "cannot set more ready pods than active"
        found.append(causes.invalid("status.ready", job.count("ready"), detail))


def _indexes(was: _Job, job: _Job, found: list[Cause]) -> None:
    """Indexes are those of an indexed job, and either completed or failed."""
    completions = job.spec.get("completions")
    done, failed = job.status.get("completedIndexes") or "", job.status.get("failedIndexes")
    done_changed = _differs(was, job, _field("completedIndexes"))
    failed_changed = was.status.get("failedIndexes") != failed
    per_index = job.spec.get("backoffLimitPerIndex") is not None
    if done_changed and completions is not None:
        check_indexes("status.completedIndexes", done, completions, found)
    if failed_changed and completions is not None and per_index and failed is not None:
        check_indexes("status.failedIndexes", failed, completions, found)
    if done_changed and done and not job.indexed:
        detail = "cannot set non-empty completedIndexes when non-indexed completion mode"
        found.append(causes.invalid("status.completedIndexes", done, detail))
    if failed_changed and not per_index and failed is not None:
        detail = "cannot set non-null failedIndexes when backoffLimitPerIndex is null"
        found.append(causes.invalid("status.failedIndexes", failed, detail))
    if (done_changed or failed_changed) and completions is not None and failed is not None:
        shared = first_shared(done, failed, completions)
        if shared is not None:
            detail = f"failedIndexes and completedIndexes overlap at index: {shared}"
            found.append(causes.invalid("status.failedIndexes", failed, detail))


def _steps(was: _Job, job: _Job, found: list[Cause]) -> None:
    """What is decided stays decided, and what is counted stays counted."""
    for kind in (_FAILED, _COMPLETE, _TARGET):
        if was.is_true(kind) and not job.is_true(kind):
            detail = f"cannot disable the terminal {kind}=True condition"
            found.append(causes.wrong(_CONDITIONS, detail))
    # An indexed job that is as wide as it is long may be made shorter.
    elastic = job.indexed and job.spec.get("completions") == job.spec.get("parallelism")
    for name in ("failed", "succeeded"):
        if job.count(name) < was.count(name) and not (name == "succeeded" and elastic):
            detail = f"cannot decrease the {name} counter"
            found.append(causes.invalid(f"status.{name}", job.count(name), detail))
    if _met(was) and not _met(job):
        detail = "cannot disable the SuccessCriteriaMet=True condition"
        found.append(causes.wrong(_CONDITIONS, detail))
    if _complete(was) and not _met(was) and _met(job):
        detail = "cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions"
        found.append(causes.wrong(_CONDITIONS, detail))
