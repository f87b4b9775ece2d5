"""DeepLesion as published: `Images_png` (16-bit) and `DL_info.csv`.

Yan et al. 2018, "DeepLesion: automated mining of large-scale lesion annotations", doi:10.1117/1.JMI.5.3.036501.
"""

import csv
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from encoder.errors import LesionSearchError
from encoder.pack import MAX_AGE_YEARS, TOO_MANY_CELLS, LesionRow, table_rows
from tools.domain.lesions import DEEPLESION_TYPES
from tools.domain.region import PixelBox
from tools.pipelines.importers.annotated_lesion import AnnotatedLesion, ImportFailure, ImportJob, Person
from tools.pipelines.importers.dicom_folder import DicomFolder
from tools.regions.crop import field_of_view_mm

HU_OFFSET = 32768  # stored value minus this is HU
MAX_SIDE_PX = 4096
TYPE_OF_CODE = dict(enumerate(DEEPLESION_TYPES, start=1))  # Coarse_lesion_type; -1: not annotated
SPLITS = {1: "train", 2: "validation", 3: "test"}
COLUMNS = (
    "File_name", "Patient_index", "Study_index", "Series_ID", "Key_slice_index", "Measurement_coordinates",
    "Bounding_boxes", "Lesion_diameters_Pixel_", "Coarse_lesion_type", "Possibly_noisy", "Spacing_mm_px_",
    "Patient_gender", "Patient_age", "Train_Val_Test",
)  # fmt: skip
TABLE, IMAGES = "DL_info.csv", "Images_png"
NOISY = "the authors of the data set marked it Possibly_noisy"


class Unreadable(Exception):  # noqa: N818 - a reason, not a failure
    """A row or a slice cannot be used, for a reason; the row is left out."""


@dataclass(frozen=True)
class SkippedRow:
    """A row that was left out: its line in the CSV, counted from 1, and why."""

    line: int
    reason: str


@dataclass(frozen=True)
class DeepLesionRow:
    """A row of `DL_info.csv`: its line, where its slice and its box are, and what a pack says of it."""

    line: int
    file_name: str
    path: Path
    box: PixelBox
    spacing_mm: float
    middle_px: tuple[float, float] | None  # x, y: the mean of the four ends of the two diameters
    row: LesionRow


def list_lesions(images_dir: Path, csv_path: Path) -> tuple[list[DeepLesionRow], list[SkippedRow], int]:
    """List the readable rows, the others, and how many were left out as noisy. Raises ImportFailure without images.

    Images lie in a folder a series (`000001_01_01/109.png`) or flat (`000001_01_01_109.png`).
    """
    if not images_dir.is_dir():
        raise ImportFailure(f"{images_dir} is not a folder; unpack DeepLesion's Images_png there first.")
    skipped: list[SkippedRow] = []
    noisy = 0
    lesions: list[DeepLesionRow] = []
    for line, record, too_many in _records(csv_path):
        try:
            if too_many:
                raise Unreadable(TOO_MANY_CELLS)
            if _number(record, "Possibly_noisy") == 1:
                noisy += 1
                continue
            lesions.append(_lesion(line, record, images_dir))
        except (Unreadable, LesionSearchError) as error:
            skipped.append(SkippedRow(line, str(error)))
    return lesions, skipped, noisy


def read_slices(
    lesions: list[DeepLesionRow],
) -> Iterator[tuple[DeepLesionRow, NDArray[np.int16] | Unreadable]]:
    """Read the slice of each lesion in HU, in the order of slices, or why it cannot be used."""
    path, hu = None, np.zeros((0, 0), np.int16)
    for lesion in sorted(lesions, key=lambda lesion: lesion.path):  # several lesions of a slice: it is read once
        try:
            if lesion.path != path:
                path, hu = None, read_slice(lesion.path)
                path = lesion.path
            if lesion.box.x0 >= hu.shape[1] or lesion.box.y0 >= hu.shape[0]:
                raise Unreadable("its box is outside the image")
            yield lesion, hu
        except Unreadable as error:
            yield lesion, error


def read_slice(path: Path) -> NDArray[np.int16]:
    """Read a 16-bit DeepLesion PNG as HU (rows, columns). Eight-bit copies are refused: soft tissue is lost."""
    try:
        with Image.open(path) as picture:
            if not picture.mode.startswith("I"):
                raise Unreadable(f"{path.name} is an 8-bit picture; the published 16-bit PNG is needed")
            if max(picture.size) > MAX_SIDE_PX:
                raise Unreadable(f"{path.name} has {picture.size[0]}×{picture.size[1]} pixels, too large for a slice")
            stored = np.asarray(picture, dtype=np.int32)
    except FileNotFoundError as error:
        raise Unreadable(f"{path.name} is missing") from error
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise Unreadable(f"{path.name} is damaged") from error
    hu = stored - HU_OFFSET
    if hu.max() < -1500:  # nothing but padding: the values were stored without the offset
        raise Unreadable(f"{path.name} holds no Hounsfield units with the published offset")
    return hu.clip(-1024, 3071).astype(np.int16)


def _records(path: Path) -> Iterator[tuple[int, dict[str, str], bool]]:
    """The rows with the number of their line, and whether they have too many cells."""
    try:
        rows = table_rows(path)
        _, header, _ = next(rows)
        missing = [name for name in COLUMNS if name not in header]
        if missing:
            raise ImportFailure(f"{path} is not DeepLesion's DL_info.csv: it has no column {', '.join(missing)}.")
        yield from rows
    except (OSError, UnicodeError, csv.Error) as error:
        raise ImportFailure(f"{path} cannot be read: {error}. Give the DL_info.csv of the data set.") from error


