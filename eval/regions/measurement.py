"""How far the outline of a click or a box is from what radiologists measured: errors of the long axis or the area.

A click goes to the middle of the two diameters, a box is the one the data set gives. An error is unsaid where the
outline calls itself measured; 20 % are what RECIST 1.1 takes for growth (Eisenhauer et al. 2009).
"""

import csv
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydantic import BaseModel

from eval.metrics import Floats, Share, interval, patient_bootstrap
from tools.domain.region import Outline, Region
from tools.domain.splits import split_of
from tools.pipelines.measured_lesions import (
    KEY_SLICES,
    MeasuredLesion,
    MeasuredLesionsError,
    read_deeplesion,
    read_key_slices,
    read_lidc_areas,
)
from tools.regions.create import region_from_box, region_from_click

WITHIN = 0.2
FAR_MM = 10.0
TOLD_EVERY = 500  # lesions
KEPT = Path(__file__).with_name("results") / "outline_cross_validation.csv"


@dataclass(frozen=True)
class Measured:
    """A length beside the one it should have, and what the outline calls itself."""

    length_mm: float
    true_mm: float
    patient_id: str
    outline: Outline

    @classmethod
    def of(cls, lesion: MeasuredLesion, region: Region) -> "Measured":
        length_mm = lesion.measured_mm(region.measurement)
        return cls(length_mm, lesion.nearest_true_mm(length_mm), lesion.patient_id, region.outline)


class Errors(BaseModel):
    """Errors of one way to point at lesions; shares are of all `n`, intervals are 95 % over patients."""

    n: int
    patients: int
    median_error_mm: float
    mean_error_mm: float
    mean_error_interval: tuple[float, float]
    within_20_percent: float  # share of lesions, 0..1
    within_20_percent_interval: tuple[float, float]
    over_10_mm: int
    over_10_mm_unsaid: int  # and called measured
    unsure: int
    not_measured: int  # called the box itself, or a plain disc
    right_unsure: Share  # of those within 20 %, how many were not called measured


class MeasurementReport(BaseModel):
    """Errors on one data set. `box` is None where its lesions have none."""

    data: str
    compared: str  # long axis, or the diameter of a circle of the area
    click: Errors
    box: Errors | None


class MeasurementReports(BaseModel):
    reports: list[MeasurementReport]


def read_sets(
    data: Path, images_dir: Path | None = None, csv_path: Path | None = None
) -> list[tuple[str, Iterable[MeasuredLesion]]]:
    """Read DeepLesion as published, or else LIDC's test patients, from whom nothing was learnt, and the key slices.

    Raises MeasuredLesionsError for one of DeepLesion's two without the other.
    """
    if images_dir is not None and csv_path is not None:
        return [("DeepLesion", read_deeplesion(images_dir, csv_path))]
    if images_dir is not None or csv_path is not None:
        raise MeasuredLesionsError("DeepLesion is its pictures and its table: give both --images and --csv, or neither")
    asked = [one for one in read_lidc_areas(data / "lidc") if split_of(one.patient_id) == "test"]
    return [
        ("LIDC-IDRI, test patients", asked),
        ("DeepLesion key slices, learnt from", read_key_slices(data / KEY_SLICES)),
    ]


def measure_all(
    sets: Sequence[tuple[str, Iterable[MeasuredLesion]]], done: Callable[[int], None] | None = None
) -> MeasurementReports:
    """Point at every lesion of each set by a click and by its box."""
    reports = []
    for name, lesions in sets:
        compared = ""
        clicked: list[Measured] = []
        boxed: list[Measured] = []
        for lesion in lesions:  # of DeepLesion they do not all fit into memory
            series = lesion.series()
            compared = "diameter of the area" if lesion.by_area else "long axis"
            clicked.append(Measured.of(lesion, region_from_click(series, 0, *lesion.middle)))
            if lesion.box is not None:
                boxed.append(Measured.of(lesion, region_from_box(series, 0, lesion.box)))
            if done is not None and len(clicked) % TOLD_EVERY == 0:
                done(len(clicked))
        reports.append(
            MeasurementReport(data=name, compared=compared, click=errors(clicked), box=errors(boxed) if boxed else None)
        )
    return MeasurementReports(reports=reports)


def errors(measured: Sequence[Measured]) -> Errors:
    """Count the errors of what was measured."""
    lengths = np.array([one.length_mm for one in measured])
    truth = np.array([one.true_mm for one in measured])
    patients = np.array([one.patient_id for one in measured])
    outlines = np.array([one.outline for one in measured])
    error = np.abs(lengths - truth)
    within, said = error <= WITHIN * truth + 1e-9, outlines != "measured"
    return Errors(
        n=len(error),
        patients=len(np.unique(patients)),
        median_error_mm=float(np.median(error)),
        mean_error_mm=float(error.mean()),
        mean_error_interval=_interval(error, patients),
        within_20_percent=float(within.mean()),
        within_20_percent_interval=_interval(within.astype(np.float64), patients),
        over_10_mm=int((error > FAR_MM).sum()),
        over_10_mm_unsaid=int(((error > FAR_MM) & ~said).sum()),
        unsure=int((outlines == "unsure").sum()),
        not_measured=int(np.isin(outlines, ("box", "disc")).sum()),
        right_unsure=Share(right=int((within & said).sum()), total=int(within.sum())),
    )


def _interval(values: Floats, patients: "np.ndarray[tuple[int], np.dtype[np.str_]]") -> tuple[float, float]:
    _, means = patient_bootstrap(values, np.full(len(values), "all"), patients)
    return interval(means)


def to_markdown(found: MeasurementReports) -> str:
    """Write the errors as a table."""
    lines = [
        "| data | by | lesions | patients | within 20 % | median error mm | mean error mm | over 10 mm, unsaid "
        "| unsure | not a lesion | right ones called unsure |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for report in found.reports:
        for way, one in (("click", report.click), ("box", report.box)):
            if one is None:
                continue
            low, high = one.within_20_percent_interval
            mean_low, mean_high = one.mean_error_interval
            lines.append(
                f"| {report.data} ({report.compared}) | {way} | {one.n} | {one.patients} "
                f"| {one.within_20_percent:.0%} ({low:.0%}–{high:.0%}) | {one.median_error_mm:.1f} "
                f"| {one.mean_error_mm:.1f} ({mean_low:.1f}–{mean_high:.1f}) "
                f"| {one.over_10_mm}, {one.over_10_mm_unsaid} | {one.unsure} | {one.not_measured} "
                f"| {one.right_unsure} |"
            )
    return "\n".join(lines) + "\n"


def cross_validation_to_markdown(kept: Path = KEPT) -> str:
    """Write what the ranker's training kept: its choice for patients it had not learnt from, at the first look."""
    lines = [
        "Choice of the outline, cross-validated by patient when it was trained. Key slices are asked six times: clicks "
        "off the middle, boxes drawn tighter, wider or askew.",
        "",
        "| source | by | asked | within 20 % | median error mm | mean error mm | over 10 mm, unsaid "
        "| right ones called unsure |",
        "|---|---|---|---|---|---|---|---|",
    ]
    with kept.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            lines.append(
                f"| {row['source']} | {row['way']} | {row['asked']} | {float(row['within_20_percent']):.0%} "
                f"| {float(row['median_error_mm']):.1f} | {float(row['mean_error_mm']):.1f} "
                f"| {row['over_10_mm']}, {row['over_10_mm_unsaid']} | {float(row['right_unsure']):.0%} |"
            )
    return "\n".join(lines) + "\n"
