"""Options that several commands share, and what may be chosen among."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Optional

import typer


class SexOption(StrEnum):
    """Of which sex the patients may be."""

    F = "F"
    M = "M"


class ScopeOption(StrEnum):
    """Whose lesions may be found."""

    cross_patient = "cross-patient"
    all = "all"
    same_patient = "same-patient"


class Head(StrEnum):
    """What two vectors' cosine tells: whether lesions look alike, or whether it is one and the same."""

    look_alike = "look-alike"
    same_lesion = "same-lesion"


class PresetOption(StrEnum):
    """Training recipes: the paper's as published, or what measured best."""

    paper = "paper"
    default = "default"


Dicom = Annotated[Path, typer.Argument(metavar="PATH", help="DICOM file, folder or zip")]
OptionalDicom = Annotated[Optional[Path], typer.Argument(metavar="PATH", help="DICOM file, folder or zip")]  # noqa: UP045
BOX = typer.Option(metavar="x0,y0,x1,y1", help="box around the lesion, in columns and rows")
Roi = Annotated[Optional[str], BOX]  # noqa: UP045
RequiredRoi = Annotated[str, BOX]
Slice = Annotated[Optional[int], typer.Option("--slice", min=1, help="slice, from 1; the middle one if left out")]  # noqa: UP045
SeriesNumber = Annotated[
    Optional[int],  # noqa: UP045
    typer.Option(
        "--series", metavar="N", min=1, help="series of the upload, 1 is the first listed; the best if left out"
    ),
]
AtlasOptions = Annotated[
    Optional[list[str]],  # noqa: UP045
    typer.Option("--atlas", help="atlas folder, http(s) address, `demo` or `own`; repeated, they are asked together"),
]
AtlasOption = Annotated[Optional[str], typer.Option("--atlas", help="atlas folder or http(s) address")]  # noqa: UP045
Model = Annotated[Optional[str], typer.Option("--model", help="offline, or provider:name")]  # noqa: UP045
Encoder = Annotated[Optional[str], typer.Option("--encoder", help="encoder folder or hub repository")]  # noqa: UP045
Workers = Annotated[
    Optional[int],  # noqa: UP045
    typer.Option(min=1, help="processes of Ray that embed a pack, on this machine or the cluster of RAY_ADDRESS"),
]
Years = Annotated[Optional[int], typer.Option(help="age of the patients in years", min=0, max=130)]  # noqa: UP045
LongAxis = Annotated[Optional[float], typer.Option(help="long axis of the lesions in mm", min=0, max=1000)]  # noqa: UP045
Reports = Annotated[Path, typer.Option("--reports", help="where a report you ask for is put")]
Tuned = Annotated[Path, typer.Option("--out", help="the result, and the checkpoint a stopped run goes on from")]
SentenceSeed = Annotated[int, typer.Option("--seed", help="of the sentences and the run")]
KeepOut = Annotated[
    Path,
    typer.Option(
        "--keep-out", help="folder of conversations written by people; no sentence like theirs is learnt from"
    ),
]
HUMAN_CONVERSATIONS = Path("eval/assistant/agent_cases")
Json = Annotated[bool, typer.Option("--json", help="one JSON document on standard output")]
