"""ROI packs as training tensors: pixels brought to one scale, lesions numbered, labels as coordinates."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from encoder.errors import EncoderError
from encoder.preprocess import standardize
from encoder.presets import Rating

HELD_OUT = "test"  # rows whose `split` says so are never trained on
VALIDATION = "validation"  # nor these, unless asked for: choices are made on them
_READ_AT_ONCE = 4096


@dataclass(frozen=True, eq=False)
class TrainingRois:
    """Everything training reads, one row per ROI."""

    images: torch.Tensor  # (N, 1, 64, 64) float16 in 0..1
    lesions: torch.Tensor  # (N,) int64, the same number for all slices of a lesion
    types: torch.Tensor  # (N,) int64, -1 where unknown
    labels: torch.Tensor  # (N, L) float32 label coordinates, NaN rows where unknown
    calibrated: torch.Tensor  # (N,) bool, true where the pixels were HU and not a window of unknown bounds
    weights: torch.Tensor  # (N,) float32, larger for lesions of rarer types, mean 1, 0 where unknown

    def __len__(self) -> int:
        return len(self.images)


def read_pack_arrays(folder: Path) -> tuple[NDArray[np.generic], list[dict[str, str]]]:
    """Images and label rows of a ROI pack. Raises EncoderError for a folder that is not one."""
    table = folder / "lesions.csv"
    npy, npz = folder / "images.npy", folder / "images.npz"
    if not table.is_file() or not (npy.is_file() or npz.is_file()):
        raise EncoderError(f"{folder} is not a ROI pack: it needs lesions.csv and images.npy or images.npz")
    try:
        images = np.load(npy, mmap_mode="r") if npy.is_file() else np.load(npz)["images"]
    except (ValueError, OSError, KeyError) as error:
        raise EncoderError(f"the images of {folder} could not be read ({error}); write the pack again") from error
    with table.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    if len(rows) != len(images):
        raise EncoderError(f"{folder} has {len(images)} images but {len(rows)} rows in lesions.csv")
    if not rows or not {"lesion_id", "patient_id"} <= rows[0].keys():
        raise EncoderError(f"lesions.csv of {folder} needs the columns lesion_id and patient_id, and at least one row")
    return images, rows


def load_rois(
    packs: Sequence[Path],
    ratings: Sequence[Rating] = (),
    type_distance: float = 1.5,
    train_on_validation: bool = False,
) -> TrainingRois:
    """Read packs for training, leaving out rows with `split` = test or validation. Raises EncoderError.

    `train_on_validation` reads those for validation too, for weights that nothing more is chosen by.
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
        for start in range(0, len(kept), _READ_AT_ONCE):
            images.append(standardize(pixels[kept[start : start + _READ_AT_ONCE]]).half())
        calibrated.append(torch.full((len(kept),), pixels.dtype != np.uint8))
        rows += [table[i] for i in kept]
        lesion_names += [f"{number}/{table[i].get('nodule_id') or table[i]['lesion_id']}" for i in kept]
    if len(rows) < 2:
        raise EncoderError("the packs hold fewer than two ROIs to train on; give a larger pack")
    types = _numbers([row.get("lesion_type") or None for row in rows])
    return TrainingRois(
        images=torch.cat(images),
        lesions=_numbers(lesion_names),
        types=types,
        labels=_label_coordinates(rows, types, ratings, type_distance),
        calibrated=torch.cat(calibrated),
        weights=_rarity(types),
    )


def _numbers(names: Sequence[str | None]) -> torch.Tensor:
    order = {name: i for i, name in enumerate(sorted({n for n in names if n is not None}))}
    return torch.tensor([-1 if name is None else order[name] for name in names])


def _rarity(types: torch.Tensor) -> torch.Tensor:
    known = types >= 0
    weights = torch.zeros(len(types))
    weights[known] = torch.bincount(types[known]).float()[types[known]].rsqrt()
    return weights / weights[known].mean() if known.any() else weights


def _label_coordinates(
    rows: Sequence[dict[str, str]], types: torch.Tensor, ratings: Sequence[Rating], type_distance: float
) -> torch.Tensor:
    """One-hot types and ratings, scaled so that a squared distance of 1 means e^-1 alike."""
    one_hot = torch.zeros(len(rows), int(types.max()) + 1 if len(types) else 0)
    known = types >= 0
    one_hot[known, types[known]] = type_distance / 2**0.5
    columns = []
    for rating in ratings:
        values = torch.tensor([float(row.get(rating.column) or "nan") for row in rows])
        values = values.log() if rating.logarithmic else values
        centred = (values - values.nanmean()) / rating.bandwidth
        columns.append(centred.nan_to_num())  # a missing rating says nothing: the middle
    labels = torch.cat((one_hot, torch.stack(columns, 1)), 1) if columns else one_hot
    labels[~known] = float("nan")
    return labels
