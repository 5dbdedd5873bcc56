"""Starts, finds and ends a cluster's exporter process. Must not know: what it does."""

import os
import sys

from cluster.settings import ClusterSettings
from deploy import processes, state
from deploy.tracing import exporter

MODULE = "deploy.tracing.exporter"


def ensure(settings: ClusterSettings) -> str:
    """Have one if the settings name a collector, else none; gives a note on it, '' if there is
    none."""
    url = settings.tracing.otlp
    running = processes.find(settings, exporter.NAME)
    if running is not None and sends_to(settings) != url:
        end(settings)
        running = None
    if not url:
        return ""
    if running is None:
        command = [sys.executable, "-m", MODULE, state.settings_path(settings.data_dir), url]
        processes.spawn(settings, exporter.NAME, command, {})
        with open(url_path(settings), "w", encoding="utf-8") as file:
            file.write(url)
    return f"to {url}"


def url_path(settings: ClusterSettings) -> str:
    """Where it is kept which collector the running exporter sends to."""
    return os.path.join(processes.run_dir(settings), f"{exporter.NAME}.url")


def sends_to(settings: ClusterSettings) -> str:
    """The collector of the exporter that was started last, '' if that is not known."""
    try:
        with open(url_path(settings), encoding="utf-8") as file:
            return file.read()
    except OSError:
        return ""


def end(settings: ClusterSettings) -> None:
    """It sends what it has, and ends."""
    running = processes.find(settings, exporter.NAME)
    if running is not None:
        processes.end_these(settings, [running])


def line(settings: ClusterSettings) -> str:
    """For people: whether it works; '' if there is to be none."""
    if not settings.tracing.otlp:
        return ""
    if processes.find(settings, exporter.NAME) is None:
        return f"exporter: down (to {settings.tracing.otlp}); steersman up starts it"
    counts = exporter.read_counts(settings)
    lost = counts.dropped + counts.rejected
    problem = f"; not at present: {counts.problem}" if counts.failures else ""
    return f"exporter: {counts.sent} spans to {settings.tracing.otlp}, {lost} lost{problem}"
