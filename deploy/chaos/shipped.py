"""Scenario files: those that come with the program, and a user's own. Must not know: runs."""

import importlib.resources
import os
from typing import Any

import msgspec
import yaml

from cluster.chaos.scenario import Repeated, Scenario, parse_scenario
from cluster.settings import ClusterSettings

FOLDER = "scenarios"
ENDING = ".yaml"


def names() -> list[str]:
    """Of those that come with the program."""
    folder = importlib.resources.files("deploy") / FOLDER
    found = [item.name for item in folder.iterdir() if item.name.endswith(ENDING)]
    return sorted(name.removesuffix(ENDING) for name in found)


def load(words: str) -> Scenario:
    """A file, or a shipped one by its name. Raises ValueError with what there is, OSError."""
    if words in names():
        text = (importlib.resources.files("deploy") / FOLDER / (words + ENDING)).read_text()
        return parse(text, words)
    if not os.path.exists(words):
        raise ValueError(
            f"there is no file {words}, and no scenario of that name comes with the program: "
            f"{', '.join(names())}"
        )
    with open(words, encoding="utf-8") as file:
        return parse(file.read(), words)


def parse(text: str, where: str) -> Scenario:
    """Raises ValueError with the file and the path of what is wrong."""
    try:
        raw: Any = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(f"{where}: {error}") from error
    try:
        return parse_scenario(raw)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from error


def lasting(scenario: Scenario, seconds: float) -> Scenario:
    """The same for another time (0: its own). A count of faults is stretched with it."""
    if not seconds:
        return scenario
    share = seconds / scenario.seconds if scenario.seconds else 1.0
    faults = tuple(_stretched(one, share) for one in scenario.faults)
    return msgspec.structs.replace(scenario, seconds=seconds, faults=faults)


def _stretched(repeated: Repeated, share: float) -> Repeated:
    if not repeated.times or share <= 1:
        return repeated
    return msgspec.structs.replace(repeated, times=min(1000, int(repeated.times * share)))


def check(scenario: Scenario, settings: ClusterSettings) -> None:
    """Raises ValueError if the cluster is too small for it."""
    shape = scenario.cluster
    have = (len(settings.replicas), len(settings.nodes))
    if have[0] < shape.replicas or have[1] < shape.nodes:
        raise ValueError(
            f"{scenario.name} needs {shape.replicas} replicas and {shape.nodes} nodes at least; "
            f"{settings.name} has {have[0]} and {have[1]}"
        )
