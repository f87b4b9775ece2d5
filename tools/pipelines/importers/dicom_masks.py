"""From a mask on a DICOM series to lesions: what SEG, RTSTRUCT and LIDC's readings share."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tools.pipelines.importers.annotated_lesion import AnnotatedLesion, ImportJob, LeftOut
from tools.pipelines.importers.dicom_folder import ReferredSeries
from tools.pipelines.importers.mask_lesions import components, is_speck


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
            job.skip(f"{finding.what}, part {number}", f"it is a speck of {mark.voxels} voxels")
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
