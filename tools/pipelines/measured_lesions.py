"""Lesions on CT slices with the size that people measured, to fit the outlines to and to judge them by."""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from encoder.errors import LesionSearchError
from tools.domain.region import Measurement, PixelBox
from tools.domain.study import SafeFacts, Series
from tools.pipelines.importers.deeplesion import Unreadable, list_lesions, read_slices
from tools.regions.create import MIN_BOX_PX

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

PADDING_PX = 5  # of DeepLesion's boxes around the ends of the two diameters
LIDC_CROP_PX = 128  # of the crops that LIDC boxes are in
LIDC_RANGE = "-1000, 400"  # about what each crop was rescaled from, lung and nodule: it was not published
USUAL_SPACING_MM = 0.8  # of key slices that came without one
AIR_HU = -1000
KEY_SLICES = Path("multi_organ") / "deeplesion_keyslices"


class MeasuredLesionsError(LesionSearchError):
    """A data set of measured lesions is not where it should be."""


@dataclass(frozen=True, eq=False)
class MeasuredLesion:
    """A lesion on a slice: where its middle (x, y) is, the box around it, and how long it is between two bounds.

    `by_area`: the length is the diameter of a circle of its area, not the long axis. `outline_px` (N, 2) of x, y is
    there where it is known.
    """

    image: NDArray[np.int16]
    spacing_mm: tuple[float, float]
    middle: tuple[float, float]
    box: PixelBox | None
    length_mm: tuple[float, float]
    patient_id: str
    source: str
    by_area: bool = False
    outline_px: NDArray[np.float64] | None = None

    def series(self) -> Series:
        """Make a series of the slice alone."""
        rows, columns = self.image.shape
        row_mm, column_mm = self.spacing_mm
        facts = SafeFacts(
            modality="CT",
            slices=1,
            rows=rows,
            columns=columns,
            row_spacing_mm=row_mm,
            column_spacing_mm=column_mm,
            age_years=None,
        )
        return Series("measured", self.image[None], (1.0, row_mm, column_mm), np.zeros(1), None, None, facts)

    def measured_mm(self, measurement: Measurement) -> float:
        """Take the length that is compared out of a measurement."""
        if self.by_area:
            return 2 * float(np.sqrt((measurement.area_mm2 or 0.0) / np.pi))
        return measurement.long_axis_mm or 0.0

    def nearest_true_mm(self, length_mm: float) -> float:
        """Take the bound that a length passes, or the length itself between them."""
        return float(np.clip(length_mm, *self.length_mm))


def read_deeplesion(images_dir: Path, csv_path: Path) -> Iterator[MeasuredLesion]:
    """Read the lesions of a `DL_info.csv`, as published, with their slices: 16-bit PNG of HU + 32768.

    Rows that cannot be read or are marked noisy are left out. Raises ImportFailure for files that are not DeepLesion's,
    and MeasuredLesionsError if no lesion is left.
    """
    found = 0
    for row, image in read_slices(list_lesions(images_dir, csv_path)[0]):
        box = None if isinstance(image, Unreadable) else _inside(row.box, image)
        if isinstance(image, Unreadable) or row.middle_px is None or row.row.long_axis_mm is None or box is None:
            continue
        found += 1
        yield MeasuredLesion(
            image=image,
            spacing_mm=(row.spacing_mm, row.spacing_mm),
            middle=row.middle_px,
            box=box,
            length_mm=(row.row.long_axis_mm, row.row.long_axis_mm),
            patient_id=row.row.patient_id,
            source="DeepLesion",
        )
    if not found:
        raise MeasuredLesionsError(
            f"no lesion of {csv_path} has a slice in {images_dir} and two diameters; give DeepLesion's own files"
        )


