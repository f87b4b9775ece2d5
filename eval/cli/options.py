"""Options that several commands of `lesion-search eval` share, and how they show what they measured."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from tools.domain.progress import Progress

if TYPE_CHECKING:
    from pydantic import BaseModel

DATA_FOLDER = Path(__file__).resolve().parents[3] / "shared" / "data"

JsonOption = Annotated[bool, typer.Option("--json", help="one JSON document instead of Markdown")]
EncoderOption = Annotated[Optional[str], typer.Option(help="encoder folder; default: the shipped one")]  # noqa: UP045
DataOption = Annotated[
    Path, typer.Option(envvar="LESION_SEARCH_SHARED", help="folder of the real CT data, with lidc/ inside")
]
FiguresOption = Annotated[Optional[Path], typer.Option(help="folder for PNG figures; real pixels among them")]  # noqa: UP045
BaselinesOption = Annotated[bool, typer.Option(help="also pixel PCA and the untrained network")]
ImagesOption = Annotated[Optional[Path], typer.Option(help="DeepLesion's Images_png, 16-bit")]  # noqa: UP045
TableOption = Annotated[Optional[Path], typer.Option(help="DeepLesion's DL_info.csv")]  # noqa: UP045
ModelOption = Annotated[str, typer.Option(help="offline, or provider:name")]


class SplitChoice(StrEnum):
    dev = "dev"
    test = "test"
    all = "all"


class PatientSplit(StrEnum):
    """Choose on validation, report on test."""

    validation = "validation"
    test = "test"


SplitOption = Annotated[PatientSplit, typer.Option(help="patients asked about; choose on validation, report on test")]


class DataSet(StrEnum):
    lidc = "lidc"
    phantoms = "phantoms"


class ScopeChoice(StrEnum):
    all = "all"
    same_patient = "same-patient"
    cross_patient = "cross-patient"
    each = "each"


def warn_if_trained_on(split: PatientSplit, encoder: str | None) -> None:
    """Warn of weights that saw the validation patients: the record beside them says so."""
    from json import loads

    from encoder.embedder import SHIPPED_WEIGHTS

    record = Path(encoder or SHIPPED_WEIGHTS) / "training.json"
    if split is PatientSplit.test or not record.is_file():
        return
    if loads(record.read_text()).get(
        "trained_on_validation", True
    ):  # records from before there was a choice say nothing
        typer.echo("These weights were trained on the validation patients too: the figures are too good.", err=True)


@contextmanager
def progress_bar(what: str) -> Iterator[Progress]:
    """Show how far work is on standard error."""
    from ui.cli.terminal import progress_bars

    with progress_bars() as bars:
        yield lambda done, total: bars(what, done, total)


def show(report: "BaseModel", markdown: str, json: bool) -> None:
    """Print a report on standard output, as Markdown or as one JSON document."""
    typer.echo(report.model_dump_json(indent=2) if json else markdown)
