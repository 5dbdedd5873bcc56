"""What the audit log is told of webhooks that were asked.

Source: "Dynamic Admission Control", Monitoring admission webhooks: auditing annotations. Must not
know: how a webhook is asked, which requests are logged.
"""

from dataclasses import dataclass
from typing import Any

import orjson

from actors.apiserver.admission.hooks import Hook

MUTATION = "mutation.webhook.admission.k8s.io/"
# What a patch holds is of the object: levels that keep no objects keep none of it.
PATCH = "patch.webhook.admission.k8s.io/"
FAILED_OPEN = "failed-open."
VALIDATION = "validating.webhook.admission.k8s.io/"


@dataclass(frozen=True, slots=True)
class Note:
    """``said``: annotations of the request. ``round``, ``index``: when the webhook was asked, among
    which."""

    said: dict[str, str]
    hook: Hook
    round: int
    index: int

    @property
    def _place(self) -> str:
        return f"round_{self.round}_index_{self.index}"

    @property
    def _who(self) -> dict[str, Any]:
        return {"configuration": self.hook.place[0], "webhook": self.hook.name}

    def asked(self, mutated: bool) -> None:
        """A mutating one was, whatever it answered."""
        self.said[MUTATION + self._place] = _json({**self._who, "mutated": mutated})

    def patched(self, operations: list[Any]) -> None:
        """It changed the object."""
        told = {**self._who, "patch": operations, "patchType": "JSONPatch"}
        self.said[PATCH + self._place] = _json(told)

    def failed_open(self, mutating: bool) -> None:
        """It gave no answer, and its policy is to go on."""
        prefix = MUTATION if mutating else VALIDATION
        self.said[FAILED_OPEN + prefix + self._place] = self.hook.name


def _json(told: dict[str, Any]) -> str:
    return orjson.dumps(told).decode()
