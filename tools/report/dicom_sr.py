"""A report as a de-identified DICOM structured report after TID 1500 (PS3.16)."""

import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from tools.atlas.confidence import LIMIT_WORDS
from tools.domain.facts import RegionFacts
from tools.domain.region import OUTLINE_WORDS
from tools.domain.study_words import DENSITY_DOUBTS, OLDEST_STATED_YEARS
from tools.report.content import (
    ORIGIN_WORDS,
    RegionReport,
    ReportContent,
    filter_words,
    known,
    lesion_words,
    plain,
    shown_votes,
)

if TYPE_CHECKING:
    from pydicom.dataset import Dataset
    from pydicom.sr.coding import Code


_SCHEME = "99LESIONSEARCH"  # private coding scheme: DICOM has no codes for content-based retrieval
_UID_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "lesion-search")


def _uid(*parts: str) -> str:
    """Derive a UID under 2.25 (PS3.5 B.2): equal parts give equal UIDs, and salted keys lead back to no original."""
    return f"2.25.{uuid.uuid5(_UID_NAMESPACE, chr(0).join(parts)).int}"


def to_dicom_sr(report: ReportContent) -> bytes:
    """Write a Comprehensive 3D SR after TID 1500, de-identified, unverified.

    The study's own UIDs stop at intake. Patient ID is the patient key; study, series and source images carry UIDs
    under 2.25 derived from the study key, the series key and the slice number: equal images match between reports of
    one installation, and nothing points at the archive the study came from. References: DICOM PS3.16 TID 1500, 1410
    (with an outline) and 1501 (without), PS3.3 A.35.13.
    """
    from io import BytesIO

    from highdicom import sr
    from highdicom.coding_schemes import CodingSchemeIdentificationItem
    from pydicom.sr.codedict import codes

    slices = {region.facts.slice: _source_image(report, region.facts.slice) for region in report.regions}
    device = sr.ObserverContext(
        observer_type=codes.DCM.Device,
        observer_identifying_attributes=sr.DeviceObserverIdentifyingAttributes(
            uid=_uid("encoder", report.encoder_fingerprint), name="Lesion Search", model_name="lesion-search"
        ),
    )
    content = sr.MeasurementReport(
        observation_context=sr.ObservationContext(observer_device_context=device),
        procedure_reported={
            "CT": codes.cid100.CTUnspecifiedBodyRegion,
            "MR": codes.cid100.MRIUnspecifiedBodyRegion,
            "PT": codes.cid100.PETUnspecifiedBodyRegion,
        }.get(report.study.facts.modality, codes.cid100.ImagingProcedure),
        imaging_measurements=[_region_sr(report, region, slices[region.facts.slice]) for region in report.regions],
    )
    document = sr.Comprehensive3DSR(
        evidence=list(slices.values()),
        content=content[0],
        series_instance_uid=f"2.25.{uuid.uuid4().int}",
        series_number=1,
        sop_instance_uid=f"2.25.{uuid.uuid4().int}",
        instance_number=1,
        manufacturer="Lesion Search",
        manufacturer_model_name="lesion-search",
        software_versions=report.program_version,
        device_serial_number=report.encoder_fingerprint[:64],
        series_description=report.notice,
        content_date=report.written.date(),
        content_time=report.written.time(),
        specific_character_set="ISO_IR 192",
        coding_schemes=[CodingSchemeIdentificationItem(designator=_SCHEME, name="Lesion Search terms")],
        is_complete=True,
    )
    document.PatientIdentityRemoved = "YES"
    document.DeidentificationMethod = "Allow-list of typed facts; identifiers become keyed hashes"
    document.LongitudinalTemporalInformationModified = "REMOVED"
    stream = BytesIO()
    document.save_as(stream)
    return stream.getvalue()


def _source_image(report: ReportContent, slice_number: int) -> "Dataset":
    """Make the data set a slice is referred to by: pseudonymous UIDs, and the safe facts about the patient."""
    from pydicom.dataset import Dataset
    from pydicom.uid import (
        CTImageStorage,
        MRImageStorage,
        PositronEmissionTomographyImageStorage,
        SecondaryCaptureImageStorage,
    )

    storage = {"CT": CTImageStorage, "MR": MRImageStorage, "PT": PositronEmissionTomographyImageStorage}
    facts = report.study.facts
    image = Dataset()
    image.SOPClassUID = storage.get(facts.modality, SecondaryCaptureImageStorage)
    image.SOPInstanceUID = _uid("image", report.series_key, str(slice_number))
    image.SeriesInstanceUID = _uid("series", report.series_key)
    image.StudyInstanceUID = _uid("study", report.study_key)
    image.PatientID = report.patient_key or "ANONYMOUS"
    image.PatientName = "ANONYMOUS^"  # a family name alone
    image.PatientSex = facts.sex or ""
    image.PatientBirthDate = image.AccessionNumber = image.StudyID = ""
    image.StudyDate = image.StudyTime = image.ReferringPhysicianName = ""
    if facts.age_years is not None and facts.age_years < OLDEST_STATED_YEARS:  # an age above that can identify
        image.PatientAge = f"{facts.age_years:03d}Y"
    return image


def _region_sr(report: ReportContent, region: RegionReport, image: "Dataset") -> Any:
    """Make one measurement group (TID 1410 or 1501). Where the lesion lies is not known: no finding site."""
    import numpy as np
    from highdicom import sr

    facts = region.facts
    shared: dict[str, Any] = {
        "tracking_identifier": sr.TrackingIdentifier(
            identifier=facts.region_id,
            uid=_uid("region", report.series_key, facts.model_dump_json(), str(region.outline_px)),
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
    reference = image.SOPClassUID, image.SOPInstanceUID
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
