"""What is temporary goes with its process, and what a killed one left goes at the next start."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPO

OWN = "from tools.scratch import own_temporary_folder as own, lasting_folder; import os, sys, tempfile; folder = own();"


def run(code: str, temporary: Path) -> "subprocess.Popen[str]":
    """A process of its own, whose system's temporary folder is `temporary`."""
    environment = os.environ | {"TMPDIR": str(temporary)}
    return subprocess.Popen(
        [sys.executable, "-c", OWN + code],
        cwd=REPO,
        env=environment,
        stdout=subprocess.PIPE,
        stdin=subprocess.PIPE,
        text=True,
    )


def files(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file() and not path.name.endswith(".lock")]


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_a_killed_process_leaves_nothing_behind_the_next_start(tmp_path: Path) -> None:
    leave = "open(tempfile.mkdtemp() + '/patient.dcm', 'w').write('x');"
    living = run(leave + "print(folder, flush=True); sys.stdin.read()", tmp_path)
    assert living.stdout
    folder = Path(living.stdout.readline().strip())
    killed = run(leave + "os.kill(os.getpid(), 9)", tmp_path)
    assert killed.wait() == -signal.SIGKILL
    assert files(tmp_path) == ["patient.dcm"] * 2

    run("", tmp_path).wait()
    assert files(folder) == ["patient.dcm"]  # its process lives
    assert files(tmp_path) == ["patient.dcm"]
    living.kill()
    living.communicate()
    run("", tmp_path).wait()
    assert files(tmp_path) == []


@pytest.mark.skipif(os.name != "posix", reason="elsewhere processes are ended, not told to end")
def test_a_process_that_is_told_to_end_takes_its_folder_with_it(tmp_path: Path) -> None:
    told = run(
        "open(tempfile.mkdtemp() + '/patient.dcm', 'w').write('x'); print(1, flush=True); sys.stdin.read()", tmp_path
    )
    assert told.stdout
    told.stdout.readline()
    told.terminate()
    assert told.wait() == 128 + signal.SIGTERM
    assert [path for path in tmp_path.rglob("*") if path.name.startswith("run-")] == []


def test_a_process_that_ends_takes_its_folder_with_it_but_not_what_is_meant_to_last(tmp_path: Path) -> None:
    code = "open(folder / 'x', 'w'); open(lasting_folder() / 'report.html', 'w'); print(tempfile.gettempdir())"
    process = run(code, tmp_path)
    said, _ = process.communicate()
    assert not Path(said.strip()).exists()
    assert files(tmp_path) == ["report.html"]


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="owners are told apart by number")
def test_a_link_in_its_place_is_not_followed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / f"lesion-search-{os.getuid()}").symlink_to(elsewhere)
    process = run("", tmp_path)
    process.communicate()
    assert process.returncode != 0
    assert list(elsewhere.iterdir()) == []
