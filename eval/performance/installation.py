"""What an installation is made of: the packages that take most of the disk, and what each is for."""

import re
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from pydantic import BaseModel, ConfigDict

REQUIREMENTS = Path(__file__).resolve().parents[2] / "requirements.txt"
SHOWN_MB = 50.0  # smaller packages are counted together
OWN_FILES = ("encoder/weights", "assistant/understanding/network/weights")


class InstalledPackage(BaseModel):
    """A package, its size on the disk, and why it is there."""

    model_config = ConfigDict(frozen=True)

    name: str
    mb: float
    purpose: str


class InstallationReport(BaseModel):
    """What `pip install .` brings, without extras, largest first; `weights_mb` are networks of this project."""

    model_config = ConfigDict(frozen=True)

    packages: tuple[InstalledPackage, ...]
    weights_mb: float

    @property
    def total_mb(self) -> float:
        """The size of all packages together."""
        return sum(package.mb for package in self.packages)


def measure_installation() -> InstallationReport:
    """Follow the requirements from package to package and add up their files."""
    purposes = read_purposes(REQUIREMENTS.read_text(encoding="utf-8"))
    waiting = [(Requirement(line), purpose) for line, purpose in purposes.items()]
    found: dict[str, InstalledPackage] = {}
    while waiting:  # breadth first: a package is there for what names it first
        requirement, purpose = waiting.pop(0)
        name = re.sub(r"[-_.]+", "-", requirement.name).lower()
        if name in found or (requirement.marker and not requirement.marker.evaluate({"extra": ""})):
            continue
        try:
            package = distribution(requirement.name)
        except PackageNotFoundError:
            continue
        found[name] = InstalledPackage(name=name, mb=_size_mb(package), purpose=purpose)
        waiting += [(Requirement(line), f"needed by {name}") for line in package.requires or ()]
    root = REQUIREMENTS.parent
    weights = sum(file.stat().st_size for folder in OWN_FILES for file in (root / folder).iterdir())
    packages = sorted(found.values(), key=lambda package: -package.mb)
    return InstallationReport(packages=tuple(packages), weights_mb=weights / 1e6)


def read_purposes(text: str) -> dict[str, str]:
    """Read each requirement of a file with the first comment above it; a heading over a group is none."""
    purposes: dict[str, str] = {}
    for group in text.split("\n\n"):
        comments: list[str] = []
        lines = group.strip().splitlines()
        for place, line in enumerate(lines):
            if not line.startswith("#"):
                purposes[line] = comments[0] if comments else ""
                comments = []
            elif place or not any(each.startswith("#") for each in lines[1:2]):
                comments.append(line.lstrip("# "))
    return purposes


def _size_mb(package: Distribution) -> float:
    files = [Path(str(file.locate())) for file in package.files or ()]
    return sum(file.stat().st_size for file in files if file.is_file() and file.suffix != ".pyc") / 1e6


def to_markdown(report: InstallationReport) -> str:
    """Format the report as a Markdown table."""
    large = [package for package in report.packages if package.mb >= SHOWN_MB]
    rest = report.packages[len(large) :]
    rows = [f"| {package.name} | {package.mb:.0f} MB | {package.purpose} |" for package in large]
    return "\n".join(
        [
            "| | on the disk | what for |",
            "|---|---|---|",
            *rows,
            f"| {len(rest)} others | {sum(package.mb for package in rest):.0f} MB | none of them {SHOWN_MB:.0f} MB |",
            f"| weights of this project | {report.weights_mb:.0f} MB | the encoder, and the reader of messages |",
            f"| together | {report.total_mb + report.weights_mb:,.0f} MB | |",
        ]
    )
