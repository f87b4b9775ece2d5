"""Nothing tells anybody that a network runs."""

import os
import subprocess
import sys
from pathlib import Path

from tests.conftest import REPO

EMBED = "import numpy; from encoder.embedder import load_embedder; load_embedder()(numpy.zeros((1, 2, 64, 64), 'i2'))"


def test_an_encoder_runs_without_the_files_of_onnx_runtimes_telemetry(tmp_path: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if name not in ("CI", "ORT_DISABLE_TELEMETRY")}
    home = {"HOME": str(tmp_path), "TMPDIR": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}
    subprocess.run([sys.executable, "-c", EMBED], cwd=REPO, env=kept | home, check=True)
    assert [path.name for path in tmp_path.rglob("*")] == []
