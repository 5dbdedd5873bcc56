"""Start a real kube-apiserver and ours, and keep them until interrupted.

    python -m tests.differential.servers FOLDER [--kubernetes PROGRAM] [--without-ours]

``PROGRAM`` as tests/bench/kube_apiserver.py builds it. Writes ``FOLDER/real.json`` and
``FOLDER/ours.json``: where each listens and which certificates open it. A kube-apiserver that dies
is started again: an old one built with a new Go panics on some bodies.
"""

import argparse
import json
import os
import shutil
import signal
import sys
import threading
from pathlib import Path

from deploy import pki
from tests.bench.api_contestants import ApiContestant, Kubernetes, Steersman

LOOK_SECONDS = 1.0
# Whose ports no test run takes: there are not so many at once.
WORKER = "gw9"


def write(one: ApiContestant, file: Path) -> None:
    """``address`` and the paths ``ca``, ``crt`` and ``key``."""
    names = {"ca": "ca.crt", "crt": "admin.crt", "key": "admin.key"}
    paths = {kind: pki.path(one.settings, name) for kind, name in names.items()}
    file.write_text(json.dumps({"address": one.servers()[0], **paths}), encoding="utf-8")


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--kubernetes", type=Path, help="a kube-apiserver")
    parser.add_argument("--without-ours", action="store_true")
    options = parser.parse_args()
    folder: Path = options.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    over = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: over.set())
    started: list[ApiContestant] = []
    try:
        real = None
        if options.kubernetes is not None:
            real = Kubernetes(folder / "real", options.kubernetes.resolve())
            started.append(real)
            real.start()
            write(real, folder / "real.json")
        if not options.without_ours:
            (folder / "ours").mkdir(exist_ok=True)
            os.environ.setdefault("PYTEST_XDIST_WORKER", WORKER)
            ours = Steersman(folder / "ours")
            started.append(ours)
            ours.start()
            write(ours, folder / "ours.json")
        sys.stderr.write(f"serving, see {folder}/*.json\n")
        while not over.wait(LOOK_SECONDS):
            if real is not None and real.revive():
                sys.stderr.write("kube-apiserver died, and was started again\n")
    finally:
        for one in started:
            one.stop()
        shutil.rmtree(folder / "ours", ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
