"""A report as a de-identified DICOM structured report after TID 1500 (PS3.16)."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from tools.atlas.confidence import LIMIT_WORDS
from tools.domain.facts import RegionFacts
from tools.domain.region import OUTLINE_WORDS
from tools.domain.study import OriginalUids
from tools.domain.study_words import DENSITY_DOUBTS
from tools.report.content import RegionReport, ReportContent
from tools.report.dicom_sources import (
    MANUFACTURER,
    MODEL_NAME,
    derived_uid,
    frame_of,
    new_instance,
    source_image,
    written,
)
from tools.report.words import ORIGIN_WORDS, filter_words, known, lesion_words, plain, shown_votes

if TYPE_CHECKING:
    from pydicom.dataset import Dataset
    from pydicom.sr.coding import Code


_SCHEME = "99LESIONSEARCH"  # private coding scheme: DICOM has no codes for content-based retrieval


def to_dicom_sr(report: ReportContent, originals: OriginalUids | None = None) -> bytes:
    """Write a Comprehensive 3D SR after TID 1500, de-identified, unverified.

    The study's own UIDs stop at intake unless the operator allows `originals`; see `source_image` for what stands in
    their place. Patient ID is the patient key. References: DICOM PS3.16 TID 1500, 1410 (with an outline) and 1501
    (without), PS3.3 A.35.13.
    """
    from highdicom import sr
    from highdicom.coding_schemes import CodingSchemeIdentificationItem
    from pydicom.sr.codedict import codes

    slices = {
        region.facts.slice: source_image(report, region.facts.slice, region.position_mm, originals)
        for region in report.regions
    }
    device = sr.ObserverContext(
        observer_type=codes.DCM.Device,
        observer_identifying_attributes=sr.DeviceObserverIdentifyingAttributes(
            uid=derived_uid("encoder", report.encoder_fingerprint), name=MANUFACTURER, model_name=MODEL_NAME
        ),
    )
    content = sr.MeasurementReport(
        observation_context=sr.ObservationContext(observer_device_context=device),
        procedure_reported={
            "CT": codes.cid100.CTUnspecifiedBodyRegion,
            "MR": codes.cid100.MRIUnspecifiedBodyRegion,
            "PT": codes.cid100.PETUnspecifiedBodyRegion,
        }.get(report.study.facts.modality, codes.cid100.ImagingProcedure),
        imaging_measurements=[
            _region_sr(report, region, slices[region.facts.slice], frame_of(region.facts.slice, originals))
            for region in report.regions
        ],
    )
    document = sr.Comprehensive3DSR(
        evidence=_distinct(slices.values()),
        content=content[0],
        series_number=1,
        **new_instance(report),
        content_date=report.written.date(),
        content_time=report.written.time(),
        specific_character_set="ISO_IR 192",
        coding_schemes=[CodingSchemeIdentificationItem(designator=_SCHEME, name="Lesion Search terms")],
        is_complete=True,
    )
    return written(document)


def _distinct(images: Iterable["Dataset"]) -> list["Dataset"]:
    """List images once each: the slices of a multi-frame image are one."""
    return list({image.SOPInstanceUID: image for image in images}.values())


def _region_sr(report: ReportContent, region: RegionReport, image: "Dataset", frame: int | None) -> Any:
    """Make one measurement group (TID 1410 or 1501). Where the lesion lies is not known: no finding site."""
    import numpy as np
    from highdicom import sr

    facts = region.facts
    shared: dict[str, Any] = {
        "tracking_identifier": sr.TrackingIdentifier(
            identifier=facts.region_id,
            uid=derived_uid("region", report.series_key, facts.model_dump_json(), str(region.outline_px)),
        ),
        "algorithm_id": sr.AlgorithmIdentification(
            name="Lesion Search",
            version=report.program_version,
            parameters=[f"encoder {report.encoder_fingerprint}", f"atlas {plain(report.atlas_name)}"],
        ),
        "measurements": _measurements_sr(facts),
        "qualitative_evaluations": [
            sr.QualitativeEvaluation(name=name, value=value) for name, value in _evaluations_sr(region)
        ],
    }
    reference = image.SOPClassUID, image.SOPInstanceUID, None if frame is None else [frame]
    if len(region.outline_px) >= 3:
        points = np.asarray((*region.outline_px, region.outline_px[0]))  # DICOM too counts from the pixel's corner
        outline = sr.ImageRegion(
            graphic_type=sr.GraphicTypeValues.POLYLINE,
            graphic_data=points[:-1] if np.array_equal(points[-1], points[-2]) else points,
            source_image=sr.SourceImageForRegion(*reference),
        )
        group: Any = sr.PlanarROIMeasurementsAndQualitativeEvaluations(referenced_region=outline, **shared)
    else:
        group = sr.MeasurementsAndQualitativeEvaluations(
            source_images=[sr.SourceImageForMeasurementGroup(*reference)], **shared
        )
    for name, text in _texts_sr(region):
        # highdicom only makes coded evaluations; the templates allow text, and atlas types are not codes
        item = sr.TextContentItem(name=name, value=plain(text), relationship_type=sr.RelationshipTypeValues.CONTAINS)
        group[0].ContentSequence.append(item)
    return group


def _measurements_sr(facts: RegionFacts) -> list[Any]:
    """Code sizes in mm and mm², and densities in HU or, where the file is not calibrated, in no unit."""
    from highdicom import sr
    from pydicom.sr.codedict import codes

    sizes = (
        (codes.cid7469.LongAxis, facts.long_axis_mm, codes.UCUM.Millimeter),
        (codes.cid7469.ShortAxis, facts.short_axis_mm, codes.UCUM.Millimeter),
        (codes.cid7469.Area, facts.area_mm2, codes.UCUM.SquareMillimeter),
    )
    values = (
        (codes.cid7464.Mean, facts.mean_hu),
        (codes.cid7464.StandardDeviation, facts.sd_hu),
        (codes.cid7464.Minimum, facts.min_hu),
        (codes.cid7464.Maximum, facts.max_hu),
    )
    in_hu = facts.units == "HU"
    density = codes.cid7469.AttenuationCoefficient if in_hu else _code("pixel-value", "Pixel value")
    unit = codes.UCUM.HounsfieldUnit if in_hu else codes.UCUM.NoUnits
    return [
        *(sr.Measurement(name=name, value=value, unit=mm) for name, value, mm in sizes if value is not None),
        *(sr.Measurement(name=density, value=value, unit=unit, derivation=how) for how, value in values),
    ]


def _evaluations_sr(region: RegionReport) -> Iterable[tuple["Code", "Code"]]:
    """Code what comes from this program's own closed lists: origin of the region, confidence of the match."""
    origin = region.facts.origin
    yield _code("region-origin", "Origin of the region"), _code(origin, ORIGIN_WORDS[origin])
    if region.search:
        confidence = region.search.confidence
        yield _code("match-confidence", "Confidence of the match"), _code(confidence, confidence)


