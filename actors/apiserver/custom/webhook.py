"""Asks conversion webhooks with ConversionReviews.

Source: "Versions in CustomResourceDefinitions", Webhook conversion. Must not know: who needs the
objects or why, how a webhook is reached.
"""

from dataclasses import dataclass

from actors.apiserver.admission.hooks import CallFailed, HookCaller
from actors.kit.world.entropy import Entropy
from cluster.api import status
from cluster.api.custom import reviews
from cluster.api.custom.form import CustomForm
from cluster.api.types import Object

TIMEOUT_SECONDS = 30.0
# A page of a list is converted at once.
ANSWER_BYTES_MAX = 64 << 20


@dataclass
class WebhookConverter:
    """A ``Converter``."""

    caller: HookCaller
    entropy: Entropy

    async def convert(self, form: CustomForm, version: str, objects: list[Object]) -> list[Object]:
        """See ``conversion.Converter``."""
        webhook = form.conversion.get("webhook") or {}
        client = webhook.get("clientConfig") or {}
        review = reviews.request(form, version, objects, self.entropy.uuid())
        try:
            answer = await self.caller.post(client, review, TIMEOUT_SECONDS, ANSWER_BYTES_MAX)
            return reviews.converted(form, version, objects, review, answer)
        except (CallFailed, ValueError) as error:
            subject = f"conversion webhook for {form.group}/{form.name}, Kind={form.kind} failed"
            raise status.internal_error(f"{subject}: {error}") from error
