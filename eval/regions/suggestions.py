"""How often a suggested place is a lesion that radiologists marked: recall of the first five, and the share of them.

A suggestion is a marked lesion if the middle of its box lies in the box that the data set gives. Lesions that nobody
marked count as wrong, so the share is a lower bound.
"""

import csv
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from eval.metrics import Floats, interval, patient_bootstrap
from eval.regions import measurement
from tools.pipelines.measured_lesions import KEY_SLICES, MeasuredLesion, read_key_slices
from tools.regions.create import find_regions

MOST = 5
TOLD_EVERY = 100  # slices
KEPT = Path(__file__).with_name("results") / "suggestion_cross_validation.csv"


@dataclass(frozen=True)
class SuggestedSlice:
    """One slice: which suggestions, best first, are a marked lesion, and which lesions are among them."""

    patient_id: str
    suggestions: tuple[bool, ...]
    found: tuple[bool, ...]

    @classmethod
    def of(cls, lesions: list[MeasuredLesion]) -> "SuggestedSlice":
        """Suggest places on the slice of these lesions."""
        boxes = [lesion.box for lesion in lesions if lesion.box is not None]
        regions = find_regions(lesions[0].series(), 0, MOST)
        middles = [((r.box.x0 + r.box.x1) / 2, (r.box.y0 + r.box.y1) / 2) for r in regions]
        hit: NDArray[np.bool_] = np.array(
            [[b.x0 <= x <= b.x1 and b.y0 <= y <= b.y1 for b in boxes] for x, y in middles], bool
        )
        hit = hit.reshape(len(middles), len(boxes))
        return cls(lesions[0].patient_id, tuple(any(row) for row in hit), tuple(any(column) for column in hit.T))


class SuggestionReport(BaseModel):
    """Shares are 0..1, intervals are 95 % over patients."""

    data: str
    slices: int
    patients: int
    lesions: int
    suggestions: int
    recall_at_5: float  # of the lesions, how many are among the first five suggestions of their slice
    recall_at_5_interval: tuple[float, float]
    precision: float  # of the suggestions, how many are a marked lesion
    precision_interval: tuple[float, float]


class SuggestionReports(BaseModel):
    reports: list[SuggestionReport]


def read_sets(
    data: Path, images_dir: Path | None = None, csv_path: Path | None = None
) -> list[tuple[str, Iterable[MeasuredLesion]]]:
    """Read DeepLesion as published, or else its key slices. Raises MeasuredLesionsError for half of DeepLesion."""
    if images_dir is not None or csv_path is not None:
        return measurement.read_sets(data, images_dir, csv_path)
    return [("DeepLesion key slices, learnt from", read_key_slices(data / KEY_SLICES))]


def measure_suggestions(
    sets: Iterable[tuple[str, Iterable[MeasuredLesion]]], done: Callable[[int], None] | None = None
) -> SuggestionReports:
    """Suggest places on every slice of each set, and compare them with what is marked there."""
    reports = []
    for name, lesions in sets:
        slices = []
        for of_slice in by_slice(lesions):
            slices.append(SuggestedSlice.of(of_slice))
            if done is not None and len(slices) % TOLD_EVERY == 0:
                done(len(slices))
        reports.append(summarize(name, slices))
    return SuggestionReports(reports=reports)


def by_slice(lesions: Iterable[MeasuredLesion]) -> Iterator[list[MeasuredLesion]]:
    """Put neighbours in the order together that lie on one slice of one patient."""
    slice_number, last = 0, None

    def number(lesion: MeasuredLesion) -> int:
        nonlocal slice_number, last
        same = last is not None and last.patient_id == lesion.patient_id and np.array_equal(last.image, lesion.image)
        slice_number, last = slice_number + (not same), lesion
        return slice_number

    for _, group in groupby(lesions, number):
        yield list(group)


def summarize(name: str, slices: list[SuggestedSlice]) -> SuggestionReport:
    """Count over slices."""
    right, found = (
        [(is_it, one.patient_id) for one in slices for is_it in getattr(one, field)]
        for field in ("suggestions", "found")
    )
    return SuggestionReport(
        data=name,
        slices=len(slices),
        patients=len({one.patient_id for one in slices}),
        lesions=len(found),
        suggestions=len(right),
        recall_at_5=_share(found),
        recall_at_5_interval=_interval(found),
        precision=_share(right),
        precision_interval=_interval(right),
    )


def _share(counted: list[tuple[bool, str]]) -> float:
    return sum(is_it for is_it, _ in counted) / max(1, len(counted))


def _interval(counted: list[tuple[bool, str]]) -> tuple[float, float]:
    if not counted:
        return (0.0, 0.0)
    values: Floats = np.array([float(is_it) for is_it, _ in counted])
    _, means = patient_bootstrap(values, np.full(len(values), "all"), np.array([patient for _, patient in counted]))
    return interval(means)


def to_markdown(found: SuggestionReports) -> str:
    """Write the shares as a table."""
    lines = [
        "| data | slices | patients | lesions | among the first five | suggestions a slice | of them marked lesions |",
        "|---|---|---|---|---|---|---|",
    ]
    for one in found.reports:
        (low, high), (p_low, p_high) = one.recall_at_5_interval, one.precision_interval
        lines.append(
            f"| {one.data} | {one.slices} | {one.patients} | {one.lesions} "
            f"| {one.recall_at_5:.0%} ({low:.0%}–{high:.0%}) "
            f"| {one.suggestions / max(1, one.slices):.1f} | {one.precision:.0%} ({p_low:.0%}–{p_high:.0%}) |"
        )
    return "\n".join(lines) + "\n"


def cross_validation_to_markdown(kept: Path = KEPT) -> str:
    """Write what the detector's training kept: its suggestions for patients whom it had not learnt from."""
    lines = [
        "Cross-validated by patient when the detector was trained:",
        "",
        "| source | slices | lesions | among the first five | suggestions a slice | of them marked lesions |",
        "|---|---|---|---|---|---|",
    ]
    with kept.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            lines.append(
                f"| {row['source']} | {row['slices']} | {row['lesions']} | {float(row['recall_at_5']):.0%} "
                f"| {int(row['suggestions']) / int(row['slices']):.1f} | {float(row['precision']):.0%} |"
            )
    return "\n".join(lines) + "\n"
