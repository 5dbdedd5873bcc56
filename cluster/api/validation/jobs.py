"""Rules of Jobs.

Source: the API reference of batch/v1, docs "Jobs", and what kube-apiserver answers.
Must not know how they are carried out.
"""

from typing import Any

from cluster.api import names
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes
from cluster.api.validation.job_policies import check_failure_policy, check_success_policy
from cluster.api.validation.label_selectors import check_label_selector
from cluster.api.validation.selected import check_selected, check_template, compiled

UID_LABEL = "batch.kubernetes.io/controller-uid"
# With the names that they had before.
_LABELS = {UID_LABEL: "controller-uid", "batch.kubernetes.io/job-name": "job-name"}
_MODES = frozenset(("Indexed", "NonIndexed"))
_PARALLEL_MAX = 100_000
_MANY = 100_000
_PARALLEL_OF_MANY_MAX = 10_000
_RESTARTS = frozenset(("Never", "OnFailure"))
_REPLACEMENT = frozenset(("Failed", "TerminatingOrFailed"))
_COUNTS = (
    "parallelism",
    "completions",
    "activeDeadlineSeconds",
    "backoffLimit",
    "ttlSecondsAfterFinished",
    "backoffLimitPerIndex",
    "maxFailedIndexes",
)
_OF_MANY = (
    f"must be less than or equal to {_PARALLEL_OF_MANY_MAX} when completions are above {_MANY} "
    "and used with backoff limit per index"
)
_FIXED = (
    "selector",
    "completionMode",
    "podFailurePolicy",
    "backoffLimitPerIndex",
    "managedBy",
    "successPolicy",
)
# What a queueing system may still say of where a suspended job's pods will run.
_DIRECTIVES = ("nodeSelector", "tolerations", "schedulingGates")


def check_job(obj: Object, found: list[Cause]) -> None:
    """A Job."""
    spec = obj.get("spec") or {}
    selector = spec.get("selector")
    if selector is None:
        found.append(causes.required("spec.selector"))
    else:
        check_label_selector("spec.selector", selector, found)
        if not spec.get("manualSelector"):
            _generated(obj, selector, found)
    check_selected("spec.template", selector, spec.get("template") or {}, found)
    check_job_spec("spec", spec, found)
    _host_names(obj, spec, found)


def check_job_spec(path: str, spec: Object, found: list[Cause]) -> None:
    """The spec of a job, alone or in a cron job: all but its selector."""
    for name in _COUNTS:
        causes.not_negative(f"{path}.{name}", spec.get(name), found)
    if spec.get("managedBy") is not None:
        _managed_by(f"{path}.managedBy", spec["managedBy"], found)
    mode = spec.get("completionMode")
    if mode is not None and mode not in _MODES:
        found.append(causes.unsupported(f"{path}.completionMode", mode, _MODES))
    if mode == "Indexed":
        _indexed(path, spec, found)
    elif mode in (None, "NonIndexed"):
        for name in ("backoffLimitPerIndex", "maxFailedIndexes"):
            if spec.get(name) is not None:
                detail = "requires indexed completion mode"
                found.append(causes.invalid(f"{path}.{name}", spec[name], detail))
    if spec.get("podFailurePolicy") is not None:
        check_failure_policy(path, spec, found)
    if spec.get("successPolicy") is not None:
        if mode == "Indexed":
            check_success_policy(path, spec, found)
        else:
            detail = "requires indexed completion mode"
            place = f"{path}.successPolicy"
            found.append(causes.invalid(place, spec["successPolicy"], detail))
    replacement = spec.get("podReplacementPolicy")
    if replacement is not None:
        allowed = _REPLACEMENT
        if spec.get("podFailurePolicy") is not None:
            allowed = frozenset(("Failed",))
        if replacement not in allowed:
            place = f"{path}.podReplacementPolicy"
            found.append(causes.unsupported(place, replacement, allowed))
    template = spec.get("template") or {}
    check_template(f"{path}.template", template, found)
    _restarts(f"{path}.template.spec.restartPolicy", spec, found)


def check_job_update(old: Object, new: Object, found: list[Cause]) -> None:
    """What pods were started from does not change under them."""
    before, after = old.get("spec") or {}, new.get("spec") or {}
    _completions(before, after, found)
    for name in _FIXED:
        if before.get(name) != after.get(name):
            found.append(causes.invalid(f"spec.{name}", after.get(name), causes.IMMUTABLE))
    template: Any = after.get("template") or {}
    if _fixed_template(old, before.get("template") or {}) != _fixed_template(old, template):
        if _waits(old):
            spec = template.get("spec")
            found.append(causes.invalid("spec.template.spec", spec, causes.IMMUTABLE))
        else:
            found.append(causes.invalid("spec.template", template, causes.IMMUTABLE))


def _restarts(path: str, spec: Object, found: list[Cause]) -> None:
    """A pod that always runs again never completes."""
    policy = ((spec.get("template") or {}).get("spec") or {}).get("restartPolicy") or ""
    if policy in ("", "Always"):
        found.append(causes.required(path, 'valid values: "OnFailure", "Never"'))
    elif policy not in _RESTARTS:
        found.append(causes.unsupported(path, policy, _RESTARTS))
    elif spec.get("podFailurePolicy") is not None and policy != "Never":
        detail = 'only "Never" is supported when podFailurePolicy is specified'
        found.append(causes.invalid(path, policy, detail))


