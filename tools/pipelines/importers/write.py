"""Annotated lesions into a ROI pack: rows and crops, written beside and renamed, so that no half pack is ever there."""

import os
import shutil
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from encoder.errors import storage_error
from encoder.pack import LesionRow, PackError, RoiPack, write_pack
from tools.domain.region import PixelBox
from tools.pipelines.importers.annotated_lesion import AnnotatedLesion, ImportFailure, LeftOutItem
from tools.regions.crop import crop_box_with_context, field_of_view_mm

LOWEST_HU, HIGHEST_HU = -1024, 3071  # what lies beyond is padding or metal
SAME_PLACE = 0.7  # of two boxes, what they share of what they cover together


@dataclass(frozen=True)
class ImportSummary:
    """What was imported, and all that was not."""

    lesions: int
    patients: int
    by_type: dict[str, int]
    untyped: int
    by_source: dict[str, int]
    left_out: tuple[LeftOutItem, ...]


def write_lesions(
    lesions: Iterable[AnnotatedLesion],
    out: Path,
    source: str | None,
    left_out: list[LeftOutItem],
    licence: str | None = None,
) -> ImportSummary:
    """Crop lesions as they come and write them as a ROI pack to `out`, which appears whole or not at all.

    `source` names the collection instead of the kind of file, `licence` is the collection's; `left_out` grows while
    lesions are made. Raises ImportFailure where there is none.
    """
    rows, inputs = [], []
    seen: set[str] = set()
    places: dict[tuple[str, int | None], list[Place]] = defaultdict(list)
    for lesion in lesions:
        try:
            row = _row(lesion, source, licence)
        except PackError as error:
            left_out.append(LeftOutItem(lesion.lesion_id, str(error).rstrip(".")))
            continue
        if row.lesion_id in seen:
            left_out.append(LeftOutItem(row.lesion_id, "it is there twice"))
            continue
        twin = next((known for known in places[row.patient_id, row.slice] if _is_same(known, lesion)), None)
        if twin is not None:
            left_out.append(LeftOutItem(row.lesion_id, f"a {twin.source} marks the same place"))
            continue
        places[row.patient_id, row.slice].append(Place(row.study_id, lesion.source, lesion.box))
        seen.add(row.lesion_id)
        rows.append(row)
        inputs.append(crop_box_with_context(lesion.image, lesion.box, lesion.spacing_mm, (LOWEST_HU, HIGHEST_HU)))
    if not rows:
        raise ImportFailure("No lesion could be imported: see what was left out, and why.", left_out)
    _write(RoiPack.of_inputs(np.stack(inputs), tuple(rows)), out)
    types = Counter(row.lesion_type for row in rows)
    untyped = types.pop(None, 0)
    return ImportSummary(
        lesions=len(rows),
        patients=len({row.patient_id for row in rows}),
        by_type={str(name): types[name] for name in sorted(types, key=str)},
        untyped=untyped,
        by_source=dict(sorted(Counter(row.source or "" for row in rows).items())),
        left_out=tuple(left_out),
    )


@dataclass(frozen=True)
class Place:
    """Where a lesion was marked, and by what kind of file."""

    study_key: str | None
    source: str
    box: PixelBox


def _is_same(known: Place, lesion: AnnotatedLesion) -> bool:
    """Tell whether a file of another kind marked the same place of the same study, as exports of one drawing do."""
    if known.source == lesion.source or known.study_key != lesion.person.study_key:
        return False
    a, b = known.box, lesion.box
    width, height = min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0)
    shared = max(width, 0) * max(height, 0)
    return shared >= SAME_PLACE * ((a.x1 - a.x0) * (a.y1 - a.y0) + (b.x1 - b.x0) * (b.y1 - b.y0) - shared)


def _row(lesion: AnnotatedLesion, source: str | None, licence: str | None) -> LesionRow:
    person = lesion.person
    return LesionRow(
        lesion_id=lesion.lesion_id,
        patient_id=person.patient_key,
        lesion_type=lesion.lesion_type,
        sex=person.sex,
        age_years=person.age_years,
        long_axis_mm=None if lesion.long_axis_mm is None else round(lesion.long_axis_mm, 2),
        short_axis_mm=None if lesion.short_axis_mm is None else round(lesion.short_axis_mm, 2),
        body_part=person.body_part,
        source=source or lesion.source,
        split=lesion.split,
        licence=licence,
        study_id=person.study_key,
        pixel_spacing_mm=round(lesion.spacing_mm[0], 6),
        field_of_view_mm=round(field_of_view_mm(lesion.box, lesion.spacing_mm), 4),
        slice=None if lesion.slice_index is None else lesion.slice_index + 1,
    )


def _write(pack: RoiPack, out: Path) -> None:
    """Write into a hidden folder beside `out` and rename it: whoever looks, or pulls the plug, finds all or nothing."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    except OSError as error:
        raise storage_error(error, str(out), "Choose another folder with --out") from error
    try:
        write_pack(pack, part)
        part.chmod(0o755)  # a temporary folder is its owner's alone
        if out.is_dir():
            out.rmdir()  # an empty one, or it is refused here
        os.replace(part, out)
    except OSError as error:
        raise storage_error(error, str(out), "Choose another folder with --out") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
