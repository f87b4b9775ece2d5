"""From a mask to lesions: connected components, the key slice of each, its box and its axes."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.measure import find_contours

from tools.domain.region import PixelBox
from tools.pipelines.importers.annotated_lesion import AnnotatedLesion, ImportJob, LeftOut
from tools.pipelines.importers.dicom_folder import ReferredSeries
from tools.regions.measurement import measure

MIN_VOXELS = 4  # fewer are a slip of the brush
BLUR_PX = 0.7  # takes the stairs off the edge of a mask, which would lengthen every slanting diameter
MAX_OUTLINE_POINTS = 720
_ALL_NEIGHBOURS = np.ones((3, 3, 3), bool)


@dataclass(frozen=True)
class Mark:
    """One component on its key slice: box in pixels, axes in mm, and how many voxels it has in all."""

    slice_index: int
    box: PixelBox
    long_axis_mm: float
    short_axis_mm: float
    voxels: int


def components(mask: NDArray[np.bool_], window: tuple[slice, ...], spacing_mm: tuple[float, float]) -> Iterator[Mark]:
    """Find the connected components (26 neighbours) of a mask, cut out of a volume (slices, rows, columns) at `window`.

    `spacing_mm` is (row, column). A component too small to be meant is yielded too: see `is_speck`.
    """
    numbered, _ = ndimage.label(mask, structure=_ALL_NEIGHBOURS)
    for number, part in enumerate(ndimage.find_objects(numbered), start=1):
        start = tuple(outer.start + inner.start for outer, inner in zip(window, part, strict=True))
        yield key_mark(numbered[part] == number, start, spacing_mm)


def key_mark(mask: NDArray[np.bool_], start: tuple[int, ...], spacing_mm: tuple[float, float]) -> Mark:
    """Measure one component, cut out at `start` (slice, row, column), on the slice where its area is largest.

    Of several slices of one area the middle one is taken, of several islands on the slice the largest.
    """
    areas = mask.sum(axis=(1, 2))
    largest = np.flatnonzero(areas == areas.max())
    key = int(largest[len(largest) // 2])
    island = _largest_island(mask[key])
    rows, columns = np.flatnonzero(island.any(axis=1)), np.flatnonzero(island.any(axis=0))
    top, left = start[1], start[2]
    box = PixelBox(left + int(columns[0]), top + int(rows[0]), left + int(columns[-1]) + 1, top + int(rows[-1]) + 1)
    long_mm, short_mm = axes_mm(island, spacing_mm)
    return Mark(start[0] + key, box, long_mm, short_mm, int(areas.sum()))


def is_speck(mark: Mark) -> bool:
    """Tell whether a mark is too small to be meant."""
    return mark.voxels < MIN_VOXELS


def axes_mm(mask: NDArray[np.bool_], spacing_mm: tuple[float, float]) -> tuple[float, float]:
    """Measure long and short axis of a mask (rows, columns) in mm, of its smoothed outline and as RECIST 1.1 does."""
    outline = outline_of(mask)
    measured = measure(np.zeros(mask.shape, np.int16), outline, spacing_mm, known=True)
    assert measured.long_axis_mm is not None
    assert measured.short_axis_mm is not None
    return measured.long_axis_mm, min(measured.short_axis_mm, measured.long_axis_mm)


def outline_of(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Trace the outline of a mask (rows, columns): (N, 2) of x, y in image coordinates (pixel i covers i..i+1)."""
    padded = np.pad(mask.astype(np.float32), 3)
    soft = ndimage.gaussian_filter(padded, BLUR_PX)
    kept = float((soft > 0.5).sum()) / max(float(mask.sum()), 1.0)
    contours = find_contours(soft if 0.8 <= kept <= 1.25 else padded, 0.5)  # type: ignore[no-untyped-call]
    longest = max(contours, key=len)
    step = -(-len(longest) // MAX_OUTLINE_POINTS)
    outline: NDArray[np.float64] = longest[:-1:step, ::-1] - 3 + 0.5
    return outline


def _largest_island(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    numbered, count = ndimage.label(mask, structure=np.ones((3, 3), bool))
    if count == 1:
        return mask
    island: NDArray[np.bool_] = numbered == 1 + int(np.argmax(np.bincount(numbered.ravel())[1:]))
    return island


@dataclass(frozen=True)
class Finding:
    """What a mask is of: id within its patient, kind of file, and its lesion type; `what` names it in a sentence."""

    lesion_id: str
    source: str
    lesion_type: str | None
    what: str


@dataclass(frozen=True)
class LabelledPart:
    """A segment or structure: id and kind of file of its lesions, its `name` in a sentence, and its label.

    `is_finding` is what the file's codes say of it, None where they say nothing.
    """

    lesion_id: str
    source: str
    name: str
    label: str
    is_finding: bool | None


def lesions_of_part(
    part: LabelledPart,
    private_words: Collection[str],
    masked: Callable[[], tuple[ReferredSeries, NDArray[np.bool_]]],
    job: ImportJob,
) -> Iterator[AnnotatedLesion]:
    """Make lesions of a part whose label is taken for one; `masked` lays its mask onto a series, or raises LeftOut."""
    what = f"{part.name} ({part.label})"
    against = job.labels.reason_against(part.label, part.is_finding)
    if against:
        job.skip(what, against)
        return
    lesion_type, remark = job.labels.lesion_type(part.label, private_words)
    if remark:
        job.skip(part.name, remark)
    try:
        referred, mask = masked()
    except LeftOut as reason:
        job.skip(what, str(reason))
        return
    yield from lesions_of_mask(mask, Finding(part.lesion_id, part.source, lesion_type, what), referred, job)


def lesions_of_mask(
    mask: NDArray[np.bool_], finding: Finding, referred: ReferredSeries, job: ImportJob
) -> Iterator[AnnotatedLesion]:
    """Make a lesion of each connected component of a mask (slices, rows, columns) on a series."""
    series = referred.series
    spacing_mm = series.spacing_mm[1], series.spacing_mm[2]
    known = series.facts.row_spacing_mm is not None
    marked = ndimage.find_objects(mask.view(np.uint8))
    if not marked:
        job.skip(finding.what, "nothing is marked in it")
        return
    [window] = marked
    for number, mark in enumerate(components(mask[window], window, spacing_mm), start=1):
        if is_speck(mark):
            job.skip(
                f"{finding.what}, part {number}", f"it is a speck of {mark.voxels} voxel{'s' * (mark.voxels != 1)}"
            )
            continue
        yield AnnotatedLesion(
            lesion_id=f"{finding.lesion_id}-{number:03d}",
            person=referred.person,
            source=finding.source,
            lesion_type=finding.lesion_type,
            image=np.asarray(series.volume_hu[mark.slice_index]),
            spacing_mm=spacing_mm,
            slice_index=mark.slice_index,
            box=mark.box,
            long_axis_mm=mark.long_axis_mm if known else None,
            short_axis_mm=mark.short_axis_mm if known else None,
        )
