"""The shape of the project: imports go one way, and the command line answers without loading anything heavy."""

import json
import subprocess
import sys

from importlinter.cli import lint_imports

from tests.conftest import REPO

HEAVY = ("torch", "transformers", "chromadb", "gradio", "langchain", "langchain_core", "skimage", "pydicom", "plotly")


def test_imports_go_one_way(monkeypatch):
    monkeypatch.chdir(REPO)
    assert lint_imports(config_filename=str(REPO / "pyproject.toml"), no_cache=True) == 0


def test_help_loads_nothing_heavy():
    script = (
        "import json, sys\n"
        "sys.argv = ['lesion-search', '--help']\n"
        "from ui.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        f"print(json.dumps([m for m in {HEAVY!r} if m in sys.modules]))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=REPO, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout.splitlines()[-1]) == []
    for command in ("serve", "ask", "chat", "search", "index", "import", "phantoms", "embed", "train", "eval"):
        assert command in done.stdout