def _texts_sr(region: RegionReport) -> Iterable[tuple["Code", str]]:
    """Word slice number, votes and similar lesions, whose ids and types are the atlas's own and have no codes."""
    facts, search = region.facts, region.search
    yield _code("slice", "Slice, counted from 1"), f"{facts.slice} of {facts.slices}"
    if facts.outline != "measured":
        yield _code("outline", "Outline"), OUTLINE_WORDS[facts.outline]
    if facts.lossy:
        ratio = f" about {round(facts.lossy_ratio)}:1" if facts.lossy_ratio else ""
        yield _code("lossy-compression", "Lossy compression"), f"compressed with loss{ratio}: densities may be off"
    if facts.density_doubt:
        yield _code("density-doubt", "Doubt about densities"), DENSITY_DOUBTS[facts.density_doubt]
    if search is None:
        return
    yield _code("search-scope", "Lesions searched"), f"{filter_words(search.filters)}; atlas of {search.atlas_size}"
    if search.confidence_limit:
        yield _code("confidence-limit", "Why the confidence is no higher"), LIMIT_WORDS[search.confidence_limit]
    for lesion_type, probability in shown_votes(search):
        yield _code("type-vote", "Vote for a lesion type"), f"{lesion_type}: {probability:.3f}"
    for hit in search.hits:
        yield (
            _code("similar-lesion", "Similar atlas lesion"),
            known(
                f"{hit.rank}. {hit.lesion_id}",
                hit.lesion_type or "type unknown",
                f"similarity {hit.similarity:.3f}",
                lesion_words(hit),
                f"patient {hit.patient_key}",
            ),
        )


def _code(value: str, meaning: str) -> "Code":
    from pydicom.sr.coding import Code

    return Code(value, _SCHEME, meaning)
