"""The command line that all comparisons share: the two servers that are compared."""

import argparse
from pathlib import Path


def two_servers(doc: str | None) -> argparse.ArgumentParser:
    """What takes the files that ``tests.differential.servers`` wrote. ``doc``: the module's."""
    parser = argparse.ArgumentParser(description=(doc or "").partition("\n")[0])
    parser.add_argument("real", type=Path)
    parser.add_argument("ours", type=Path)
    return parser
