"""`steersman ui`: an address at which a browser is logged in, once."""

import hashlib
import ssl
from pathlib import Path
from typing import Annotated

import typer

from deploy import administrator, pki
from deploy.options import DEFAULT_NAME, DataDir, Name, find
from deploy.progress import Progress


def ui(
    replica: Annotated[
        str, typer.Option("--replica", metavar="NAME", help="The replica that is to serve it.")
    ] = "",
    end_sessions: Annotated[
        bool,
        typer.Option("--end-sessions", help="Log out everybody who came by a code or certificate."),
    ] = False,
    name: Name = DEFAULT_NAME,
    data_dir: DataDir = "",
) -> None:
    """Print the address of the live page, with a code that logs a browser in.

    The code is good once, for two minutes, and makes the browser the administrator for eight hours.

    Example: [bold]steersman ui[/]
    """
    settings = find(name, data_dir)
    progress = Progress()
    if end_sessions:
        administrator.client(settings).call("POST", "/ui/logout/everybody", {})
        progress.say("sessions by code or certificate are over; one by token ends with its token")
        return
    server = settings.network.shared_api
    if replica:
        addresses = settings.replica(replica).api_addresses
        if not addresses:
            raise ValueError(f"{replica} serves no HTTPS")
        server = addresses[0]
    made = administrator.client(settings, server).call("POST", "/ui/login/code", {})
    print(f"https://{server}/ui/login#code={made['code']}")
    progress.say(f"good once, for {made['seconds']:.0f} seconds")
    ca = Path(pki.path(settings, "ca.crt"))
    digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(ca.read_text())).hexdigest().upper()
    pairs = ":".join(digest[at : at + 2] for at in range(0, len(digest), 2))
    progress.say(f"the browser must trust the cluster's own CA, {ca}")
    progress.say(f"its SHA-256 fingerprint: {pairs}")
