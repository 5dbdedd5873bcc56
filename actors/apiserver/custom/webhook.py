"""Asks conversion webhooks: ConversionReview over HTTPS.

Source: "Versions in CustomResourceDefinitions", Webhook conversion. A service is asked at one of
its ready endpoints, under its own name. Must not know: who needs the objects, or why.
"""

import asyncio
import base64
import binascii
import ssl
from dataclasses import dataclass
from typing import Any

import aiohttp
import orjson

from actors.apiserver.object_store import ObjectStore
from actors.apiserver.selection import Selection
from actors.kit.world.entropy import Entropy
from cluster.api import status
from cluster.api.custom import reviews
from cluster.api.custom.form import CustomForm
from cluster.api.encoding import decode
from cluster.api.kinds import by_resource
from cluster.api.types import Object

TIMEOUT_SECONDS = 30.0
ANSWER_BYTES_MAX = 64 << 20
_SLICES = by_resource("discovery.k8s.io", "v1", "endpointslices")
_SERVICES = by_resource("", "v1", "services")


@dataclass
class WebhookConverter:
    """A ``Converter``. ``objects``: for the endpoints of services."""

    objects: ObjectStore
    entropy: Entropy

    async def convert(self, form: CustomForm, version: str, objects: list[Object]) -> list[Object]:
        """See ``conversion.Converter``."""
        webhook = form.conversion.get("webhook") or {}
        client = webhook.get("clientConfig") or {}
        review = reviews.request(form, version, objects, self.entropy.uuid())
        try:
            url, name = await self._address(client)
            answer = await _post(url, name, client.get("caBundle") or "", review)
            return reviews.converted(form, version, objects, review, answer)
        except (aiohttp.ClientError, OSError, ValueError, TimeoutError) as error:
            text = str(error) or type(error).__name__
            subject = f"conversion webhook for {form.group}/{form.name}, Kind={form.kind} failed"
            raise status.internal_error(f"{subject}: {text}") from error

    async def _address(self, client: Object) -> tuple[str, str]:
        """(URL to ask, the name that the certificate must have, '' for the URL's own)."""
        if client.get("url"):
            return str(client["url"]), ""
        service = client.get("service") or {}
        name, namespace = service["name"], service["namespace"]
        host, port = await self._endpoint(namespace, name, int(service.get("port") or 443))
        path = (service.get("path") or "/").lstrip("/")
        shown = f"[{host}]" if ":" in host else host
        return f"https://{shown}:{port}/{path}", f"{name}.{namespace}.svc"

    async def _endpoint(self, namespace: str, name: str, port: int) -> tuple[str, int]:
        assert _SLICES is not None and _SERVICES is not None
        found = await self.objects.find(_SERVICES, namespace, name, False)
        if found is None:
            raise ValueError(f'service "{name}" not found')
        chosen = Selection(_SLICES, namespace, labels=f"kubernetes.io/service-name={name}")
        slices = [decode(item.value) for item in await self.objects.all(chosen)]
        ends = reviews.endpoints(decode(found.value), slices, port)
        if not ends:
            raise ValueError(f'no endpoints available for service "{name}"')
        return self.entropy.choice(ends)


async def _post(url: str, name: str, bundle: str, review: Object) -> Any:
    """Raises what aiohttp raises, ValueError for no answer that can be read."""
    tls = _context(bundle)
    limit = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
    async with (
        asyncio.timeout(TIMEOUT_SECONDS),
        aiohttp.ClientSession(timeout=limit) as session,
        session.post(
            url,
            data=orjson.dumps(review),
            headers={"Content-Type": "application/json", "Accept": "application/json"},
            ssl=tls,
            server_hostname=name or None,
            allow_redirects=False,
        ) as answer,
    ):
        body = await answer.content.read(ANSWER_BYTES_MAX)
        if answer.status != 200:
            raise ValueError(f"the server answered {answer.status}")
        return orjson.loads(body)


def _context(bundle: str) -> ssl.SSLContext:
    """Trusts ``bundle`` (base64 of PEM), or the system's authorities if there is none."""
    if not bundle:
        return ssl.create_default_context()
    try:
        text = base64.b64decode(bundle, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise ValueError(f"unable to load root certificates: {error}") from error
    return ssl.create_default_context(cadata=text)
