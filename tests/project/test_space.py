"""What the Hugging Face Hub reads of this repository: the Space's front matter, and the cards."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from huggingface_hub import DatasetCard, ModelCard, RepoCard, SpaceHardware
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from eval.performance.space import ROOT, FrontMatter, Space, SpaceError, build
from tests.conftest import REPO

COLOURS = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}
CARDS = {"MODEL_CARD.md": ModelCard, "assistant/training/DATA_CARD.md": DatasetCard, "README.md": RepoCard}


def front_matter() -> dict[str, object]:
    values = yaml.safe_load((REPO / "README.md").read_text(encoding="utf-8").split("---")[1])
    assert isinstance(values, dict)
    return values


def test_the_front_matter_is_what_the_hub_takes() -> None:
    values = front_matter()
    assert {values["colorFrom"], values["colorTo"]} <= COLOURS
    assert (values["sdk"], values["license"]) == ("gradio", "apache-2.0")
    assert SpaceHardware(values["suggested_hardware"]) is SpaceHardware.CPU_BASIC
    assert len(str(values["short_description"])) <= 60
    assert (REPO / str(values["app_file"])).is_file()
    for name in ("models", "datasets", "tags"):
        assert isinstance(values[name], list)


def test_the_space_gets_a_gradio_and_a_python_that_this_project_takes() -> None:
    matter = FrontMatter.read(REPO / "README.md")
    project = tomllib.loads((REPO / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert SpecifierSet(project["requires-python"]).contains(matter.python_version)
    lines = (REPO / "requirements.txt").read_text(encoding="utf-8").splitlines()
    wanted = [Requirement(line) for line in lines if line and not line.startswith("#")]
    [gradio] = [requirement for requirement in wanted if requirement.name == "gradio"]
    assert gradio.specifier.contains(matter.sdk_version)


@pytest.mark.parametrize("name", CARDS)
def test_cards_are_in_the_format_of_the_hub(name: str) -> None:
    card = CARDS[name].load(REPO / name, ignore_metadata_errors=False)
    assert card.data.license == "apache-2.0"
    assert card.text.strip().startswith("# ")
    if name == "MODEL_CARD.md":
        assert (card.data.library_name, card.data.pipeline_tag) == ("transformers", "image-feature-extraction")


def test_a_space_is_built_from_what_git_tracks_and_nothing_of_it_can_be_written(tmp_path: Path) -> None:
    bare = tmp_path / "environment"
    subprocess.run((sys.executable, "-m", "venv", "--without-pip", bare), check=True)
    space = build(tmp_path, bare)
    assert isinstance(space, Space)
    listed = subprocess.run(("git", "ls-files", "-z"), cwd=ROOT, check=True, capture_output=True, text=True).stdout
    tracked = set(listed.split("\0"))
    found = {str(path.relative_to(space.checkout)) for path in space.checkout.rglob("*") if path.is_file()}
    assert {"app.py", "requirements.txt", "README.md"} <= found <= tracked
    assert not any(path.stat().st_mode & 0o222 for path in space.checkout.rglob("*"))


def test_an_environment_that_holds_the_project_is_none_of_a_space(tmp_path: Path) -> None:
    installed = tmp_path / "environment"
    subprocess.run((sys.executable, "-m", "venv", "--without-pip", installed), check=True)
    [site] = installed.glob("lib/python*/site-packages")
    (site / "project.pth").write_text(str(REPO))
    with pytest.raises(SpaceError, match="give a fresh one"):
        build(tmp_path, installed)
