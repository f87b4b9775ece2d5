"""What the documents name exists, and what they tell a reader to type is understood."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from tests.conftest import REPO

FOLDERS = ("assistant", "encoder", "tools", "ui", "eval", "tests", "docs", ".github", ".ci")
DOCUMENTS = sorted(
    path
    for path in [*REPO.glob("*.md"), *(p for folder in FOLDERS for p in (REPO / folder).rglob("*.md"))]
    if not {"node_modules", "fixtures"} & set(path.parts)
)
_CODE = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")
_BLOCK = re.compile(r"^```[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"[\w./*{},-]+\.(?:py|js|css|html|j2|md|toml|json|npz|txt|safetensors|yml|yaml|cff)")


def named_paths(document: Path) -> Iterator[tuple[str, Path]]:
    """What a document calls by its path: links, and names in backticks that look like a file or folder of ours."""
    text = document.read_text(encoding="utf-8")
    for link in _LINK.findall(text):
        if "://" not in link and not link.startswith("mailto:"):
            yield link, document.parent / link
    for code in _CODE.findall(text):
        first = code.split("/")[0]
        inside = first in FOLDERS and "/" in code and " " not in code
        if inside:
            yield code, REPO / code
        elif _FILE.fullmatch(code) and "/" not in code and code.endswith(".py"):
            yield code, document.parent / code


def commands(document: Path) -> Iterator[str]:
    """The lines of a document's code blocks that start one of the two programs a reader has."""
    for block in _BLOCK.findall(document.read_text(encoding="utf-8")):
        for line in block.replace("\\\n", " ").splitlines():
            line = line.strip().removeprefix("$ ").removeprefix(".venv/bin/").split("  #")[0].strip()
            if line.startswith(("lesion-search ", "make ")) and "…" not in line:
                yield line


def exists(path: Path) -> bool:
    """Whether a file, a folder or a pattern with * or {a,b} names something."""
    options = [str(path.relative_to(REPO) if path.is_relative_to(REPO) else path)]
    while any("{" in option for option in options):
        options = [
            re.sub(r"\{[^}]*\}", word.strip(), option, count=1)
            for option in options
            for word in re.search(r"\{([^}]*)\}", option)[1].split(",")  # type: ignore[index]
        ]
    return all(any(REPO.glob(option)) if "*" in option else (REPO / option).exists() for option in options)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(REPO)))
def test_every_path_that_a_document_names_exists(document):
    missing = [name for name, path in named_paths(document) if not exists(path)]
    assert missing == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(REPO)))
def test_every_command_that_a_document_shows_parses(document):
    from eval.cli import app as evaluation
    from ui.cli.main import app

    program = typer.main.get_command(app)
    program.commands["eval"] = typer.main.get_command(evaluation)
    targets = set(re.findall(r"^([\w-]+):", (REPO / "Makefile").read_text(), re.MULTILINE))
    for line in commands(document):
        name, *words = shlex.split(line, comments=True)
        if name == "make":
            assert {word for word in words if "=" not in word} <= targets, line
        else:
            parse(program, words, line)


def parse(command: Any, words: list[str], line: str) -> None:
    """Parse the words as the program would, without running anything; fails the test with its sentence."""
    while hasattr(command, "commands"):
        if words == ["--help"]:
            return
        name, *words = words or [""]
        if name not in command.commands and hasattr(command, "default"):  # a path, as in `import FOLDER`
            name, words = command.default, [name, *words]
        if name not in command.commands:
            pytest.fail(f"{line}: there is no command {name!r}")
        command = command.commands[name]
    if "--help" in words:
        return
    try:
        command.make_context(command.name, list(words))
    except Exception as error:  # typer brings its own click, whose errors have no public home
        pytest.fail(f"{line}: {getattr(error, 'message', error)}")


def test_a_command_that_does_not_exist_is_noticed():
    from ui.cli.main import app

    program = typer.main.get_command(app)
    with pytest.raises(pytest.fail.Exception):
        parse(program, ["search", "x.dcm", "--no-such-option"], "as typed")
    with pytest.raises(pytest.fail.Exception, match="no command 'serach'"):
        parse(program, ["serach", "x.dcm"], "as typed")


@pytest.mark.parametrize("path", sorted((REPO / ".github").rglob("*.yml")), ids=lambda path: path.name)
def test_forms_and_workflows_are_valid_yaml(path):
    assert yaml.safe_load(path.read_text(encoding="utf-8"))
