"""RT Structure Set (PS3.3 A.19): the closed contours of each structure that is a lesion, filled slice by slice."""

from collections import defaultdict
from collections.abc import Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from skimage.draw import polygon

from tools.intake.dicom import header
from tools.pipelines.importers.annotated_lesion import AnnotatedLesion, ImportJob, LeftOut
from tools.pipelines.importers.dicom_folder import AnnotationFile, DicomFolder, ReferredSeries, identifying_words
from tools.pipelines.importers.mask_lesions import LabelledPart, lesions_of_part
from tools.pipelines.importers.placed_volume import PlacedVolume, refuse_outside

SOURCE = "RTSTRUCT"
TARGETS = {"GTV": True, "CTV": False, "PTV": False, "EXTERNAL": False, "ORGAN": False, "AVOIDANCE": False}
SAME_PLANE_MM = 0.01
OFF_PLANE_MM = 1.0  # a contour's points may lie so far from a plane along the slices


def lesions_of_rtstruct(annotation: AnnotationFile, folder: DicomFolder, job: ImportJob) -> Iterator[AnnotatedLesion]:
    """Read one structure set. Raises LeftOut where its images are not here, or it cannot be read."""
    dataset = folder.open(annotation)
    names = {header.integer(roi, "ROINumber"): roi for roi in header.items(dataset, "StructureSetROISequence")}
    kinds = {
        header.integer(item, "ReferencedROINumber"): header.text(item, "RTROIInterpretedType").upper()
        for item in header.items(dataset, "RTROIObservationsSequence")
    }
    found = folder.referred(*_references(dataset), annotation.study_uid, _frames_of_reference(dataset))
    private = identifying_words(dataset)
    key = job.keys.study(header.text(dataset, "SOPInstanceUID")).replace("s-", "rt-", 1)
    for roi in header.items(dataset, "ROIContourSequence"):
        number = header.integer(roi, "ReferencedROINumber")
        named = names.get(number)
        label = header.text(named, "ROIName") if named is not None else ""
        name, is_finding = f"{annotation.path.name}, structure {number}", TARGETS.get(kinds.get(number, ""))
        part = LabelledPart(f"{key}-{number:02d}", SOURCE, name, label, is_finding)
        yield from lesions_of_part(part, private, partial(_masked, roi, found), job)


def _masked(roi: Dataset, found: list[ReferredSeries]) -> tuple[ReferredSeries, NDArray[np.bool_]]:
    return _mask_on_any(_contours(roi), found)


def _mask_on_any(
    contours: list[NDArray[np.float64]], found: list[ReferredSeries]
) -> tuple[ReferredSeries, NDArray[np.bool_]]:
    """Fill contours on the first series that they lie in. Raises LeftOut, of the first, where they lie in none."""
    refused: list[LeftOut] = []
    for referred in found:
        try:
            return referred, fill_contours(contours, PlacedVolume.of_series(referred.series))
        except LeftOut as reason:
            refused.append(reason)
    raise refused[0]


def fill_contours(contours: list[NDArray[np.float64]], volume: PlacedVolume) -> NDArray[np.bool_]:
    """Fill closed contours, each (N, 3) in mm: a mask (slices, rows, columns).

    Pixels whose centre is inside an odd number of the contours of a plane are marked, so that holes stay open
    (PS3.3 C.8.8.6.3). Planes closer than the slices go by the one nearest to each. Raises LeftOut, with the numbers,
    where a contour is not along the slices, between none or beside them.
    """
    planes: dict[float, list[NDArray[np.float64]]] = defaultdict(list)
    for contour in contours:
        along_normal = contour @ volume.normal
        if np.ptp(along_normal) > OFF_PLANE_MM:
            raise LeftOut(f"a contour crosses the slices: its points are {np.ptp(along_normal):.1f} mm apart in depth")
        depth = float(along_normal.mean())
        place = next((known for known in planes if abs(known - depth) <= SAME_PLANE_MM), depth)
        planes[place].append(contour)
    if not planes:
        raise LeftOut("it has no closed contour")
    nearest: dict[int, tuple[float, float]] = {}  # by slice: distance, plane
    for place in planes:
        index, distance = volume.slice_at(place * volume.normal)
        if distance > volume.reach_mm:
            raise LeftOut(
                f"a contour lies {distance:.1f} mm from the nearest slice, and slices are {2 * volume.reach_mm:.1f} mm "
                "apart at most"
            )
        nearest[index] = min(nearest.get(index, (distance, place)), (distance, place))
    mask = np.zeros(volume.hu.shape, bool)
    for index, (_, place) in nearest.items():
        for contour in planes[place]:
            points = volume.pixels_of(contour, index)
            refuse_outside(points[:, ::-1], mask.shape[1:])
            rows, columns = polygon(points[:, 1], points[:, 0], mask.shape[1:])  # type: ignore[no-untyped-call]
            mask[index, rows, columns] ^= True
    return mask


def _contours(roi: Dataset) -> list[NDArray[np.float64]]:
    """The closed contours of a structure, each (N, 3). Raises LeftOut where one is not made of points."""
    contours = []
    for item in header.items(roi, "ContourSequence"):
        if not header.text(item, "ContourGeometricType").upper().startswith("CLOSED"):
            continue
        data = header.value(item, "ContourData")
        try:
            points = np.array(data, np.float64).reshape(-1, 3)
        except (TypeError, ValueError) as error:
            raise LeftOut("a contour of it is damaged") from error
        if not np.isfinite(points).all():
            raise LeftOut("a contour of it is damaged")
        if len(points) >= 3:
            contours.append(points)
    return contours


def _references(dataset: Dataset) -> tuple[list[str], list[str]]:
    """The images and series that a structure set names."""
    series = [
        series
        for frame in header.items(dataset, "ReferencedFrameOfReferenceSequence")
        for study in header.items(frame, "RTReferencedStudySequence")
        for series in header.items(study, "RTReferencedSeriesSequence")
    ]
    listed = [image for one in series for image in header.items(one, "ContourImageSequence")]
    contours = [c for roi in header.items(dataset, "ROIContourSequence") for c in header.items(roi, "ContourSequence")]
    listed += [image for contour in contours for image in header.items(contour, "ContourImageSequence")]
    return (
        [header.text(image, "ReferencedSOPInstanceUID") for image in listed],
        [header.text(one, "SeriesInstanceUID") for one in series],
    )


def _frames_of_reference(dataset: Dataset) -> list[str]:
    frames = [
        header.text(item, "FrameOfReferenceUID") for item in header.items(dataset, "ReferencedFrameOfReferenceSequence")
    ]
    frames += [
        header.text(roi, "ReferencedFrameOfReferenceUID") for roi in header.items(dataset, "StructureSetROISequence")
    ]
    return [*frames, header.text(dataset, "FrameOfReferenceUID")]
