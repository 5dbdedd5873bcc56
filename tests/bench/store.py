"""The store against etcd, in one run on one machine.

    python -m tests.bench.store [PART ...] [--quick] [--rounds N] [--seconds S] [--minutes M]

Parts (all but ``long`` by default): speed watch kill silence transfer memory recovery stalls long.
Three members each as real processes on loopback with fsync on a real disk. Ours with mutual TLS and
traces written, as in production; etcd (Debian's etcd-server) without TLS. They never run at the
same time; ours and etcd by turns. Clients are processes of their own, on the same machine: ours in
Python, etcd's its own in Go (built with ``go build``). Everything that was started ends with it.
"""

import argparse
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.bench import store_failover, store_size, store_speed
from tests.bench.store_contestants import Contestant, Etcd, Failed, Ours, build_load, check_disk

PARTS = ("speed", "watch", "kill", "silence", "transfer", "memory", "recovery", "stalls", "long")
WATCHERS = 1000


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS], metavar="PART")
    parser.add_argument("--quick", action="store_true", help="all parts, small: 3 minutes")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=5.0, help="of one measurement")
    parser.add_argument("--times", type=int, default=20, help="leaders killed, paused, transferred")
    parser.add_argument("--minutes", type=float, default=10.0, help="of the long run")
    parser.add_argument("--folder", type=Path, default=Path.cwd(), help="where data is written")
    return parser.parse_args()


def machine(folder: Path) -> None:
    """What the figures were measured on."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = next((line.split(":")[1].strip() for line in file if "model name" in line), "?")
    with open("/proc/meminfo", encoding="utf-8") as file:
        memory = int(file.readline().split()[1]) / 1e6
    etcd = subprocess.run(["etcd", "--version"], capture_output=True, text=True, check=True)
    print(
        f"{time.strftime('%Y-%m-%d %H:%M', time.gmtime())} UTC, {os.cpu_count()} x {model}, "
        f"{memory:.0f} GB, {platform.system()} {platform.release()}, {check_disk(folder)}, "
        f"Python {platform.python_version()}, {etcd.stdout.splitlines()[0]}, load average "
        f"{os.getloadavg()[0]:.1f} at the start",
        flush=True,
    )


def run(options: argparse.Namespace, folder: Path) -> None:
    """The parts asked for."""
    quick = options.quick
    rounds, seconds, times = options.rounds, options.seconds, options.times
    cells = store_speed.FULL
    objects, recovered, watchers = store_size.OBJECTS, store_size.RECOVERED_OBJECTS, WATCHERS
    if quick:
        rounds, seconds, times, cells = 1, 2.0, 2, store_speed.QUICK
        objects, recovered, watchers = 5_000, 10_000, 200
    ours, sampled = Ours(folder), Ours(folder, sample=True)
    etcd = Etcd(folder, build_load(folder))
    both: list[Contestant] = [ours, etcd]
    jobs: dict[str, Callable[[], None]] = {
        "speed": lambda: store_speed.speed(ours, etcd, cells, rounds, seconds),
        "watch": lambda: store_speed.watch(ours, etcd, min(rounds, 3), seconds, watchers),
        "kill": lambda: store_failover.kills(both, times),
        "silence": lambda: store_failover.silences(both, times),
        "transfer": lambda: store_failover.transfers(both, times),
        "memory": lambda: store_size.memory(both, objects),
        "recovery": lambda: store_size.recovery(both, recovered),
        "stalls": lambda: store_size.stalls(sampled, seconds * 2),
        "long": lambda: store_size.long([ours], options.minutes),
    }
    for part in options.parts or PARTS[:-1]:
        jobs[part]()


def main() -> None:
    """Entry point: 1 if something could not be measured."""
    options = arguments()
    # SIGTERM ends it as Ctrl-C does (which a shell in the background ignores): what was started is
    # stopped on the way out.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    folder = Path(tempfile.mkdtemp(prefix=".store-bench-", dir=options.folder))
    try:
        machine(folder)
        run(options, folder)
    except Failed as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
    finally:
        subprocess.run(["rm", "-rf", str(folder)], check=False)


if __name__ == "__main__":
    main()
