"""Presentation states (GSPS, PS3.3 A.33): each closed outline that one draws on an image.

Texts beside the outlines are free and may name somebody: they are not read, so that lesions have no type of their own.
"""

from collections.abc import Iterator

from pydicom.dataset import Dataset

from tools.intake.dicom import header
from tools.pipelines.importers.annotated_lesion import AnnotatedLesion, ImportJob, LeftOut
from tools.pipelines.importers.dicom_folder import AnnotationFile, DicomFolder
from tools.pipelines.importers.sr import Drawing, Points, measured_lesion, shape_of

SOURCE = "presentation state"
CURVED = "INTERPOLATED"  # a curve through its points, which lie so close that lines between them do


def lesions_of_state(annotation: AnnotationFile, folder: DicomFolder, job: ImportJob) -> Iterator[AnnotatedLesion]:
    """Read one presentation state. Raises LeftOut where it draws nothing."""
    dataset = folder.open(annotation)
    drawn = [
        (graphic, layer)
        for layer in header.items(dataset, "GraphicAnnotationSequence")
        for graphic in header.items(layer, "GraphicObjectSequence")
    ]
    if not drawn:
        raise LeftOut("it draws nothing")
    against = job.labels.reason_against(None)
    if against:
        raise LeftOut(against)
    lesion_type, _ = job.labels.lesion_type(None)
    key = job.keys.study(header.text(dataset, "SOPInstanceUID")).replace("s-", "pr-", 1)
    for number, (graphic, layer) in enumerate(drawn, start=1):
        try:
            drawing = _drawing(graphic, layer, dataset, annotation, folder)
            yield measured_lesion([drawing], f"{key}-{number:03d}", lesion_type, SOURCE)
        except LeftOut as reason:
            job.skip(f"{annotation.path.name}, graphic {number}", str(reason))


def _drawing(
    graphic: Dataset, layer: Dataset, dataset: Dataset, annotation: AnnotationFile, folder: DicomFolder
) -> Drawing:
    """Lay a graphic onto its slice (PS3.3 C.10.5). Raises LeftOut for what is no outline on one image that is here."""
    if header.text(graphic, "GraphicAnnotationUnits").upper() != "PIXEL":
        raise LeftOut("it is drawn in parts of a screen, and not on the image")
    points, closed = _points(graphic)
    if not closed:
        raise LeftOut("it is a line, a point or an arrow, and no outline")
    named = [
        (header.text(image, "ReferencedSOPInstanceUID"), header.integer(image, "ReferencedFrameNumber", 1) or 1)
        for image in _images(layer, dataset)
    ]
    if len(named) != 1:
        raise LeftOut(f"it is drawn on {len(named)} images at once")
    uid, frame = named[0]
    for referred in folder.referred([uid], [], annotation.study_uid, []):
        index = referred.slice_index(uid, frame)
        if index is not None:
            return Drawing(referred, index, points, closed)
    raise LeftOut("the image it is drawn on is not here")


def _points(graphic: Dataset) -> tuple[Points, bool]:
    """The points (N, 2), and whether they close: here a line is open unless it comes back to where it began."""
    kind = header.text(graphic, "GraphicType").upper()
    if kind == CURVED:
        graphic.GraphicType = kind = "POLYLINE"
    points, closed = shape_of(graphic, 2)
    data = header.value(graphic, "GraphicData")
    return points, closed and (kind != "POLYLINE" or list(data[:2]) == list(data[-2:]))


def _images(layer: Dataset, dataset: Dataset) -> list[Dataset]:
    """The images that a graphic belongs to: those it names, else all of the state."""
    return list(header.items(layer, "ReferencedImageSequence")) or [
        image
        for series in header.items(dataset, "ReferencedSeriesSequence")
        for image in header.items(series, "ReferencedImageSequence")
    ]
