"""A kube-apiserver to measure beside, built from Debian's source package ``kubernetes``.

    python -m tests.bench.kube_apiserver FOLDER

Wants Go with its module proxy, ``dpkg-dev`` and apt sources of the type ``deb-src``; takes some
minutes, and writes ``FOLDER/kube-apiserver``. Debian's package has that program's source, but not
the program.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

PACKAGE = "kubernetes"
ROOT = "k8s.io/kubernetes"
GENERATOR = f"{ROOT}/vendor/k8s.io/kube-openapi/cmd/openapi-gen"
GENERATED = f"{ROOT}/pkg/generated/openapi"
# Marks a Go package whose types are to be in the OpenAPI document.
MARK = "// +k8s:openapi-gen=true"
# Walks over maps as Go does inside: the version of those days panics with a Go of today.
REFLECTION = "github.com/modern-go/reflect2"
REFLECTION_VERSION = "v1.0.2"
EXAMPLES = ("testdata", "sample-", "code-generator", "kube-openapi")


class CannotBuild(Exception):
    """What to do about it."""


def run(words: Sequence[str], folder: Path, environment: dict[str, str] | None = None) -> None:
    """A command that must succeed. Raises CannotBuild with the end of what it said."""
    done = subprocess.run(
        words, cwd=folder, capture_output=True, text=True, check=False,
        env={**os.environ, **(environment or {})},
    )  # fmt: skip
    if done.returncode:
        raise CannotBuild(f"{' '.join(words[:4])}: {(done.stdout + done.stderr)[-2000:]}")


def unpack(folder: Path) -> Path:
    """The source, laid where Go looks for it below a GOPATH; returns that GOPATH."""
    path = folder / "go"
    source = path / "src" / ROOT
    if not source.exists():
        try:
            run(["apt-get", "source", "--download-only", PACKAGE], folder)
        except CannotBuild as error:
            hint = "add sources of the type deb-src to apt's lists, then apt-get update"
            raise CannotBuild(f"{error}\n{hint}") from error
        [description] = folder.glob(f"{PACKAGE}_*.dsc")
        source.parent.mkdir(parents=True, exist_ok=True)
        run(["dpkg-source", "--no-check", "-x", description.name, str(source)], folder)
    return path


def marked(source: Path) -> list[str]:
    """Go packages that the OpenAPI document is made of."""
    found: set[str] = set()
    for top, prefix in (("staging/src/k8s.io", f"{ROOT}/vendor/k8s.io"), ("pkg", f"{ROOT}/pkg")):
        for file in (source / top).rglob("*.go"):
            place = str(file.parent.relative_to(source / top))
            if any(word in place for word in EXAMPLES):
                continue
            if MARK in file.read_text(encoding="utf-8").splitlines():
                found.add(f"{prefix}/{place}")
    return sorted(found)


def overlay(folder: Path, source: Path) -> Path:
    """A file that tells Go to read the module REFLECTION in its newer version; the source stays."""
    words = ["go", "mod", "download", "-json", f"{REFLECTION}@{REFLECTION_VERSION}"]
    empty = folder / "empty"
    empty.mkdir(exist_ok=True)
    (empty / "go.mod").write_text("module empty\n", encoding="utf-8")
    done = subprocess.run(words, cwd=empty, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CannotBuild(f"{' '.join(words)}: {(done.stdout + done.stderr)[-2000:]}")
    newer, older = Path(json.loads(done.stdout)["Dir"]), source / "vendor" / REFLECTION
    replaced = {str(file): "" for file in older.iterdir() if file.suffix in (".go", ".s")}
    for file in newer.iterdir():
        if file.suffix in (".go", ".s") and not file.name.endswith("_test.go"):
            replaced[str(older / file.name)] = str(file)
    path = folder / "overlay.json"
    path.write_text(json.dumps({"Replace": replaced}), encoding="utf-8")
    return path


def build(folder: Path) -> Path:
    """All of it. Raises CannotBuild."""
    path = unpack(folder)
    source, program, generator = path / "src" / ROOT, folder / "kube-apiserver", folder / "openapi"
    environment = {
        "GOPATH": str(path),
        "GO111MODULE": "off",
        "GOFLAGS": "",
        "GOTOOLCHAIN": "local",
        "CGO_ENABLED": "0",
    }
    run(["go", "build", "-o", str(generator), GENERATOR], source, environment)
    given = {
        "input-dirs": ",".join(marked(source)),
        "output-base": str(path / "src"),
        "output-package": GENERATED,
        "output-file-base": "zz_generated.openapi",
        "go-header-file": "hack/boilerplate/boilerplate.generatego.txt",
        "report-filename": str(folder / "openapi-report"),
    }
    words = [str(generator), *(f"--{name}={value}" for name, value in given.items())]
    run(words, source, environment)
    server = f"{ROOT}/cmd/kube-apiserver"
    words = ["go", "build", f"-overlay={overlay(folder, source)}", "-ldflags=-s -w"]
    run([*words, "-o", str(program), server], source, environment)
    return program


def main() -> int:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="half a gigabyte is written there")
    folder: Path = parser.parse_args().folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        print(build(folder))
    except CannotBuild as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
