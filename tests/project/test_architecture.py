"""The shape of the project: imports go one way, and the command line answers without loading anything heavy."""

import json
import subprocess
import sys
import tomllib

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
        "from ui.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        f"print(json.dumps([m for m in {HEAVY!r} if m in sys.modules]))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=REPO, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout.splitlines()[-1]) == []
    for command in ("serve", "ask", "chat", "search", "index", "import", "phantoms", "embed", "train", "eval"):
        assert command in done.stdout


def test_an_installed_package_has_its_weights_and_pages():
    told = tomllib.loads((REPO / "pyproject.toml").read_text())["tool"]["setuptools"]
    packed = {
        path
        for package, patterns in told["package-data"].items()
        for pattern in patterns
        for path in (REPO / package.replace(".", "/")).glob(pattern)
    }
    top_level = {package.split(".")[0] for package in told["packages"]}
    code = {".py", ".pyc"}
    present = {f for p in top_level for f in (REPO / p).rglob("*") if f.is_file() and f.suffix not in code}
    assert present - packed == set()
    assert {f.suffix for f in packed} >= {".safetensors", ".npz", ".js", ".css", ".html"}
