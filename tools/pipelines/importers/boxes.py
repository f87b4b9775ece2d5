"""Boxes in a table or in COCO's JSON, over DICOM images or 16-bit PNGs as DeepLesion has them.

A table has a column `file` (a path from the table's folder) and `x0,y0,x1,y1` or `x,y,width,height` in pixels; it may
have `label, patient_id, sex, age_years, pixel_spacing_mm, long_axis_mm, short_axis_mm`. COCO has the same as keys of
its images, and polygons, which are measured. A box alone is not a measurement: its lesion has no size.
"""

import csv
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from encoder.pack import MAX_AGE_YEARS, TOO_MANY_CELLS, table_rows
from tools.domain.region import PixelBox
from tools.pipelines.importers.annotated_lesion import AnnotatedLesion, ImportJob, LeftOut, Person
from tools.pipelines.importers.deeplesion import Unreadable, read_slice
from tools.pipelines.importers.dicom_folder import DicomFolder, ImageFile
from tools.regions.measurement import measure

SOURCE = "boxes"
FILE_COLUMNS = ("file", "file_name", "filename", "image", "path")
CORNERS, SIDES = ("x0", "y0", "x1", "y1"), ("x", "y", "width", "height")
LABEL_COLUMNS = ("label", "lesion_type", "class", "category", "name")
MAX_JSON_BYTES = 1 << 28


@dataclass(frozen=True)
class Box:
    """One box: corners in pixels, and what else its row says. `what` names the row in a sentence."""

    what: str
    number: int
    file: str
    corners: tuple[float, float, float, float]
    label: str | None
    said: Mapping[str, Any] = field(default_factory=dict)
    outline: NDArray[np.float64] | None = field(default=None, repr=False)  # (N, 2) of x, y in image coordinates


def is_table_of_boxes(path: Path) -> bool:
    """Recognise a table by its header."""
    if path.suffix.lower() not in (".csv", ".tsv"):
        return False
    try:
        _, header, _ = next(table_rows(path))
    except (OSError, UnicodeError, csv.Error, StopIteration):
        return False
    names = {name.lower() for name in header}
    return any(set(columns) <= names for columns in (CORNERS, SIDES)) and not names.isdisjoint(FILE_COLUMNS)


def is_coco(path: Path) -> bool:
    """Recognise COCO's JSON by its three lists."""
    if path.suffix.lower() != ".json" or path.stat().st_size > MAX_JSON_BYTES:
        return False
    document = _json(path)
    return isinstance(document, dict) and all(
        isinstance(document.get(name), list) for name in ("images", "annotations", "categories")
    )


def lesions_of_boxes(path: Path, folder: DicomFolder, job: ImportJob) -> Iterator[AnnotatedLesion]:
    """Read one table, or one JSON of COCO. Raises LeftOut where it cannot be read."""
    boxes = list(_boxes_of_coco(path, job) if path.suffix.lower() == ".json" else _boxes_of_table(path, job))
    boxes.sort(key=lambda box: (box.file, box.number))  # several on one image: it is read once
    image = _Images(path.parent, folder)
    for done, box in enumerate(boxes, start=1):
        try:
            yield _lesion(box, image, job)
        except (LeftOut, Unreadable) as reason:
            job.skip(box.what, str(reason))
        if done % 20 == 0 or done == len(boxes):
            job.progress(done, len(boxes))


@dataclass(frozen=True, eq=False)
class _Slice:
    hu: NDArray[np.int16]
    spacing_mm: tuple[float, float] | None
    person: Person | None
    slice_index: int | None


@dataclass
class _Images:
    """The slices that boxes name, the last one kept."""

    root: Path
    folder: DicomFolder
    _last: tuple[str, _Slice] | None = None
    _paths: dict[Path, ImageFile] = field(default_factory=dict)

    def slice_of(self, file: str) -> _Slice:
        """Read the slice of a file. Raises LeftOut, Unreadable."""
        if self._last is None or self._last[0] != file:
            self._last = file, self._read(file)
        return self._last[1]

    def _read(self, file: str) -> _Slice:
        named = Path(file.replace("\\", "/"))  # as Windows writes it
        path = self.root / named
        if named.is_absolute() or ".." in named.parts or not path.is_file():
            raise LeftOut(f"its image {file!r} is not below the folder of the table")
        if path.suffix.lower() == ".png":
            return _Slice(read_slice(path), None, None, None)
        self._paths = self._paths or {image.path: image for image in self.folder.images.values()}
        found = self._paths.get(path)
        if found is None:
            raise LeftOut(f"its image {file!r} is neither DICOM nor a 16-bit PNG")
        [referred, *_] = self.folder.referred([found.sop_uid], [], found.study_uid, [])
        index = referred.slice_index(found.sop_uid)
        if index is None:
            raise LeftOut(f"its image {file!r} has several frames, or cannot be used")
        series = referred.series
        known = series.facts.row_spacing_mm is not None
        spacing_mm = (series.spacing_mm[1], series.spacing_mm[2]) if known else None
        return _Slice(np.asarray(series.volume_hu[index]), spacing_mm, referred.person, index)


