"""Rules of CronJobs.

Source: the API reference of batch/v1, docs "CronJob", and what kube-apiserver answers. Must not
know when a schedule is due, nor what a job is.
"""

from cluster.api import cron
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes
from cluster.api.validation.jobs import check_job_spec

# A cron job's jobs have eleven characters more in their names, and 63 are allowed.
CRON_NAME_MAX = 52
_CONCURRENCY = frozenset(("Allow", "Forbid", "Replace"))


def check_cron_job(obj: Object, found: list[Cause]) -> None:
    """A new CronJob."""
    name = (obj.get("metadata") or {}).get("name") or ""
    if len(name) > CRON_NAME_MAX:
        detail = f"must be no more than {CRON_NAME_MAX} characters"
        found.append(causes.invalid("metadata.name", name, detail))
    _cron_spec(obj.get("spec") or {}, None, found)


def check_cron_job_update(old: Object, new: Object, found: list[Cause]) -> None:
    """Names that are too long, zones in schedules and zones that are no more may stay."""
    _cron_spec(new.get("spec") or {}, old.get("spec") or {}, found)


def _cron_spec(spec: Object, before: Object | None, found: list[Cause]) -> None:
    _schedule(spec, before, found)
    causes.not_negative("spec.startingDeadlineSeconds", spec.get("startingDeadlineSeconds"), found)
    zone = spec.get("timeZone")
    if zone is not None and (before is None or before.get("timeZone") != zone):
        error = cron.zone_error(zone)
        if error:
            found.append(causes.invalid("spec.timeZone", zone, error))
    causes.one_of("spec.concurrencyPolicy", spec.get("concurrencyPolicy"), _CONCURRENCY, found)
    made = (spec.get("jobTemplate") or {}).get("spec") or {}
    path = "spec.jobTemplate.spec"
    check_job_spec(path, made, found)
    if made.get("selector") is not None:
        detail = "`selector` will be auto-generated"
        found.append(causes.invalid(f"{path}.selector", made["selector"], detail))
    if made.get("manualSelector"):
        found.append(causes.unsupported(f"{path}.manualSelector", True, ("nil", "false")))
    for field in ("successfulJobsHistoryLimit", "failedJobsHistoryLimit"):
        causes.not_negative(f"spec.{field}", spec.get(field), found)


def _schedule(spec: Object, before: Object | None, found: list[Cause]) -> None:
    schedule, path = spec.get("schedule") or "", "spec.schedule"
    if not schedule:
        found.append(causes.required(path))
        return
    error = cron.schedule_error(cron.without_zone(schedule))
    if error:
        found.append(causes.invalid(path, schedule, error))
    if not cron.names_zone(schedule):
        return
    if before is None or not cron.names_zone(before.get("schedule") or ""):
        detail = "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"
        found.append(causes.invalid(path, schedule, detail))
    elif spec.get("timeZone") is not None:
        detail = "cannot use both timeZone field and TZ or CRON_TZ in schedule"
        found.append(causes.invalid(path, schedule, detail))