def read_key_slices(folder: Path) -> list[MeasuredLesion]:
    """Read DeepLesion's example slices, brought to HU by their window: where no diameter is given, the padded box holds
    it between bounds.

    The two diameters reach the sides of the box without its padding; that box may be a pixel too large.
    """
    slices, rows = _read(folder, "slices.npz", "slices")
    found = []
    for row in rows:
        x0, y0, x1, y1 = (float(value) for value in row["box_px"].split())
        width, height = (max(side - 2 * PADDING_PX, 2.0) for side in (x1 - x0, y1 - y0))
        spacing = float(row["pixel_spacing_mm"] or USUAL_SPACING_MM)
        between = ((max(width, height) - 1) * spacing, float(np.hypot(width, height)) * spacing)
        if row["long_axis_mm"]:
            between = (float(row["long_axis_mm"]),) * 2
        image = in_hu(slices[int(row["slice_row"])], row["window"])
        found.append(
            MeasuredLesion(
                image=image,
                spacing_mm=(spacing, spacing),
                middle=((x0 + x1) / 2, (y0 + y1) / 2),
                box=_inside(PixelBox(int(x0), int(y0), int(x1), int(y1)), image),
                length_mm=between,
                patient_id=row["patient_id"],
                source="key slices",
            )
        )
    return found


def read_lidc_areas(folder: Path) -> list[MeasuredLesion]:
    """Read the largest slice of each LIDC nodule that two readers or more outlined: areas, in crops roughly in HU."""
    images, rows = _read(folder, "images.npz", "images")
    largest: dict[tuple[str, str], int] = {}
    for number, row in enumerate(rows):
        sure = float(row["match_cost"] or 9) < 0.6 and int(row["n_readers"]) >= 2 and row["pixel_spacing_mm"]
        key = row["patient_id"], row["nodule"]
        if sure and (key not in largest or int(row["area_px"]) > int(rows[largest[key]]["area_px"])):
            largest[key] = number
    found = []
    for number in sorted(largest.values()):
        row, image = rows[number], in_hu(images[number], LIDC_RANGE)
        spacing = float(row["pixel_spacing_mm"])
        edge = LIDC_CROP_PX // 2 - image.shape[0] // 2
        x0, y0, x1, y1 = (int(float(row[name])) - edge for name in ("x1", "y1", "x2", "y2"))
        diameter = 2 * float(np.sqrt(float(row["area_px"]) / np.pi)) * spacing
        found.append(
            MeasuredLesion(
                image=image,
                spacing_mm=(spacing, spacing),
                middle=(image.shape[1] / 2, image.shape[0] / 2),
                box=_inside(PixelBox(x0 - PADDING_PX, y0 - PADDING_PX, x1 + PADDING_PX, y1 + PADDING_PX), image),
                length_mm=(diameter, diameter),
                patient_id=row["patient_id"],
                source="LIDC",
                by_area=True,
            )
        )
    return found


def _read(folder: Path, file: str, array: str) -> tuple[NDArray[np.uint8], list[dict[str, str]]]:
    try:
        images: NDArray[np.uint8] = np.load(folder / file)[array]
        with (folder / "lesions.csv").open(newline="", encoding="utf-8") as stream:
            return images, list(csv.DictReader(stream))
    except (OSError, KeyError, ValueError) as error:
        raise MeasuredLesionsError(
            f"{folder} does not hold the measured lesions ({error}); give the folder with {file} and lesions.csv"
        ) from error


def in_hu(pixels: NDArray[np.uint8], window: str) -> NDArray[np.int16]:
    """Bring a slice to HU by its window, "-175, 275" or "unknown (likely -1500,500)"; black of a narrow one is air."""
    low, high = (float(edge) for edge in re.findall(r"-?\d+", window))
    hu: NDArray[np.int16] = np.rint(low + pixels * ((high - low) / 255)).astype(np.int16)
    hu[(pixels == 0) & (low > AIR_HU)] = AIR_HU
    return hu


def _inside(box: PixelBox, image: NDArray[np.int16]) -> PixelBox | None:
    """The part of a box that is on the image, if it has an area that can be outlined."""
    rows, columns = image.shape
    cut = PixelBox(max(box.x0, 0), max(box.y0, 0), min(box.x1, columns), min(box.y1, rows))
    return cut if min(cut.x1 - cut.x0, cut.y1 - cut.y0) >= MIN_BOX_PX else None


def write_figures(path: Path, found: Sequence["DataclassInstance"]) -> None:
    """Keep the figures of a cross-validation, at least one row, as a table."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(found[0])], lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(one) for one in found)
