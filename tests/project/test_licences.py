"""What an installation of this Apache-2.0 project requires is licensed as freely as itself."""

import re
from collections.abc import Iterator
from importlib import metadata
from typing import Any

from packaging.requirements import Requirement

from tests.conftest import REPO

STRONG = re.compile(r"(?<!L)(?<!Lesser )\b(A?GPL|GNU (Affero )?General Public|SSPL|BUSL|Commons Clause)", re.IGNORECASE)
CHOICE = re.compile(r"\bOR\b")  # one of several may be chosen


def required() -> list[Requirement]:
    lines = (REPO / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if line.strip() and not line.startswith("#")]


def installed_with(wanted: list[Requirement]) -> dict[str, Any]:
    """Every distribution that the requirements bring in, by name; those for other systems are not installed."""
    found: dict[str, Any] = {}
    waiting = [(requirement, extra) for requirement in wanted for extra in ("", *requirement.extras)]
    seen: set[tuple[str, str]] = set()
    while waiting:
        requirement, extra = waiting.pop()
        name = re.sub(r"[-_.]+", "-", requirement.name).lower()
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        try:
            found[name] = metadata.distribution(requirement.name)
        except metadata.PackageNotFoundError:
            continue
        for text in found[name].requires or ():
            further = Requirement(text)
            if further.marker is None or further.marker.evaluate({"extra": extra}):
                waiting += [(further, each) for each in ("", *further.extras)]
    return found


def licences(distribution: Any) -> Iterator[str]:
    about = distribution.metadata
    yield about.get("License-Expression") or ""
    yield (about.get("License") or "")[:100]  # some put the whole text there
    yield from (value for value in about.get_all("Classifier") or () if value.startswith("License"))


def test_no_required_package_has_a_licence_that_binds_ours() -> None:
    found = installed_with(required())
    assert {"torch", "pydicom", "gradio", "starlette"} <= set(found)
    bound = {
        name: licence
        for name, distribution in found.items()
        for licence in licences(distribution)
        if STRONG.search(licence) and not CHOICE.search(licence)
    }
    assert bound == {}, "use another package, or make it an extra that nobody needs"


def test_the_pattern_knows_what_it_looks_for() -> None:
    for bad in ("GPL-3.0-only", "License :: OSI Approved :: GNU General Public License v3 (GPLv3)", "AGPL-3.0"):
        assert STRONG.search(bad)
    for good in ("LGPL-2.1", "GNU Lesser General Public License v3 (LGPLv3)", "Apache-2.0", "MIT", "BSD-3-Clause"):
        assert not STRONG.search(good)
