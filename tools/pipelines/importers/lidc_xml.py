"""LIDC-IDRI as The Cancer Imaging Archive gives it: DICOM beside one XML of readings a series.

Up to four radiologists outlined each nodule of 3 mm or more. Outlines of different readers that share a voxel are one
nodule, and what at least half of its readers marked is the consensus. An outline runs through the first pixels that are
*outside* the nodule. Armato et al. 2011, doi:10.1118/1.3528204.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray
from skimage.draw import polygon

from tools.pipelines.importers.annotated_lesion import AnnotatedLesion, ImportJob, LeftOut
from tools.pipelines.importers.dicom_folder import DicomFolder, ReferredSeries
from tools.pipelines.importers.mask_lesions import is_speck, key_mark

SOURCE, LABEL = "LIDC-IDRI", "nodule"
ROOT = b"LidcReadMessage"
HEAD_BYTES = 1024
NS = "{http://www.nih.gov}"

Voxels = NDArray[np.int64]  # (N,) positions in the flattened volume, sorted


@dataclass(frozen=True, eq=False)
class Reading:
    """One nodule as one reader outlined it."""

    reader: int  # from 1
    voxels: Voxels


def is_lidc(path: Path) -> bool:
    """Recognise a file of readings by its root."""
    if path.suffix.lower() != ".xml":
        return False
    with path.open("rb") as file:
        return ROOT in file.read(HEAD_BYTES)


def lesions_of_lidc(path: Path, folder: DicomFolder, job: ImportJob) -> Iterator[AnnotatedLesion]:
    """Read one file of readings. Raises LeftOut where its images are not here, or it cannot be read."""
    try:
        root = ElementTree.parse(path).getroot()
    except (ElementTree.ParseError, ValueError) as error:
        raise LeftOut("it is no XML that can be read") from error
    against = job.labels.reason_against(LABEL)
    if against:
        raise LeftOut(against)
    uids = [item.text.strip() for item in root.iter(f"{NS}imageSOP_UID") if item.text]
    series = [item.text.strip() for item in root.iter(f"{NS}SeriesInstanceUid") if item.text]
    if not uids:
        raise LeftOut("no reader outlined a nodule in it")
    [referred, *_] = folder.referred(uids, series, "", [])
    readings: list[Reading] = []
    for reader, session in enumerate(root.iter(f"{NS}readingSession"), start=1):
        for number, nodule in enumerate(session.iter(f"{NS}unblindedReadNodule"), start=1):
            try:
                readings.append(Reading(reader, _voxels(nodule, referred)))
            except LeftOut as reason:
                job.skip(f"{path.name}, reader {reader}, nodule {number}", str(reason))
    yield from _consensus(path, readings, referred, job)


def _consensus(
    path: Path, readings: list[Reading], referred: ReferredSeries, job: ImportJob
) -> Iterator[AnnotatedLesion]:
    lesion_type, _ = job.labels.lesion_type(LABEL)
    for number, group in enumerate(same_nodule(readings), start=1):
        readers = len({reading.reader for reading in group})
        voxels, votes = np.unique(np.concatenate([reading.voxels for reading in group]), return_counts=True)
        outlines = {"c": voxels[2 * votes >= readers]}
        if job.each_reader:
            outlines |= {f"r{reading.reader}-{i}": reading.voxels for i, reading in enumerate(group, start=1)}
        for name, marked in outlines.items():
            lesion_id = f"{referred.series.series_key}-n{number:02d}-{name}"
            lesion = _lesion(marked, lesion_id, lesion_type, referred)
            if lesion is None:
                job.skip(f"{path.name}, nodule {number}", f"its {readers} readers agree on too few voxels")
            else:
                yield lesion


def same_nodule(readings: list[Reading]) -> list[list[Reading]]:
    """Group readings that share a voxel, with any of their group, as one nodule."""
    groups: list[list[Reading]] = []
    for reading in readings:
        touching = [g for g in groups if any(len(np.intersect1d(reading.voxels, r.voxels, True)) for r in g)]
        groups = [group for group in groups if group not in touching]
        groups.append([*(one for group in touching for one in group), reading])
    return groups


def _lesion(
    voxels: Voxels, lesion_id: str, lesion_type: str | None, referred: ReferredSeries
) -> AnnotatedLesion | None:
    series = referred.series
    places = np.unravel_index(voxels, series.volume_hu.shape)
    if not len(voxels):
        return None
    start = tuple(int(axis.min()) for axis in places)
    mask = np.zeros([int(axis.max()) - low + 1 for axis, low in zip(places, start, strict=True)], bool)
    mask[tuple(axis - low for axis, low in zip(places, start, strict=True))] = True
    spacing_mm = series.spacing_mm[1], series.spacing_mm[2]
    mark = key_mark(mask, start, spacing_mm)
    if is_speck(mark):
        return None
    known = series.facts.row_spacing_mm is not None
    return AnnotatedLesion(
        lesion_id, referred.person, SOURCE, lesion_type, np.asarray(series.volume_hu[mark.slice_index]), spacing_mm,
        mark.slice_index, mark.box, mark.long_axis_mm if known else None, mark.short_axis_mm if known else None,
    )  # fmt: skip


def _voxels(nodule: ElementTree.Element, referred: ReferredSeries) -> Voxels:
    """Fill the outlines of one reading. Raises LeftOut for a single point, as nodules below 3 mm have."""
    shape = referred.series.volume_hu.shape
    marked: dict[int, NDArray[np.bool_]] = {}
    for roi in nodule.iter(f"{NS}roi"):
        uid = (roi.findtext(f"{NS}imageSOP_UID") or "").strip()
        index = referred.slice_index(uid)
        try:
            x = [int(edge.findtext(f"{NS}xCoord") or "") for edge in roi.iter(f"{NS}edgeMap")]
            y = [int(edge.findtext(f"{NS}yCoord") or "") for edge in roi.iter(f"{NS}edgeMap")]
        except ValueError as error:
            raise LeftOut("an outline of it is damaged") from error
        if index is None or len(x) < 3:
            continue
        if min(*x, *y) < 0 or max(x) >= shape[2] or max(y) >= shape[1]:
            raise LeftOut(f"an outline of it reaches column {max(x)}, row {max(y)} of {shape[2]} × {shape[1]}")
        area = np.zeros(shape[1:], bool)
        area[polygon(y, x, area.shape)] = True  # type: ignore[no-untyped-call]
        drawn = marked.setdefault(index, np.zeros(shape[1:], bool))
        if (roi.findtext(f"{NS}inclusion") or "TRUE").strip().upper() == "FALSE":
            drawn &= ~area
            continue
        area[y, x] = False
        drawn |= area
    voxels = [index * shape[1] * shape[2] + np.flatnonzero(mask) for index, mask in sorted(marked.items())]
    if not voxels or not sum(map(len, voxels)):
        raise LeftOut("it is a point, as nodules below 3 mm have, and no outline")
    return np.concatenate(voxels)
