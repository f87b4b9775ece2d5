"""ROI packs as training tensors: pixels at one scale, lesions and the classes of each label numbered."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from encoder.errors import EncoderError
from encoder.pack import native_widths_mm, read_pack_arrays
from encoder.preprocess import standardize
from encoder.roi import to_roi_width

HELD_OUT = "test"  # rows whose `split` says so are never trained on
VALIDATION = "validation"  # nor these, unless asked for: choices are made on them
_CHUNK = 4096


@dataclass(frozen=True, eq=False)
class TrainingRois:
    """Everything training reads, one row per ROI."""

    images: torch.Tensor  # (N, 1, 64, 64) float16 in 0..1
    lesions: torch.Tensor  # (N,) int64, the same number for all slices of a lesion
    sources: torch.Tensor  # (N,) int64, number of the data set that the column `source` names, -1 where empty
    labels: dict[str, list[str]]  # label -> its classes, in the order of the columns below
    classes: torch.Tensor  # (N, L) int64, -1 where unknown
    calibrated: torch.Tensor  # (N,) bool, true where the pixels were HU and not a window of unknown bounds

    def __len__(self) -> int:
        return len(self.images)


def load_rois(
    packs: Sequence[Path],
    labels: Sequence[str] = ("lesion_type",),
    train_on_validation: bool = False,
) -> TrainingRois:
    """Read packs for training, leaving out rows with `split` = test or validation. Raises PackError, EncoderError.

    `train_on_validation` reads those for validation too, for weights that nothing more is chosen by.
    `labels` are columns of classes; a pack without the column, or an empty field, leaves the class unknown.
    Rows with the same `nodule_id` (or, without that column, the same lesion_id) are slices of one lesion.
    """
    left_out = {HELD_OUT} if train_on_validation else {HELD_OUT, VALIDATION}
    images: list[torch.Tensor] = []
    calibrated: list[torch.Tensor] = []
    rows: list[dict[str, str]] = []
    lesion_names: list[str] = []
    for number, folder in enumerate(packs):
        pixels, table = read_pack_arrays(Path(folder))
        kept = np.array([i for i, row in enumerate(table) if row.get("split") not in left_out], dtype=np.int64)
        widths = native_widths_mm(table)
        for start in range(0, len(kept), _CHUNK):
            part = kept[start : start + _CHUNK]
            images.append(standardize(to_roi_width(pixels[part], widths[part])).half())
        calibrated.append(torch.full((len(kept),), pixels.dtype != np.uint8))
        rows += [table[i] for i in kept]
        lesion_names += [f"{number}/{table[i].get('nodule_id') or table[i]['lesion_id']}" for i in kept]
    if len(rows) < 2:
        raise EncoderError("the packs hold fewer than two ROIs to train on; give a larger pack")
    named = {label: [row.get(label) or None for row in rows] for label in labels}
    return TrainingRois(
        images=torch.cat(images),
        lesions=_encode(lesion_names),
        sources=_encode([row.get("source") or None for row in rows]),
        labels={label: sorted({name for name in names if name is not None}) for label, names in named.items()},
        classes=torch.stack([_encode(names) for names in named.values()], dim=1),
        calibrated=torch.cat(calibrated),
    )


def _encode(names: Sequence[str | None]) -> torch.Tensor:
    """Number names in sorted order, None as -1. Shape: (N,) int64."""
    order = {name: i for i, name in enumerate(sorted({n for n in names if n is not None}))}
    return torch.tensor([-1 if name is None else order[name] for name in names])
