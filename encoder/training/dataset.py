"""ROI packs as training tensors: pixels brought to one scale, lesions and the classes of each label numbered."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from encoder.errors import EncoderError
from encoder.preprocess import standardize
from encoder.roi import native_width_mm, to_roi_width

HELD_OUT = "test"  # rows whose `split` says so are never trained on
VALIDATION = "validation"  # nor these, unless asked for: choices are made on them
_READ_AT_ONCE = 4096


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


def pack_widths_mm(rows: Iterable[Mapping[str, str]]) -> NDArray[np.float64]:
    """The width of each row's image as `to_roi_width` takes it, (N,). Raises ValueError for what is no number."""
    columns = ("pixel_spacing_mm", "field_of_view_mm")
    given = [[float(row[name]) if row.get(name) else None for name in columns] for row in rows]
    return np.array([native_width_mm(*pair) for pair in given])


def load_rois(
    packs: Sequence[Path],
    labels: Sequence[str] = ("lesion_type",),
    train_on_validation: bool = False,
) -> TrainingRois:
    """Read packs for training, leaving out rows with `split` = test or validation. Raises EncoderError.

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
        widths = pack_widths_mm(table)
        for start in range(0, len(kept), _READ_AT_ONCE):
            part = kept[start : start + _READ_AT_ONCE]
            images.append(standardize(to_roi_width(pixels[part], widths[part])).half())
        calibrated.append(torch.full((len(kept),), pixels.dtype != np.uint8))
        rows += [table[i] for i in kept]
        lesion_names += [f"{number}/{table[i].get('nodule_id') or table[i]['lesion_id']}" for i in kept]
    if len(rows) < 2:
        raise EncoderError("the packs hold fewer than two ROIs to train on; give a larger pack")
    named = {label: [row.get(label) or None for row in rows] for label in labels}
    return TrainingRois(
        images=torch.cat(images),
        lesions=_numbers(lesion_names),
        sources=_numbers([row.get("source") or None for row in rows]),
        labels={label: sorted({name for name in names if name is not None}) for label, names in named.items()},
        classes=torch.stack([_numbers(names) for names in named.values()], dim=1),
        calibrated=torch.cat(calibrated),
    )


def _numbers(names: Sequence[str | None]) -> torch.Tensor:
    order = {name: i for i, name in enumerate(sorted({n for n in names if n is not None}))}
    return torch.tensor([-1 if name is None else order[name] for name in names])
