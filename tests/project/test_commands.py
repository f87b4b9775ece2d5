"""Every command of the documentation is run as it stands; what is not says why, above it.

The blocks of a page are run from top to bottom in a folder of its own, beside the small demo. Commands of this program
run in this process, because starting it takes longer than most of them.
"""

import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import REPO
from tests.tools.pipelines.importers.bodies import CtSeries
from tests.tools.pipelines.importers.dicom_objects import write_seg
from tests.ui.cli.test_training import tiny  # noqa: F401  of itself: what is trained here is trained in a second

PAGES = sorted([REPO / "README.md", *(REPO / "docs").rglob("*.md")])
_BLOCK = re.compile(
    r"^(?:<!-- not run: (?P<reason>[^\n]+) -->\n)?```(?P<language>\w*)\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL
)
_STARTS = re.compile(r"^(?:\w+=\S+ )*(?:lesion-search|make|pip|python) ", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A block of code of a page, and why it is not run, if it is not."""

    page: Path
    language: str
    code: str
    reason: str | None


def blocks(page: Path) -> Iterator[Block]:
    for found in _BLOCK.finditer(page.read_text(encoding="utf-8")):
        yield Block(page, found["language"], found["code"], found["reason"])


def has_commands(block: Block) -> bool:
    return block.language in ("bash", "python") or bool(_STARTS.search(block.code))


def run(line: str, environment: pytest.MonkeyPatch) -> None:
    """Run one line of a shell; this program's own commands in this process."""
    words = shlex.split(line)
    settings = [words.pop(0) for _ in range(len(words)) if re.match(r"[A-Z_]+=", words[0])]
    if words[0] != "lesion-search":
        subprocess.run(["bash", "-ec", line], check=True)
        return
    from tools.settings import get_settings
    from ui.cli.main import main

    with environment.context() as here:
        for name, value in (setting.split("=", 1) for setting in settings):
            here.setenv(name, value)
        get_settings.cache_clear()
        try:
            main(words[1:])
            code = 0
        except SystemExit as stop:
            code = int(stop.code or 0)
    get_settings.cache_clear()
    assert code == 0, f"{line}: exit code {code}"


@pytest.fixture
def workplace(demo: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for the commands of a page, an own installation over the small demo, and cases to import."""
    data, folder = tmp_path / "data", tmp_path / "here"
    data.mkdir()
    for each in demo.settings.data.iterdir():
        if each.name != "atlas":
            (data / each.name).symlink_to(each)
    monkeypatch.setenv("LESION_SEARCH_DATA", str(data))
    ct = CtSeries(folder / "CASES" / "1")
    write_seg(folder / "CASES" / "1" / "seg.dcm", ct)
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.parametrize("page", [p for p in PAGES if any(has_commands(b) and not b.reason for b in blocks(p))],
                         ids=lambda page: str(page.relative_to(REPO)))  # fmt: skip
def test_the_commands_of_a_page_do_what_they_say(page: Path, workplace: Path, monkeypatch: Any, capfd: Any) -> None:
    for block in blocks(page):
        if not has_commands(block) or block.reason:
            continue
        if block.language == "python":
            exec(compile(block.code, str(page), "exec"), {})
            continue
        for line in block.code.replace("\\\n", " ").splitlines():
            if line.strip():
                run(line.split("  #")[0].strip(), monkeypatch)
    assert os.getcwd() == str(workplace)
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPO)))
def test_a_block_that_is_not_run_says_why(page: Path) -> None:
    unrun = [block for block in blocks(page) if has_commands(block) and block.language not in ("bash", "python")]
    assert [block.code for block in unrun if not block.reason] == [], "mark it as bash, or say why it is not run"


def test_a_command_that_fails_is_noticed(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AssertionError, match="exit code 2"):
        run("lesion-search embed nowhere --out vectors.npy", monkeypatch)
    with pytest.raises(subprocess.CalledProcessError):
        run("head -3 nowhere.csv", monkeypatch)
