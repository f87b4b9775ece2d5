"""The outlines of a report as a de-identified DICOM segmentation (PS3.3 A.51), one segment a region."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tools.domain.region import OUTLINE_WORDS, Origin
from tools.domain.study import OriginalUids
from tools.report.content import RegionReport, ReportContent, ReportError, SliceOutline
from tools.report.dicom_sources import derived_uid, new_instance, source_image, written
from tools.report.words import plain, title

if TYPE_CHECKING:
    from highdicom.seg import SegmentDescription

ALGORITHMS: dict[Origin, str] = {"click": "SEMIAUTOMATIC", "box": "SEMIAUTOMATIC", "drawn": "MANUAL"}
_LABEL_CHARACTERS = 64  # of a DICOM long string


def outlined(report: ReportContent) -> tuple[RegionReport, ...]:
    """List the regions that are an outlined lesion: a drawn box itself and a plain disc are marks and no segments."""
    return tuple(r for r in report.regions if len(r.outline_px) >= 3 and r.facts.outline in ("measured", "unsure"))


def to_dicom_seg(report: ReportContent, originals: OriginalUids | None = None) -> bytes:
    """Write a binary segmentation: each region on its slice, or over the slices where its volume was measured.

    A pixel belongs to a segment where its centre lies inside the outline. Raises ReportError without an outlined
    lesion, and where the file does not say where its slices lie.
    """
    from highdicom.seg import Segmentation, SegmentationTypeValues
    from pydicom.uid import ExplicitVRLittleEndian
    from pydicom.valuerep import DA, TM

    regions, facts = outlined(report), report.study.facts
    if not regions:
        raise ReportError(
            "A DICOM SEG holds outlined lesions, and there is none: click a lesion, or draw its outline by hand."
        )
    outlines = [outline for region in regions for outline in region.outlines]
    if report.orientation is None or facts.row_spacing_mm is None or any(o.position_mm is None for o in outlines):
        raise ReportError(
            "The file does not say where its slices lie, so a DICOM SEG could not be placed: "
            "ask for DICOM SR or JSON, which hold the outlines in pixels."
        )
    if originals and any(frame for *_, frame in originals.images):
        originals = None  # a segmentation of a multi-frame image needs that image itself
    positions = {o.slice: o.position_mm for o in outlines}
    slices = sorted(positions)
    masks = np.zeros((len(slices), facts.rows, facts.columns, len(regions)), np.uint8)
    for number, region in enumerate(regions):
        for outline in region.outlines:
            masks[slices.index(outline.slice), ..., number] |= _mask(outline, facts.rows, facts.columns)
    document = Segmentation(
        source_images=[source_image(report, n, positions[n], originals) for n in slices],
        pixel_array=masks,
        segmentation_type=SegmentationTypeValues.BINARY,
        segment_descriptions=[_described(report, region, n) for n, region in enumerate(regions, 1)],
        series_number=2,
        **new_instance(report),
        content_description="Outlines of lesions",
        content_label="OUTLINES",
        transfer_syntax_uid=ExplicitVRLittleEndian,
    )
    document.ContentDate = DA(report.written.date())
    document.ContentTime = TM(report.written.time())
    return written(document)


def _mask(outline: SliceOutline, rows: int, columns: int) -> NDArray[np.uint8]:
    """Fill an outline, (rows, columns): pixel centres lie at whole numbers here, at halves in the outline."""
    from skimage.draw import polygon2mask

    points = np.asarray(outline.outline_px)[:, ::-1] - 0.5
    return np.asarray(polygon2mask((rows, columns), points), np.uint8)


def _described(report: ReportContent, region: RegionReport, number: int) -> "SegmentDescription":
    from highdicom import AlgorithmIdentificationSequence
    from highdicom.seg import SegmentDescription
    from pydicom.sr.codedict import codes

    facts = region.facts
    kind = ALGORITHMS.get(facts.origin, "AUTOMATIC")
    algorithm = AlgorithmIdentificationSequence(
        name="Lesion Search", version=report.program_version, family=codes.cid7162.ArtificialIntelligence
    )
    description = SegmentDescription(
        segment_number=number,
        segment_label=plain(title(region))[:_LABEL_CHARACTERS],
        segmented_property_category=codes.cid7150.MorphologicallyAbnormalStructure,
        segmented_property_type=codes.SCT.Lesion,
        algorithm_type=kind,
        algorithm_identification=None if kind == "MANUAL" else algorithm,
        tracking_uid=derived_uid("region", report.series_key, facts.model_dump_json(), str(region.outline_px)),
        tracking_id=facts.region_id,
    )
    if OUTLINE_WORDS[facts.outline]:
        description.SegmentDescription = OUTLINE_WORDS[facts.outline][:_LABEL_CHARACTERS]
    return description
