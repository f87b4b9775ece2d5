"""The LIDC nodules with their labels, as a ROI pack."""

import csv
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from encoder.errors import LesionSearchError
from encoder.pack import native_widths_mm
from encoder.roi import ROI_WIDTH_MM, to_roi_width
from tools.domain.splits import TEST_SHARE, Split, known_for, split_of

SIZE_BOUNDS_MM = (6.0, 10.0)
RATINGS = (
    "texture",
    "malignancy",
    "margin",
    "sphericity",
    "lobulation",
    "spiculation",
    "subtlety",
)  # the radiologists' scales


class LabelError(LesionSearchError):
    """An evaluation data set is missing or not what it should be."""


@dataclass(frozen=True)
class Nodule:
    """One slice of one LIDC nodule as a row of a ROI pack. Ratings are medians of radiologists; None is unknown.

    Nodules that one radiologist alone has marked are labelled too, to learn from; they are not `agreed`, and nothing is
    measured on them.
    """

    lesion_id: str
    patient_id: str
    nodule_id: str
    lesion_type: str | None  # calcified, ground-glass, part-solid, solid
    long_axis_mm: float | None
    pixel_spacing_mm: float | None
    slice: int
    area_px: int
    split: Split
    agreed: bool = True  # two radiologists or more
    field_of_view_mm: float | None = None
    source: str = "LIDC-IDRI"
    texture_class: str | None = None
    calcified: str | None = None
    malignancy_class: str | None = None
    size_class: str | None = None
    texture_rating: str | None = None  # and the others of RATINGS: the nearest whole score
    malignancy_rating: str | None = None
    margin_rating: str | None = None
    sphericity_rating: str | None = None
    lobulation_rating: str | None = None
    spiculation_rating: str | None = None
    subtlety_rating: str | None = None


def read_lidc(folder: Path, test_share: float = TEST_SHARE) -> tuple[NDArray[np.uint8], tuple[Nodule, ...]]:
    """Read LIDC ROIs (N, 64, 64) uint8, 48 mm wide, and their rows. Raises LabelError where files are missing."""
    folder = Path(folder)
    try:
        images: NDArray[np.uint8] = np.load(folder / "images.npz")["images"]
        with (folder / "lesions.csv").open(newline="") as stream:
            rows = list(csv.DictReader(stream))
    except (OSError, KeyError, ValueError) as error:
        raise LabelError(
            f"the LIDC ROIs are not in {folder} ({error}); give the folder with images.npz and lesions.csv"
        ) from error
    if len(rows) != len(images):
        raise LabelError(f"{folder} has {len(images)} images but {len(rows)} rows; fetch both files again")
    return to_roi_width(images, native_widths_mm(rows)), tuple(_nodule(row, test_share) for row in rows)


def _nodule(row: dict[str, str], test_share: float) -> Nodule:
    patient = row["patient_id"]
    nodule_id = f"{patient}/{row['nodule']}"
    matched, readers, diameter, texture, calcification, malignancy = (
        float(row[column] or "nan")
        for column in ("match_cost", "n_readers", "eq_diam_mm", "texture", "calcification", "malignancy")
    )
    known = matched < 0.6 and not np.isnan(diameter + texture + calcification + malignancy)
    nodule = Nodule(
        lesion_id=f"{nodule_id}/{row['slice']}".replace("/", "-"),
        patient_id=patient,
        nodule_id=nodule_id,
        lesion_type=None,
        long_axis_mm=None,
        pixel_spacing_mm=float(row["pixel_spacing_mm"]) if row["pixel_spacing_mm"] else None,
        field_of_view_mm=ROI_WIDTH_MM if row["pixel_spacing_mm"] else None,
        slice=int(row["slice"]) + 1,
        area_px=int(row["area_px"]),
        split=split_of(patient, test_share),
        agreed=False,
    )
    if not known:
        return nodule
    ratings: dict[str, Any] = {f"{name}_rating": f"{float(row[name]):.0f}" for name in RATINGS if row.get(name)}
    return replace(
        nodule,
        agreed=readers >= 2,
        lesion_type="calcified" if calcified(calcification) == "calcified" else texture_class(texture),
        long_axis_mm=diameter,
        texture_class=texture_class(texture),
        calcified=calcified(calcification),
        malignancy_class=malignancy_class(malignancy),
        size_class=size_class(diameter),
        **ratings,
    )


def texture_class(score: float) -> str:
    """Name the class of a texture score, 1 to 5."""
    return _graded(score, (2.5, 4.5), ("ground-glass", "part-solid", "solid"))


def calcified(score: float) -> str:
    """Name the class of a calcification score: 1 to 5 are kinds of calcification, 6 is none."""
    return _graded(score, (5.5,), ("calcified", "not calcified"))


def malignancy_class(score: float) -> str:
    """Name the class of a malignancy score, 1 to 5."""
    return _graded(score, (2.5, 3.5 + 1e-9), ("benign", "indeterminate", "suspicious"))


def size_class(diameter_mm: float) -> str:
    """Name the class of a diameter in mm."""
    return _graded(diameter_mm, SIZE_BOUNDS_MM, ("under 6 mm", "6 to 10 mm", "10 mm and more"))


def _graded(value: float, bounds: Sequence[float], names: Sequence[str]) -> str:
    return names[sum(value >= bound for bound in bounds)]


def largest_slices(nodules: Sequence[Nodule]) -> NDArray[np.int64]:
    """Choose one slice a nodule that radiologists agree on, the one of largest area; row numbers in order."""
    best: dict[str, int] = {}
    for row, nodule in enumerate(nodules):
        if not nodule.agreed:
            continue
        if nodule.nodule_id not in best or nodule.area_px > nodules[best[nodule.nodule_id]].area_px:
            best[nodule.nodule_id] = row
    return np.array(sorted(best.values()), dtype=np.int64)


def fitting_rows(nodules: Sequence[Nodule], split: Split) -> list[int]:
    """Choose every fourth row of the patients that a baseline judged on `split` may learn from."""
    return [row for row, nodule in enumerate(nodules) if nodule.split in known_for(split)][::4]


def write_lidc_pack(folder: Path, out: Path, test_share: float = TEST_SHARE) -> int:
    """Write the LIDC ROIs as a ROI pack with ratings and the split, all of type lung; returns the number of ROIs."""
    images, nodules = read_lidc(folder, test_share)
    rows = [asdict(nodule) | {"lesion_type": "lung"} for nodule in nodules]
    _write(out, images, rows, [f.name for f in fields(Nodule)])
    return len(images)


def _write(out: Path, images: NDArray[np.uint8], rows: Sequence[dict[str, object]], columns: Sequence[str]) -> None:
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    np.save(out / "images.npy", images)
    with (out / "lesions.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(columns))
        writer.writeheader()
        writer.writerows({name: "" if row[name] is None else row[name] for name in columns} for row in rows)
