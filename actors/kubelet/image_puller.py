"""Gets a container's image onto the node, as its pull policy says, and tells of it in events.

Must not know: the registry protocol.
"""

from functools import partial

from actors.kit.world.containers import Image, RuntimeFault
from actors.kubelet import image_names
from actors.kubelet.event_texts import duration, field_path
from actors.kubelet.node_tools import NodeTools
from cluster.api.types import Object


class ImageFault(Exception):
    """The image cannot be had. ``reason`` is the container's waiting reason."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


async def ensure_image(tools: NodeTools, pod: Object, spec: Object) -> Image:
    """The local image of a container. Raises ImageFault, RuntimeFault (engine unreachable)."""
    reference = str(spec.get("image", ""))
    part = field_path(pod, spec)
    say = partial(tools.recorder.event, part=part)
    if not image_names.is_valid(reference) and not reference.startswith("sha256:"):
        text = (
            f'Failed to apply default image tag "{reference}": couldn\'t parse image name '
            f'"{reference}": invalid reference format'
        )
        say(pod, "Warning", "InspectFailed", text)
        raise ImageFault("InvalidImageName", text)
    policy = image_names.pull_policy(spec)
    present = await tools.runtime.image(reference)
    if present is not None and policy != "Always":
        say(pod, "Normal", "Pulled", f'Container image "{reference}" already present on machine')
        return present
    if policy == "Never":
        text = f'Container image "{reference}" is not present with pull policy of Never'
        say(pod, "Warning", "ErrImageNeverPull", text)
        raise ImageFault("ErrImageNeverPull", text)
    return await pull(tools, pod, reference, part)


async def pull(tools: NodeTools, pod: Object, reference: str, part: str) -> Image:
    """From the registry, with each of the pod's credentials in turn, then without any.

    ``part``: the container it is for, as events name it.
    """
    say, began = partial(tools.recorder.event, part=part), tools.now()
    say(pod, "Normal", "Pulling", f'Pulling image "{reference}"')
    logins = image_names.credentials(reference, await pull_secrets(tools, pod))
    fault = RuntimeFault(500, "no attempt")
    for login in [*logins, None]:
        try:
            image = await tools.runtime.pull(reference, login)
        except RuntimeFault as error:
            fault = error
            continue
        took = duration(tools.now() - began)
        text = f'Successfully pulled image "{reference}" in {took}'
        text += f" ({took} including waiting). Image size: {image.size} bytes."
        say(pod, "Normal", "Pulled", text)
        return image
    text = f'Failed to pull image "{reference}": {fault}'
    say(pod, "Warning", "Failed", text)
    say(pod, "Warning", "Failed", "Error: ErrImagePull")
    reason = "InvalidImageName" if fault.status == 400 else "ErrImagePull"
    raise ImageFault(reason, str(fault))


async def pull_secrets(tools: NodeTools, pod: Object) -> list[Object]:
    """The secrets of ``imagePullSecrets`` that exist."""
    names = [item.get("name", "") for item in pod["spec"].get("imagePullSecrets") or ()]
    namespace = pod["metadata"]["namespace"]
    found = await tools.references.get(namespace, [("secret", name) for name in names if name])
    return [secret for secret in found.values() if secret is not None]
