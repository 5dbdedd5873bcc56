"""`steersman chaos run` and `steersman chaos scenarios`: faults and a workload from a file, and a
report of what held."""

import asyncio
import os
import time
from collections.abc import Callable, Coroutine
from typing import Annotated

import typer

from cluster.chaos import report as reports
from cluster.chaos.report import Report
from cluster.chaos.scenario import Scenario
from cluster.settings import ClusterSettings
from deploy.chaos import shipped
from deploy.chaos.interrupted import NUMBERS, deaf
from deploy.chaos.local import LocalHands
from deploy.options import DEFAULT_NAME, DataDir, Name, again, find
from deploy.progress import Progress

REPORTS = os.path.join("chaos", "reports")
VIOLATIONS_SHOWN = 10


def scenarios() -> None:
    """List the scenarios that come with the program.

    Example: [bold]steersman chaos scenarios[/]
    """
    rows = []
    for name in shipped.names():
        scenario = shipped.load(name)
        rows.append([name, f"{scenario.seconds:g} s", scenario.about])
    Progress().table("Scenarios", ["name", "faults for", "what happens"], rows)


def run(
    scenario: Annotated[
        str, typer.Argument(metavar="SCENARIO", help="A file, or a name of `chaos scenarios`.")
    ],
    seed: Annotated[
        str, typer.Option("--seed", metavar="TEXT", show_default=False,
                          help="Decides which fault comes when; default: a new one.")
    ] = "",
    seconds: Annotated[
        float, typer.Option("--seconds", min=0.0, help="Of faults; 0: as the scenario says.")
    ] = 0.0,
    hours: Annotated[float, typer.Option("--hours", min=0.0, help="The same in hours.")] = 0.0,
    report: Annotated[
        str, typer.Option("--report", metavar="FILE.html", show_default=False,
                          help="Default: in the cluster's data directory. FILE.json beside it.")
    ] = "",
    name: Name = DEFAULT_NAME,
    data_dir: DataDir = "",
) -> None:  # fmt: skip
    """Use the cluster, break it by a schedule, check all the while what must hold, and report.

    Exit code 0: all held; 1: an invariant broke; 2: the run says nothing (the workload did not do
    well before the faults, or a fault could not be proven). docs/chaos-reports.md tells how to
    read the report.

    Example: [bold]steersman chaos run leader-kill-loop --seconds 60[/]
    """
    settings = find(name, data_dir)
    wanted = shipped.lasting(shipped.load(scenario), hours * 3600 or seconds)
    shipped.check(wanted, settings)
    seed = seed or str(time.time_ns() % 1_000_000)
    progress = Progress()
    found = carried_out(settings, wanted, seed, progress)
    path = written(settings, found, report)
    summary(progress, found)
    progress.say(f"report: {path}")
    raise typer.Exit(found.exit_code())


class Stopwatch(asyncio.SelectorEventLoop):
    """A loop whose time begins at 0: all times of a run are seconds since the command began."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        super().__init__()

    def time(self) -> float:
        """Seconds since it was made."""
        return time.monotonic() - self._began


def carried_out(
    settings: ClusterSettings, scenario: Scenario, seed: str, progress: Progress
) -> Report:
    """The run itself. Interrupted, it mends what it broke and raises typer.Exit."""
    hands = LocalHands(settings.data_dir, "chaos run")
    if standing := asyncio.run(hands.active()):
        names = ", ".join(one.name for one in standing)
        raise ValueError(
            f"something is broken already ({names}): mend it first with steersman chaos heal"
            f"{again(settings)}"
        )

    def say(line: str) -> None:
        style = "red" if line.startswith("VIOLATION") else ""
        progress.say(f"{asyncio.get_running_loop().time():8.1f}  {line}", style)

    came: list[int] = []
    try:
        with asyncio.Runner(loop_factory=Stopwatch) as runner:
            return runner.run(_interruptible(_run(settings, scenario, seed, hands, say), came))
    except asyncio.CancelledError:
        with deaf():
            asyncio.run(_mend(hands))
        progress.say("interrupted: all is mended; the workload stays in the namespace chaos")
        raise typer.Exit(128 + came[0]) from None
    except BaseException:
        # A bug of the run: what it broke is mended all the same.
        with deaf():
            asyncio.run(_mend(hands))
        raise


async def _interruptible(run: Coroutine[None, None, Report], came: list[int]) -> Report:
    """A signal cancels it, and is noted."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None

    def stop(number: int) -> None:
        came.append(number)
        task.cancel()

    for number in NUMBERS:
        loop.add_signal_handler(number, stop, number)
    return await run


async def _run(
    settings: ClusterSettings, scenario: Scenario, seed: str, hands: LocalHands,
    say: Callable[[str], None],
) -> Report:  # fmt: skip
    # Only now: they take long to import, and other commands need neither.
    from deploy.chaos.real_ground import RealGround
    from deploy.chaos.runner import NAMESPACE, Run

    async with RealGround(settings, NAMESPACE) as ground:
        one = Run(scenario, seed, ground, hands, say, cluster=settings.name)
        if ground.visitors is not None:
            ground.visitors.hit = one.breaker.hit
        return await one.outcome()


async def _mend(hands: LocalHands) -> None:
    for active in reversed(await hands.active()):
        await hands.heal(active)


def written(settings: ClusterSettings, report: Report, path: str) -> str:
    """The page and the JSON file beside it; returns the page's path."""
    from deploy.chaos.page.page import page

    if not path:
        folder = os.path.join(settings.data_dir, REPORTS)
        stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime(report.started))
        path = os.path.join(folder, f"{report.scenario.name}-{stamp}.html")
    path = os.path.abspath(path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(page(report))
    with open(os.path.splitext(path)[0] + ".json", "wb") as file:
        file.write(reports.encode(report))
    return path


def summary(progress: Progress, report: Report) -> None:
    """The report in short."""
    rows = [[name, f"{value:,.10g}"] for name, value in report.figures.items()]
    progress.say()
    progress.table("", ["figure", "value"], rows)
    for found in report.violations[:VIOLATIONS_SHOWN]:
        progress.say(f"VIOLATION {found.violation}", "red")
        for line in found.chain:
            progress.say(f"    {line}")
    for one in report.unchecked:
        progress.say(f"not checked: {one}")
    words = {"held": "all held", "broken": "BROKEN", "says nothing": "this run says nothing"}
    progress.say(f"{report.scenario.name}, seed {report.seed}: {words[report.verdict]}")
    for reason in report.reasons:
        progress.say(f"  {reason}")
