"""DICOM Segmentation (PS3.3 A.51, also label maps): each connected component of a segment that is a finding.

Frames are laid onto the slices of the images by place, so that they may be in any order, sparse or flipped; a frame
without a place goes by the image it says it was made from.
"""

from collections import defaultdict
from collections.abc import Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from tools.intake.dicom import header
from tools.pipelines.importers.annotated_lesion import AnnotatedLesion, ImportJob, LeftOut
from tools.pipelines.importers.dicom_folder import AnnotationFile, DicomFolder, ReferredSeries, identifying_words
from tools.pipelines.importers.lesion_labels import is_general
from tools.pipelines.importers.mask_lesions import LabelledPart, lesions_of_part
from tools.pipelines.importers.placed_volume import PlacedVolume, Plane

SOURCE = "DICOM SEG"
ABNORMAL = {("SCT", "49755003"), ("SRT", "M-01000"), ("99SDM", "M-01000")}  # Morphologically Abnormal Structure
NEOPLASM_WORDS = "morphologically"  # the meaning of that category, where a private code stands for it
ANATOMY = {("SCT", "123037004"), ("SRT", "T-D0050"), ("SCT", "85756007"), ("SRT", "T-D000A"), ("SCT", "91723000")}

Frames = dict[int, list[tuple[int, NDArray[np.bool_]]]]  # by segment: number of the frame, mask (rows, columns)


def lesions_of_seg(annotation: AnnotationFile, folder: DicomFolder, job: ImportJob) -> Iterator[AnnotatedLesion]:
    """Read one segmentation. Raises LeftOut where its images are not here, or it cannot be read."""
    dataset = folder.open(annotation)
    [referred, *_] = folder.referred(
        _source_images(dataset),
        [header.text(item, "SeriesInstanceUID") for item in header.items(dataset, "ReferencedSeriesSequence")],
        annotation.study_uid,
        [header.text(dataset, "FrameOfReferenceUID")],
    )
    frames = _frames_by_segment(dataset, job.limits.max_voxels)
    private = identifying_words(dataset)
    key = job.keys.study(header.text(dataset, "SOPInstanceUID")).replace("s-", "seg-", 1)
    for item in header.items(dataset, "SegmentSequence"):
        number = header.integer(item, "SegmentNumber") or 0
        name = f"{annotation.path.name}, segment {number}"
        part = LabelledPart(f"{key}-{number:02d}", SOURCE, name, _label(item), _is_finding(item))
        yield from lesions_of_part(part, private, partial(_mask, dataset, frames.get(number, []), referred), job)


def _mask(
    dataset: Dataset, frames: list[tuple[int, NDArray[np.bool_]]], referred: ReferredSeries
) -> tuple[ReferredSeries, NDArray[np.bool_]]:
    """Lay the frames of one segment onto the series: (slices, rows, columns). Raises LeftOut."""
    if not frames:
        raise LeftOut("nothing is marked in it")
    series = referred.series
    mask = np.zeros(series.volume_hu.shape, bool)
    volume = PlacedVolume.of_series(series) if series.affine is not None else None
    for number, marked in frames:
        groups = header.frame_groups(dataset, number)
        plane = _plane(groups)
        if plane is not None and volume is not None:
            index, placed = volume.place_frame(marked, plane)
        else:
            uids = [(uid, frame) for group in groups for uid, frame in _derived_from(group)]
            slices = {found for uid, frame in uids if (found := referred.slice_index(uid, frame)) is not None}
            if len(slices) != 1 or marked.shape != mask.shape[1:]:
                raise LeftOut("its frames do not say where they lie")
            [index], placed = slices, marked
        mask[index] |= placed
    return referred, mask


