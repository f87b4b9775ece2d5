"""ROI packs as training tensors: pixels at one scale, lesions and the classes of each label numbered."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from encoder.errors import EncoderError
from encoder.pack import check_context, native_widths_mm, read_context, read_pack_arrays, with_context
from encoder.preprocess import standardize
from encoder.roi import rois_alone, to_roi_width

HELD_OUT = "test"  # rows whose `split` says so are never trained on
VALIDATION = "validation"  # nor these, unless asked for: choices are made on them
DIAMETER_CLASS, DENSITY_CLASS = "diameter_class", "density_class"
DIAMETER_BOUNDS_MM = (4.0, 6.0, 8.0, 10.0, 15.0, 20.0, 30.0, 45.0)
DENSITY_BOUNDS_HU = (-600.0, -150.0, -20.0, 20.0, 50.0, 80.0, 120.0, 250.0)
_CHUNK = 4096


@dataclass(frozen=True, eq=False)
class TrainingRois:
    """Everything training reads, one row per ROI."""

    images: torch.Tensor  # (N, P, 64, 64) float16 in 0..1: ROI, and context where asked for, constant where unknown
    lesions: torch.Tensor  # (N,) int64, the same number for all slices of a lesion
    sources: torch.Tensor  # (N,) int64, number of the data set that the column `source` names, -1 where empty
    labels: dict[str, list[str]]  # label -> its classes, in the order of the columns below
    classes: torch.Tensor  # (N, L) int64, -1 where unknown
    chances: torch.Tensor  # (N,) how often a row is drawn where an epoch is a sample
    calibrated: torch.Tensor  # (N,) bool, true where the pixels were HU and not a window of unknown bounds

    def __len__(self) -> int:
        return len(self.images)


def load_rois(
    packs: Sequence[Path],
    labels: Sequence[str] = ("lesion_type",),
    train_on_validation: bool = False,
    context: bool = False,
) -> TrainingRois:
    """Read packs for training, leaving out rows with `split` = test or validation. Raises PackError, EncoderError.

    `train_on_validation` reads those for validation too, for weights that nothing more is chosen by.
    `labels` are columns of classes; a pack without the column, or an empty field, leaves the class unknown. Two are
    derived where they are asked for: `diameter_class` from `long_axis_mm`, and `density_class` from HU in the middle.
    Rows with the same `nodule_id` (or, without that column, the same lesion_id) are slices of one lesion.
    """
    left_out = {HELD_OUT} if train_on_validation else {HELD_OUT, VALIDATION}
    images: list[torch.Tensor] = []
    calibrated: list[torch.Tensor] = []
    rows: list[dict[str, str]] = []
    lesion_names: list[str] = []
    densities: list[str | None] = []
    for number, folder in enumerate(packs):
        pixels, table = read_pack_arrays(Path(folder))
        kept = np.array([i for i, row in enumerate(table) if row.get("split") not in left_out], dtype=np.int64)
        widths = native_widths_mm(table)
        surroundings = read_context(Path(folder)) if context else None
        check_context(pixels, surroundings)
        for start in range(0, len(kept), _CHUNK):
            part = kept[start : start + _CHUNK]
            shown = None
            if context:
                shown = np.zeros_like(pixels[part]) if surroundings is None else surroundings[part]
            chunk = to_roi_width(with_context(pixels[part], shown), widths[part])
            images.append(torch.from_numpy(standardize(chunk)).half())
            densities += _density_classes(chunk)
        calibrated.append(torch.full((len(kept),), pixels.dtype != np.uint8))
        rows += [table[i] for i in kept]
        lesion_names += [f"{number}/{table[i].get('nodule_id') or table[i]['lesion_id']}" for i in kept]
    if len(rows) < 2:
        raise EncoderError("the packs hold fewer than two ROIs to train on; give a larger pack")
    derived = {DIAMETER_CLASS: [_diameter_class(row.get("long_axis_mm")) for row in rows], DENSITY_CLASS: densities}
    named = {label: derived.get(label) or [row.get(label) or None for row in rows] for label in labels}
    lesions, sources = _encode(lesion_names), _encode([row.get("source") or None for row in rows])
    return TrainingRois(
        images=torch.cat(images),
        lesions=lesions,
        sources=sources,
        chances=_chances(sources, lesions),
        labels={label: sorted({name for name in names if name is not None}) for label, names in named.items()},
        classes=torch.stack([_encode(names) for names in named.values()], dim=1),
        calibrated=torch.cat(calibrated),
    )


def _chances(sources: torch.Tensor, lesions: torch.Tensor) -> torch.Tensor:
    """Draw sources by the root of their number of lesions, then a lesion, then a row of it. Shape: (N,), sums to 1."""
    rows_of_lesion = torch.bincount(lesions)[lesions].double()
    numbers = sources - sources.min()  # -1 is a source like others
    share = 1 / rows_of_lesion  # a lesion weighs 1 in all
    of_source = torch.bincount(numbers, share)
    chances = share / of_source[numbers].sqrt()
    return chances / chances.sum()


def _diameter_class(long_axis_mm: str | None) -> str | None:
    """Name the class of a diameter in mm: about two a doubling."""
    if not long_axis_mm:
        return None
    return _graded(float(long_axis_mm), DIAMETER_BOUNDS_MM, "mm")


def _density_classes(images: NDArray[np.generic]) -> list[str | None]:
    """Name the class of the mean HU in the middle 6 mm of each ROI; unknown where the pixels are no HU."""
    if images.dtype == np.uint8:
        return [None] * len(images)
    means = rois_alone(images)[:, 28:36, 28:36].mean(axis=(1, 2))
    return [_graded(float(mean), DENSITY_BOUNDS_HU, "HU") for mean in means]


def _graded(value: float, bounds: Sequence[float], unit: str) -> str:
    """Name the interval that a value lies in. Named so that they sort in order."""
    number = sum(value >= bound for bound in bounds)
    if not number:
        return f"0: under {bounds[0]:g} {unit}"
    return f"{number}: {bounds[number - 1]:g} {unit} and more"


def _encode(names: Sequence[str | None]) -> torch.Tensor:
    """Number names in sorted order, None as -1. Shape: (N,) int64."""
    order = {name: i for i, name in enumerate(sorted({n for n in names if n is not None}))}
    return torch.tensor([-1 if name is None else order[name] for name in names])
