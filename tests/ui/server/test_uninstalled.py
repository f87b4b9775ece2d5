"""The page as a Hugging Face Space runs it: `app.py` in a checkout, nothing of this project installed beside it."""

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import REPO
from tools import VERSION

LEFT_OUT = ("tests/", "docs/")
# Everything is run as it stands but the last step, where uvicorn would wait for requests: there they are made.
DRIVER = """
import importlib.metadata, runpy, sys
import ui.server.app
from fastapi.testclient import TestClient
from ui.chat.chat import converse
from ui.state.visits import COOKIE

try:
    importlib.metadata.version("lesion-search")
    raise SystemExit("the package is installed")
except importlib.metadata.PackageNotFoundError:
    pass


def requests(app, host, port, proxies=""):
    assert (host, port) == ("0.0.0.0", 7860)
    with TestClient(app, "http://localhost") as client:
        assert client.get("/").status_code == 200
        visit = app.state.visits.of_page(client.cookies[COOKIE], "a-page")
        sample = app.state.shelf.samples[0]
        visit.open(app.state.shelf.study(sample), sample.title, sample.slice_index)
        visit.session.add_click(sample.slice_index, 256, 256)
        *_, turn = converse(visit, "Write a report")
        (link,) = turn.links
        report = client.get("/" + link[link.index("(") + 1 : -1])
        assert report.status_code == 200, (turn.text, link)
        print(report.text)


ui.server.app.run_server = requests
runpy.run_path("app.py", run_name="__main__")
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Path]:
    """A read-only copy of the files that belong to the repository, without its tests."""
    tracked = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=REPO,
        capture_output=True,
        text=True,
    )
    if tracked.returncode != 0:
        pytest.skip("this is no git checkout, so which files belong to it is unknown")
    folder = tmp_path / "checkout"
    for name in tracked.stdout.split("\0"):
        if name and not name.startswith(LEFT_OUT) and (REPO / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPO / name, folder / name)
    for path in (folder, *folder.rglob("*")):
        path.chmod(path.stat().st_mode & ~0o222)
    yield folder
    for path in (folder, *folder.rglob("*")):
        path.chmod(path.stat().st_mode | 0o200)  # or pytest could not delete it


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """The installed packages but this project: its metadata and the finder of an editable install stay outside."""
    folder = tmp_path / "packages"
    folder.mkdir()
    for entry in Path(sysconfig.get_path("purelib")).iterdir():
        if "lesion_search" not in entry.name:
            (folder / entry.name).symlink_to(entry)
    return folder


def files_of(folder: Path) -> dict[Path, int]:
    """Files and when they were written; Python's own cache aside, which it does without where it cannot be written."""
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc"}


def test_an_app_that_is_not_installed_writes_a_report(checkout: Path, packages: Path, demo_environment: Any) -> None:
    before = files_of(checkout)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(checkout), str(packages)])}
    done = subprocess.run(
        [sys.executable, "-S", "-c", DRIVER], cwd=checkout, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "<html" in done.stdout
    assert "R1" in done.stdout
    assert f"by lesion-search {VERSION}." in done.stdout
    assert files_of(checkout) == before  # root writes into read-only folders too