def _frames_by_segment(dataset: Dataset, max_voxels: int) -> Frames:
    """Decode the frames in which something is marked. Raises LeftOut."""
    rows, columns = header.integer(dataset, "Rows", 1, 65535), header.integer(dataset, "Columns", 1, 65535)
    count = header.integer(dataset, "NumberOfFrames", 1) or 1
    if rows is None or columns is None or rows * columns * count > max_voxels:
        raise LeftOut("it has more voxels than are read at most (LESION_SEARCH_MAX_UPLOAD_MEGAVOXELS)")
    try:
        pixels: NDArray[np.integer] = np.asarray(dataset.pixel_array).reshape(count, rows, columns)
    except Exception as error:  # pydicom raises many kinds for damaged pixels
        raise LeftOut("its pixels are damaged") from error
    kind = header.text(dataset, "SegmentationType")
    frames: Frames = defaultdict(list)
    for index, image in enumerate(pixels):
        if kind == "LABELMAP":
            for value in np.unique(image[image > 0]):
                frames[int(value)].append((index, image == value))
            continue
        most = header.integer(dataset, "MaximumFractionalValue", 1) or 255 if kind == "FRACTIONAL" else 1
        marked = image * 2 >= most if most % 2 == 0 else image >= (most + 1) // 2
        if marked.any():
            frames[_segment_of(dataset, index)].append((index, marked))
    return frames


def _segment_of(dataset: Dataset, frame: int) -> int:
    for group in header.frame_groups(dataset, frame):
        for item in header.items(group, "SegmentIdentificationSequence"):
            number = header.integer(item, "ReferencedSegmentNumber")
            if number is not None:
                return number
    return 1


def _plane(groups: list[Dataset]) -> Plane | None:
    """Where a frame lies, of its functional groups; None where one part of it is missing."""

    def found(sequence: str, keyword: str, length: int) -> tuple[float, ...] | None:
        vectors = (header.vector(item, keyword, length) for g in groups for item in header.items(g, sequence))
        return next((vector for vector in vectors if vector), None)

    origin = found("PlanePositionSequence", "ImagePositionPatient", 3)
    directions = found("PlaneOrientationSequence", "ImageOrientationPatient", 6)
    spacing = found("PixelMeasuresSequence", "PixelSpacing", 2)
    if origin is None or directions is None or spacing is None or min(spacing) <= 0:
        return None
    along, down = np.array(directions[:3]), np.array(directions[3:])
    return Plane(np.array(origin), along / np.linalg.norm(along), down / np.linalg.norm(down), (spacing[0], spacing[1]))


def _source_images(dataset: Dataset) -> list[str]:
    """The SOP UIDs of the images that a segmentation names, of the series it lists or of its frames."""
    listed = [
        header.text(instance, "ReferencedSOPInstanceUID")
        for series in header.items(dataset, "ReferencedSeriesSequence")
        for instance in header.items(series, "ReferencedInstanceSequence")
    ]
    count = header.integer(dataset, "NumberOfFrames", 1) or 1
    return listed or [
        uid
        for frame in range(count)
        for group in header.frame_groups(dataset, frame)
        for uid, _ in _derived_from(group)
    ]


def _derived_from(group: Dataset) -> list[tuple[str, int]]:
    """The images, by SOP UID and frame from 1, that a frame was made from."""
    return [
        (header.text(source, "ReferencedSOPInstanceUID"), header.integer(source, "ReferencedFrameNumber", 1) or 1)
        for derivation in header.items(group, "DerivationImageSequence")
        for source in header.items(derivation, "SourceImageSequence")
    ]


def _label(segment: Dataset) -> str:
    """What a segment is of: the meaning of its type's code of SNOMED, else the label that somebody typed.

    A code that says no more than "Lesion" gives way to a label that does.
    """
    label = header.text(segment, "SegmentLabel")
    for item in header.items(segment, "SegmentedPropertyTypeCodeSequence"):
        meaning = header.text(item, "CodeMeaning")
        if meaning.casefold() == "lesion" and not is_general(label):
            return label
        if meaning and (not label or header.text(item, "CodingSchemeDesignator") in ("SCT", "SRT")):
            return meaning
    return label


def _is_finding(segment: Dataset) -> bool | None:
    """Whether the category of a segment is an abnormality; None where its code is neither that nor anatomy."""
    for item in header.items(segment, "SegmentedPropertyCategoryCodeSequence"):
        code = header.text(item, "CodingSchemeDesignator"), header.text(item, "CodeValue")
        if code in ABNORMAL or NEOPLASM_WORDS in header.text(item, "CodeMeaning").lower():
            return True
        if code in ANATOMY:
            return False
    return None
