"""What chaos may leave behind is taken away with its cluster, whoever forgot to heal it.

Must not know: how it came about.
"""

import os
import shutil
import signal
from contextlib import suppress

from cluster.settings import ClusterSettings
from deploy import processes
from deploy.chaos import journal
from deploy.chaos.holding import holders
from deploy.chaos.ledger import Ledger
from deploy.chaos.power import send


def clear(settings: ClusterSettings) -> None:
    """Stopped processes go on (they could not end otherwise), nobody holds packets, and no fault
    is known any more."""
    for many in processes.find_all(settings).values():
        for process in many:
            send(process, signal.SIGCONT)
    with suppress(ValueError, OSError):
        for entry in Ledger(settings.data_dir).entries():
            text = f"{entry.name}: healed (the cluster was taken down)"
            journal.write(settings.data_dir, entry.active.user, text)
    holders.end_all(settings)
    shutil.rmtree(os.path.join(settings.data_dir, "chaos"), ignore_errors=True)
