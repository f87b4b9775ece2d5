"""Structured reports after TID 1500 (PS3.16): the region, or the RECIST lines, of each measurement group.

The content tree is walked item by item, so that reports that leave parts of the template out are read too. Sizes are
measured on the region itself; the numbers that a report states are other programs' and stay there.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from tools.domain.region import PixelBox
from tools.intake.dicom import header
from tools.pipelines.importers.annotated_lesion import AnnotatedLesion, ImportJob, LeftOut
from tools.pipelines.importers.dicom_folder import AnnotationFile, DicomFolder, ReferredSeries, identifying_words
from tools.pipelines.importers.placed_volume import PlacedVolume, refuse_outside
from tools.regions.measurement import bounding_box, longest_px, measure

SOURCE = "DICOM SR"
MEASUREMENT_GROUP, FINDING, REFERENCED_SEGMENT = "125007", "121071", "121191"
OUTLINE_POINTS = 64  # of a circle or an ellipse
MAX_DEPTH = 16

Points = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Drawing:
    """Points on one slice, (N, 2) of x, y in image coordinates; `closed` where they outline a region."""

    referred: ReferredSeries
    slice_index: int
    points_px: Points
    closed: bool


def lesions_of_sr(annotation: AnnotationFile, folder: DicomFolder, job: ImportJob) -> Iterator[AnnotatedLesion]:
    """Read one report. Raises LeftOut where it has no measurement group, or its images are not here."""
    dataset = folder.open(annotation)
    groups = [item for item in _walk(dataset) if _concept(item) == MEASUREMENT_GROUP]
    if not groups:
        raise LeftOut("it has no measurement group (TID 1500)")
    private = identifying_words(dataset)
    key = job.keys.study(header.text(dataset, "SOPInstanceUID")).replace("s-", "sr-", 1)
    for number, group in enumerate(groups, start=1):
        what = f"{annotation.path.name}, measurement group {number}"
        label = next((m for item in _walk(group) if _concept(item) == FINDING and (m := _code_meaning(item))), None)
        against = job.labels.reason_against(label)
        if against:
            job.skip(f"{what} ({label})", against)
            continue
        lesion_type, remark = job.labels.lesion_type(label, private)
        if remark:
            job.skip(what, remark)
        try:
            drawings = _drawings(group, dataset, annotation, folder)
            yield measured_lesion(drawings, f"{key}-{number:03d}", lesion_type)
        except LeftOut as reason:
            job.skip(what, str(reason))


def measured_lesion(
    drawings: list[Drawing], lesion_id: str, lesion_type: str | None, source: str = SOURCE
) -> AnnotatedLesion:
    """Measure the largest outline of a group, or its lines: the longest is the long axis, the next the short one.

    Raises LeftOut where it lies outside the image.
    """
    outlines = [drawing for drawing in drawings if drawing.closed]
    chosen = max(outlines or drawings, key=lambda drawing: longest_px(drawing.points_px))
    series = chosen.referred.series
    shape = series.volume_hu.shape[1:]
    spacing_mm = series.spacing_mm[1], series.spacing_mm[2]
    image = np.asarray(series.volume_hu[chosen.slice_index])
    refuse_outside(chosen.points_px[:, ::-1] - 0.5, shape)
    known = series.facts.row_spacing_mm is not None
    long_mm: float | None
    short_mm: float | None
    if outlines:
        measured = measure(image, chosen.points_px, spacing_mm, known)
        long_mm, short_mm, box = measured.long_axis_mm, measured.short_axis_mm, bounding_box(chosen.points_px, shape)
    else:
        lines = [drawing.points_px for drawing in drawings if drawing.slice_index == chosen.slice_index]
        lengths = sorted((longest_px(line * np.array(spacing_mm[::-1])) for line in lines), reverse=True)
        long_mm, short_mm = lengths[0] if known else None, lengths[1] if known and len(lengths) > 1 else None
        box = _box_of_lines(lines, chosen.points_px, shape)
    return AnnotatedLesion(
        lesion_id, chosen.referred.person, source, lesion_type, image, spacing_mm, chosen.slice_index, box,
        long_mm, short_mm,
    )  # fmt: skip


def _box_of_lines(lines: list[Points], longest: Points, shape: tuple[int, ...]) -> PixelBox:
    """The box of two diameters; of one alone, the square in which it is a diameter."""
    points = np.concatenate(lines)
    if len(lines) == 1:
        middle, radius = longest.mean(axis=0), longest_px(longest) / 2
        points = np.array([middle - radius, middle + radius])
    return bounding_box(points, (shape[0], shape[1]))


def _drawings(group: Dataset, dataset: Dataset, annotation: AnnotationFile, folder: DicomFolder) -> list[Drawing]:
    """Find what a group draws on images that are here. Raises LeftOut where that is nothing."""
    drawings: list[Drawing] = []
    refused: LeftOut | None = None
    for item in _walk(group):
        kind = header.text(item, "ValueType")
        if kind not in ("SCOORD", "SCOORD3D"):
            continue
        try:
            drawn = _flat(item, annotation, folder) if kind == "SCOORD" else _solid(item, dataset, annotation, folder)
        except LeftOut as reason:
            refused = reason
            continue
        if len(drawn.points_px) > 1:
            drawings.append(drawn)
    if drawings:
        return drawings
    if refused:
        raise refused
    if any(_concept(item) == REFERENCED_SEGMENT for item in _walk(group)):
        raise LeftOut("it measures a segment, which is read from its own DICOM SEG")
    raise LeftOut("it draws neither a region nor a line")


def _flat(item: Dataset, annotation: AnnotationFile, folder: DicomFolder) -> Drawing:
    """A drawing in the columns and rows of one image (PS3.3 C.18.6): 0, 0 is the corner of the first pixel, as here."""
    points, closed = shape_of(item, 2)
    sources = [source for part in _walk(item) for source in header.items(part, "ReferencedSOPSequence")]
    named = [
        (header.text(source, "ReferencedSOPInstanceUID"), header.integer(source, "ReferencedFrameNumber", 1) or 1)
        for source in sources
    ]
    for referred in folder.referred([uid for uid, _ in named], [], annotation.study_uid, []):
        for uid, frame in named:
            index = referred.slice_index(uid, frame)
            if index is not None:
                return Drawing(referred, index, points, closed)
    raise LeftOut("the image it is drawn on is not here")


def _solid(item: Dataset, dataset: Dataset, annotation: AnnotationFile, folder: DicomFolder) -> Drawing:
    """A drawing in millimetres, laid onto the nearest slice of its frame of reference."""
    points, closed = shape_of(item, 3)
    evidence = [
        series
        for study in header.items(dataset, "CurrentRequestedProcedureEvidenceSequence")
        for series in header.items(study, "ReferencedSeriesSequence")
    ]
    images = [
        header.text(one, "ReferencedSOPInstanceUID")
        for s in evidence
        for one in header.items(s, "ReferencedSOPSequence")
    ]
    frame = header.text(item, "ReferencedFrameOfReferenceUID")
    found = folder.referred(
        images, [header.text(series, "SeriesInstanceUID") for series in evidence], annotation.study_uid, [frame]
    )
    referred = found[0]
    volume = PlacedVolume.of_series(referred.series)
    depths = points @ volume.normal
    if np.ptp(depths) > 2 * volume.reach_mm:
        raise LeftOut(f"it crosses the slices: its points are {np.ptp(depths):.1f} mm apart in depth")
    index, distance = volume.slice_at(points.mean(axis=0))
    if distance > volume.reach_mm:
        raise LeftOut(f"it lies {distance:.1f} mm from the nearest slice of its images")
    return Drawing(referred, index, volume.pixels_of(points, index) + 0.5, closed)


def shape_of(item: Dataset, axes: int) -> tuple[Points, bool]:
    """The points (N, axes) of a drawing, and whether they close. Raises LeftOut where they are damaged."""
    data = header.value(item, "GraphicData")
    try:
        points = np.array(data, np.float64).reshape(-1, axes)
    except (TypeError, ValueError) as error:
        raise LeftOut("its drawing is damaged") from error
    if not len(points) or not np.isfinite(points).all():
        raise LeftOut("its drawing is damaged")
    kind = header.text(item, "GraphicType").upper()
    turn = np.linspace(0, 2 * np.pi, OUTLINE_POINTS, endpoint=False)[:, None]
    if kind == "CIRCLE" and len(points) == 2 and axes == 2:
        out = points[1] - points[0]
        return points[0] + np.cos(turn) * out + np.sin(turn) * np.array([-out[1], out[0]]), True
    if kind == "ELLIPSE" and len(points) == 4:
        middle = points.mean(axis=0)
        return middle + np.cos(turn) * (points[1] - points[0]) / 2 + np.sin(turn) * (points[3] - points[2]) / 2, True
    if kind not in ("POLYLINE", "POLYGON", "POINT", "MULTIPOINT"):
        raise LeftOut(f"it is drawn as {kind.lower() or 'nothing known'}, which is not read")
    if len(points) > 2 and np.allclose(points[0], points[-1]):
        return points[:-1], len(points) > 3
    return points, len(points) > 2 and kind in ("POLYLINE", "POLYGON")


def _walk(item: Dataset, depth: int = 0) -> Iterator[Dataset]:
    """Go through the content below an item, depth first."""
    for child in header.items(item, "ContentSequence") if depth < MAX_DEPTH else ():
        yield child
        yield from _walk(child, depth + 1)


def _concept(item: Dataset) -> str:
    return next((header.text(code, "CodeValue") for code in header.items(item, "ConceptNameCodeSequence")), "")


def _code_meaning(item: Dataset) -> str:
    return next((header.text(code, "CodeMeaning") for code in header.items(item, "ConceptCodeSequence")), "")
