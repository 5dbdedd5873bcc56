"""Rules of a workload's selector, and of the template of pods that it selects.

Must not know what the workload does with them.
"""

from typing import Any

from cluster.api.selectors import LabelSelector, SelectorError, from_object
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes
from cluster.api.validation.label_selectors import check_label_selector
from cluster.api.validation.metadata import check_annotations, check_labels
from cluster.api.validation.pod_annotations import (
    check_annotations_agree,
    check_pod_annotations,
)
from cluster.api.validation.pod_spec import check_pod_spec


def check_selector(path: str, selector: Any, what: str, found: list[Cause]) -> None:
    """It must be there, right, and not select everything."""
    if selector is None:
        found.append(causes.required(path))
        return
    check_label_selector(path, selector, found)
    if not selector.get("matchLabels") and not selector.get("matchExpressions"):
        detail = f"empty selector is invalid for {what}"
        found.append(causes.invalid(path, selector, detail))


def compiled(selector: Any) -> LabelSelector | None:
    """What selects; None if it cannot. A selector that is not there selects nothing."""
    wrong: list[Cause] = []
    check_label_selector("", selector, wrong)
    try:
        return None if wrong else from_object(selector)
    except SelectorError:
        return None


def check_selected(path: str, selector: Any, template: Object, found: list[Cause]) -> None:
    """The template's pods must be the workload's own."""
    labels = (template.get("metadata") or {}).get("labels") or {}
    selects = compiled(selector)
    if selects is not None and not selects.matches(labels):
        detail = "`selector` does not match template `labels`"
        found.append(causes.invalid(f"{path}.metadata.labels", labels, detail))


def check_template(path: str, template: Object, found: list[Cause]) -> None:
    """A template's metadata and spec, whatever it is for."""
    metadata = template.get("metadata") or {}
    if metadata.get("labels"):
        check_labels(f"{path}.labels", metadata["labels"], found)
    if metadata.get("annotations"):
        check_annotations(f"{path}.annotations", metadata["annotations"], found)
        check_pod_annotations(template, found, f"{path}.annotations")
        check_annotations_agree(template, found, f"{path}.spec")
    spec = template.get("spec") or {}
    check_pod_spec(f"{path}.spec", spec, found)
    if spec.get("ephemeralContainers"):
        detail = "ephemeral containers not allowed in pod template"
        found.append(causes.forbidden(f"{path}.spec.ephemeralContainers", detail))


def check_lasting(path: str, template: Object, kind: str, found: list[Cause]) -> None:
    """The template's pods run until they are deleted."""
    pod = template.get("spec") or {}
    if pod.get("restartPolicy") != "Always":
        policy = pod.get("restartPolicy") or ""
        found.append(causes.unsupported(f"{path}.spec.restartPolicy", policy, ("Always",)))
    if pod.get("activeDeadlineSeconds") is not None:
        detail = f"activeDeadlineSeconds in {kind} is not Supported"
        found.append(causes.forbidden(f"{path}.spec.activeDeadlineSeconds", detail))