def _lesion(line: int, record: Mapping[str, str], images_dir: Path) -> DeepLesionRow:
    name = record["File_name"]
    parts = Path(name).stem.split("_")
    if len(parts) < 4 or not all(part.isdigit() for part in parts) or Path(name).name != name:
        raise Unreadable(f"File_name {name!r} is not patient_study_series_slice.png")
    folder = images_dir / "_".join(parts[:3])
    path = folder / f"{parts[3]}.png" if folder.is_dir() else images_dir / name
    spacing_mm = _numbers(record, "Spacing_mm_px_", 3)[0]
    long_px, short_px = _numbers(record, "Lesion_diameters_Pixel_", 2)
    x0, y0, x1, y1 = _numbers(record, "Bounding_boxes", 4)
    box = PixelBox(max(math.floor(x0), 0), max(math.floor(y0), 0), math.ceil(x1), math.ceil(y1))
    if box.x1 <= box.x0 or box.y1 <= box.y0:
        raise Unreadable(f"Bounding_boxes {record['Bounding_boxes']!r} has no area")
    if not 0.1 < spacing_mm < 5:
        raise Unreadable(f"Spacing_mm_px_ {spacing_mm} is not a pixel size in mm")
    age = _number(record, "Patient_age")
    code = _number(record, "Coarse_lesion_type")
    row = LesionRow(
        lesion_id=f"DL-{Path(name).stem}-{line - 1}",
        patient_id=f"DL-{int(record['Patient_index'])}" if record["Patient_index"].isdigit() else f"DL-{int(parts[0])}",
        lesion_type=TYPE_OF_CODE.get(int(code)) if code is not None else None,  # -1: the type was never labelled
        sex=record["Patient_gender"] if record["Patient_gender"] in ("F", "M") else None,
        age_years=int(age) if age is not None and 0 < age <= MAX_AGE_YEARS else None,
        long_axis_mm=round(max(long_px, short_px) * spacing_mm, 2),
        short_axis_mm=round(min(long_px, short_px) * spacing_mm, 2),
        source="DeepLesion",
        split=SPLITS.get(int(_number(record, "Train_Val_Test") or 0)),
        study_id=f"DL-{parts[0]}-{parts[1]}",
        pixel_spacing_mm=spacing_mm,
        field_of_view_mm=field_of_view_mm(box, (spacing_mm, spacing_mm)),
        slice=int(parts[3]) or None,
    )
    return DeepLesionRow(line, name, path, box, spacing_mm, _middle(record), row)


def _middle(record: Mapping[str, str]) -> tuple[float, float] | None:
    """The middle of the two diameters; None where their ends cannot be read, which a pack does not need."""
    try:
        ends = _numbers(record, "Measurement_coordinates", 8)
    except Unreadable:
        return None
    return sum(ends[::2]) / 4, sum(ends[1::2]) / 4


def _numbers(record: Mapping[str, str], column: str, count: int) -> list[float]:
    """Read `count` numbers, between commas; those with decimal commas, between semicolons or comma and space."""
    text = record[column]
    for parts in (text.split(","), [part.replace(",", ".") for part in re.split(r"[,;]\s+|;", text)]):
        try:
            values = [float(part) for part in parts]
        except ValueError:
            continue
        if len(values) == count and all(map(math.isfinite, values)):
            return values
    raise Unreadable(f"{column} {text!r} is not {count} numbers")


def _number(record: Mapping[str, str], column: str) -> float | None:
    """One number; None where the cell is empty or NaN, as ages are."""
    try:
        value = float(record[column].replace(",", "."))
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def is_deeplesion(path: Path) -> bool:
    """Recognise the table of DeepLesion by its name."""
    return path.name == TABLE


def lesions_of_table(path: Path, folder: DicomFolder, job: ImportJob) -> Iterator[AnnotatedLesion]:
    """Read the lesions of a table that `import` finds, with the images beside it."""
    images = path.parent / IMAGES if (path.parent / IMAGES).is_dir() else path.parent
    yield from lesions_of_deeplesion(images, path, job)


def lesions_of_deeplesion(images_dir: Path, csv_path: Path, job: ImportJob) -> Iterator[AnnotatedLesion]:
    """Read the lesions of the data set. Raises ImportFailure where these are not its table and its images."""
    lesions, skipped, noisy = list_lesions(images_dir, csv_path)
    for left_out in skipped:
        job.skip(f"{csv_path.name}, line {left_out.line}", left_out.reason)
    if noisy:
        job.skip(f"{csv_path.name}, {noisy} rows", NOISY)
    for done, (lesion, seen) in enumerate(read_slices(lesions), start=1):
        if done % 50 == 0 or done == len(lesions):
            job.progress(done, len(lesions))
        against = job.labels.reason_against(lesion.row.lesion_type, is_finding=True)
        if against or isinstance(seen, Unreadable):
            job.skip(f"{csv_path.name}, line {lesion.line}", against or str(seen))
            continue
        row = lesion.row
        yield AnnotatedLesion(
            lesion_id=row.lesion_id,
            person=Person(row.patient_id, row.study_id, row.sex, row.age_years),
            source=row.source or "",
            lesion_type=job.labels.lesion_type(row.lesion_type)[0],
            image=seen,
            spacing_mm=(lesion.spacing_mm, lesion.spacing_mm),
            slice_index=None if row.slice is None else row.slice - 1,
            box=lesion.box,
            long_axis_mm=row.long_axis_mm,
            short_axis_mm=row.short_axis_mm,
            split=row.split,
        )