def _host_names(obj: Object, spec: Object, found: list[Cause]) -> None:
    """The pods of an Indexed job are hosts, named by the job and their index."""
    name, count = (obj.get("metadata") or {}).get("name") or "", spec.get("completions") or 0
    host = f"{name}-{count - 1}"
    if spec.get("completionMode") == "Indexed" and count > 0 and names.dns_label_errors(host):
        detail = f"will not able to create pod with invalid DNS label: {host}"
        found.append(causes.invalid("metadata.name", name, detail))


def _generated(obj: Object, selector: Object, found: list[Cause]) -> None:
    """Without ``manualSelector`` the server selects by the job's own uid, and nobody else."""
    metadata = obj.get("metadata") or {}
    uid, name = metadata.get("uid") or "", metadata.get("name") or ""
    wanted = {old: uid if new == UID_LABEL else name for new, old in _LABELS.items()}
    wanted.update({new: wanted[old] for new, old in _LABELS.items()})
    template = (obj.get("spec") or {}).get("template") or {}
    labels = (template.get("metadata") or {}).get("labels") or {}
    for label, value in wanted.items():
        place, detail = f"spec.template.metadata.labels[{label}]", f"must be '{value}'"
        if label not in labels:
            found.append(causes.required(place, detail))
        elif labels[label] != value:
            found.append(causes.invalid(place, labels, detail))
    selects = compiled(selector)
    if selects is not None and not selects.matches(wanted):
        found.append(causes.invalid("spec.selector", selector, "`selector` not auto-generated"))


def _managed_by(path: str, value: str, found: list[Cause]) -> None:
    if len(value) > 63:
        found.append(causes.too_long(path, 63))
    if not value:
        found.append(causes.required(path))
        return
    domain, slash, rest = value.partition("/")
    if not slash or not domain or not rest:
        detail = 'must be a domain-prefixed path (such as "acme.io/foo")'
        found.append(causes.invalid(path, value, detail))
    else:
        causes.each(path, domain, names.subdomain_errors(domain), found)


def _indexed(path: str, spec: Object, found: list[Cause]) -> None:
    completions, parallel = spec.get("completions"), spec.get("parallelism") or 0
    failed, per_index = spec.get("maxFailedIndexes"), spec.get("backoffLimitPerIndex")
    if completions is None:
        found.append(causes.required(f"{path}.completions", "when completion mode is Indexed"))
    if parallel > _PARALLEL_MAX:
        detail = f"must be less than or equal to {_PARALLEL_MAX} when completion mode is Indexed"
        found.append(causes.invalid(f"{path}.parallelism", parallel, detail))
    if failed is not None:
        place = f"{path}.maxFailedIndexes"
        if per_index is None:
            detail = "when maxFailedIndexes is specified"
            found.append(causes.required(f"{path}.backoffLimitPerIndex", detail))
        if completions is not None and failed > completions:
            detail = "must be less than or equal to completions"
            found.append(causes.invalid(place, failed, detail))
        if failed > _MANY:
            detail = f"must be less than or equal to {_MANY}"
            found.append(causes.invalid(place, failed, detail))
    if completions is None or completions <= _MANY or per_index is None:
        return
    if failed is None:
        detail = f"must be specified when completions is above {_MANY}"
        found.append(causes.required(f"{path}.maxFailedIndexes", detail))
    elif failed > _PARALLEL_OF_MANY_MAX:
        found.append(causes.invalid(f"{path}.maxFailedIndexes", failed, _OF_MANY))
    if parallel > _PARALLEL_OF_MANY_MAX:
        found.append(causes.invalid(f"{path}.parallelism", parallel, _OF_MANY))


def _completions(before: Object, after: Object, found: list[Cause]) -> None:
    old, new = before.get("completions"), after.get("completions")
    if old == new:
        return
    if after.get("completionMode") != "Indexed":
        found.append(causes.invalid("spec.completions", new, causes.IMMUTABLE))
    elif new is not None and after.get("parallelism") != new:
        detail = "can only be modified in tandem with spec.parallelism"
        found.append(causes.invalid("spec.completions", new, detail))


def _waits(job: Object) -> bool:
    """True if it is suspended and has no pods: it has never run, or was stopped."""
    spec, status = job.get("spec") or {}, job.get("status") or {}
    if not spec.get("suspend") or status.get("active"):
        return False
    stopped = any(
        item.get("type") == "Suspended" and item.get("status") == "True"
        for item in status.get("conditions") or ()
    )
    return stopped or not status.get("startTime")


def _fixed_template(live: Object, template: Object) -> Object:
    """The template without what may change while the job is suspended."""
    if not _waits(live):
        return template
    metadata: Object = dict(template.get("metadata") or {})
    for name in ("labels", "annotations"):
        metadata.pop(name, None)
    pod: Object = {
        name: value
        for name, value in (template.get("spec") or {}).items()
        if name not in _DIRECTIVES
    }
    affinity: Object = {**(pod.get("affinity") or {})}
    affinity.pop("nodeAffinity", None)
    pod["affinity"] = affinity
    for name in ("initContainers", "containers"):
        if name in pod:
            pod[name] = [{**item, "resources": None} for item in pod[name]]
    return {**template, "metadata": metadata, "spec": pod}
