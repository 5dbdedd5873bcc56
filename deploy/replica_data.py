"""A replica's data on this machine. Must not know: processes, the order of steps."""

import os

from cluster.settings import ClusterSettings


def folder(settings: ClusterSettings, name: str) -> str:
    """Everything that a process keeps."""
    return os.path.join(settings.data_dir, "processes", name)