def _lesion(box: Box, images: _Images, job: ImportJob) -> AnnotatedLesion:
    against = job.labels.reason_against(box.label, is_finding=True)
    if against:
        raise LeftOut(against)
    x0, y0, x1, y1 = box.corners
    if not all(map(math.isfinite, box.corners)) or x1 <= x0 or y1 <= y0:
        raise LeftOut(f"its box {x0:g}, {y0:g}, {x1:g}, {y1:g} has no area")
    seen = images.slice_of(box.file)
    rows, columns = seen.hu.shape
    if x0 < -0.5 or y0 < -0.5 or x1 > columns + 0.5 or y1 > rows + 0.5:
        raise LeftOut(f"its box {x0:g}, {y0:g}, {x1:g}, {y1:g} is not inside an image of {columns} × {rows}")
    pixel_box = PixelBox(
        max(math.floor(x0), 0), max(math.floor(y0), 0), min(math.ceil(x1), columns), min(math.ceil(y1), rows)
    )
    stated = _number(box.said, "pixel_spacing_mm", 0.05, 5)
    spacing_mm = seen.spacing_mm or ((stated, stated) if stated else None)
    if spacing_mm is None:
        raise LeftOut("neither its image nor its row says how large a pixel is (pixel_spacing_mm)")
    patient = str(box.said.get("patient_id") or "").strip()
    if not patient and seen.person is None:
        raise LeftOut("its row does not say whose it is (patient_id)")
    person = seen.person if seen.person is not None and not patient else Person(job.keys.patient(patient))
    assert person is not None
    lesion_type, remark = job.labels.lesion_type(box.label)
    if remark:
        job.skip(box.what, remark)
    long_mm = _number(box.said, "long_axis_mm", 0.1, 1000)
    short_mm = _number(box.said, "short_axis_mm", 0.1, 1000)
    if box.outline is not None:
        measured = measure(seen.hu, box.outline, spacing_mm, known=True)
        long_mm, short_mm = measured.long_axis_mm, measured.short_axis_mm
    sex, age = str(box.said.get("sex") or "").upper(), _number(box.said, "age_years", 0, MAX_AGE_YEARS)
    row = Person(
        person.patient_key,
        person.study_key,
        sex if sex in ("F", "M", "O") else person.sex,
        int(age) if age is not None else person.age_years,
        person.body_part,
    )
    place = job.keys.study(f"{box.file}/{box.number}").replace("s-", "box-", 1)
    return AnnotatedLesion(
        place, row, SOURCE, lesion_type, seen.hu, spacing_mm, seen.slice_index, pixel_box, long_mm, short_mm
    )


def _boxes_of_table(path: Path, job: ImportJob) -> Iterator[Box]:
    try:
        rows = table_rows(path)
        next(rows)
        for line, cells, too_many in rows:
            what, said = f"{path.name}, line {line}", {name.lower(): cell for name, cell in cells.items()}
            if too_many:
                job.skip(what, TOO_MANY_CELLS)
                continue
            file = next((said[name] for name in FILE_COLUMNS if said.get(name)), "")
            label = next((said[name] for name in LABEL_COLUMNS if said.get(name)), None)
            try:
                if set(CORNERS) <= set(said):
                    x0, y0, x1, y1 = (float(said[name].replace(",", ".")) for name in CORNERS)
                else:
                    x0, y0, width, height = (float(said[name].replace(",", ".")) for name in SIDES)
                    x1, y1 = x0 + width, y0 + height
            except ValueError:
                job.skip(what, "its box is not four numbers")
                continue
            yield Box(what, line, file, (x0, y0, x1, y1), label, said)
    except (OSError, UnicodeError, csv.Error) as error:
        raise LeftOut("it cannot be read as a table") from error


def _boxes_of_coco(path: Path, job: ImportJob) -> Iterator[Box]:
    document = _json(path)
    images = {image.get("id"): image for image in document["images"] if isinstance(image, dict)}
    names = {one.get("id"): str(one.get("name") or "") for one in document["categories"] if isinstance(one, dict)}
    for number, annotation in enumerate(document["annotations"], start=1):
        what = f"{path.name}, annotation {number}"
        try:
            image = images[annotation["image_id"]]
            x, y, width, height = (float(value) for value in annotation["bbox"])
            polygons = annotation.get("segmentation")
            outline = None
            if isinstance(polygons, list) and polygons:
                outline = np.array(max(polygons, key=len), np.float64).reshape(-1, 2)
        except (KeyError, TypeError, ValueError):
            job.skip(what, "it names no image, or its box is not four numbers")
            continue
        if outline is not None and (len(outline) < 3 or not np.isfinite(outline).all()):
            outline = None
        label = names.get(annotation.get("category_id")) or None
        yield Box(what, number, str(image.get("file_name")), (x, y, x + width, y + height), label, image, outline)


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None


def _number(said: Mapping[str, Any], name: str, low: float, high: float) -> float | None:
    """A number within bounds; None where nothing is said. Raises LeftOut for what is out of bounds."""
    text = str(said.get(name) if said.get(name) is not None else "").strip().replace(",", ".")
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not low <= value <= high:
        raise LeftOut(f"its {name} {text[:20]!r} is not between {low:g} and {high:g}")
    return value
