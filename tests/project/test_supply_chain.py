"""What is installed is pinned with hashes, and nothing that runs unpickles or evaluates what it reads."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from packaging.version import Version

from tests.conftest import REPO
from tests.project.test_licences import required

PACKAGES = ("encoder", "tools", "assistant", "ui", "eval")
FORBIDDEN = {"pickle", "cPickle", "dill", "joblib", "shelve", "marshal"}


def pinned() -> dict[str, list[Version]]:
    """Versions by package: a package has several where they differ by the Python or the system."""
    found: dict[str, list[Version]] = {}
    for line in (REPO / "requirements.lock").read_text(encoding="utf-8").splitlines():
        if match := re.match(r"([A-Za-z0-9._-]+)==([^\s;\\]+)", line):
            found.setdefault(re.sub(r"[-_.]+", "-", match[1]).lower(), []).append(Version(match[2]))
    return found


def test_the_lock_file_has_every_requirement_in_a_version_that_it_allows() -> None:
    lock = pinned()
    for requirement in required():
        versions = lock.get(re.sub(r"[-_.]+", "-", requirement.name).lower(), [])
        assert versions, f"{requirement.name} is not in requirements.lock: run `make lock`"
        assert all(requirement.specifier.contains(version) for version in versions), requirement


def test_every_pinned_package_has_its_hashes_and_no_address() -> None:
    text = (REPO / "requirements.lock").read_text(encoding="utf-8")
    assert "://" not in text
    for entry in re.split(r"\n(?=\S)", text.strip()):
        assert "--hash=sha256:" in entry, entry.splitlines()[0]


def modules() -> Iterator[tuple[Path, ast.AST]]:
    for package in PACKAGES:
        for path in (REPO / package).rglob("*.py"):
            yield path, ast.parse(path.read_text(encoding="utf-8"))


def test_nothing_is_unpickled_or_evaluated() -> None:
    for path, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [each.name for each in node.names]
                assert not {name.split(".")[0] for name in names} & FORBIDDEN, f"{path}:{node.lineno}"
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                assert called not in ("eval", "exec"), f"{path}:{node.lineno}"
                options = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
                assert options.get("allow_pickle") in (None, "False"), f"{path}:{node.lineno}"
                assert options.get("trust_remote_code") in (None, "False"), f"{path}:{node.lineno}"
                if called == "torch.load":
                    assert options.get("weights_only") == "True", f"{path}:{node.lineno}"
