"""Reports: what was measured and found, as a page to print, as JSON, or as a DICOM structured report.

A report holds what the tools said and the pictures on the screen, nothing else: no identifying tag reaches it.
"""

import base64
import html
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema

from encoder.errors import LesionSearchError
from tools.results import FilterFacts, HitFacts, RegionFacts, SearchFacts, StudyFacts

if TYPE_CHECKING:
    from pydicom.dataset import Dataset
    from pydicom.sr.coding import Code

ReportFormat = Literal["html", "json", "dicom-sr"]

NOTICE: Literal["Research and teaching tool, not a diagnosis."] = "Research and teaching tool, not a diagnosis."
CONFIDENCE_WORDS = {
    "high": "Match confidence: high.",
    "moderate": "Match confidence: moderate.",
    "low": "Match confidence: low.",
    "none": "Nothing similar enough in this atlas; the nearest lesions are shown for reference only.",
}
ORIGIN_WORDS = {
    "click": "outlined from a click",
    "box": "measured in a drawn box",
    "suggested": "suggested by the program",
}
_EXTENSIONS: dict[ReportFormat, str] = {"html": "html", "json": "json", "dicom-sr": "dcm"}


class ReportError(LesionSearchError):
    """There is nothing to report, or the file cannot be written."""


def _decoded(value: object) -> object:
    return base64.b64decode(value, validate=True) if isinstance(value, str) else value


def _is_png(value: bytes) -> bytes:
    if not value.startswith(b"\x89PNG\r\n\x1a\n"):
        raise ValueError("not a PNG image")
    return value


Png = Annotated[
    bytes,
    BeforeValidator(_decoded),
    AfterValidator(_is_png),
    PlainSerializer(lambda png: base64.b64encode(png).decode(), return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "contentEncoding": "base64", "contentMediaType": "image/png"}),
]


class RegionReport(BaseModel):
    """One region: measurements, its picture, and its search with the thumbnails of the hits by lesion id."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    facts: RegionFacts
    image: Png | None = None
    search: SearchFacts | None = None
    hit_thumbnails: dict[str, Png] = {}
    outline_px: tuple[tuple[float, float], ...] = ()  # closed polygon (x, y) on the slice; pixel centres are whole


class ReportContent(BaseModel):
    """Everything a report says. Its JSON is the `json` format, and reads back with `model_validate_json`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_name: Literal["lesion-search-report"] = "lesion-search-report"
    schema_version: Literal[1] = 1
    notice: Literal["Research and teaching tool, not a diagnosis."] = NOTICE
    written: datetime = Field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))
    study: StudyFacts
    study_key: str
    series_key: str
    patient_key: str | None = None
    regions: tuple[RegionReport, ...]
    encoder_fingerprint: str
    atlas_name: str
    program_version: str


def write_report(report: ReportContent, format: ReportFormat, folder: Path) -> Path:
    """Write `lesion-search-report-<n>` with the format's extension into `folder`; an older report is never replaced.

    Raises ReportError when there is no region to report, the format is unknown, or the folder cannot be written.
    """
    if format not in get_args(ReportFormat):
        raise ReportError(f"There is no report format {format!r}: choose from {', '.join(get_args(ReportFormat))}.")
    if not report.regions:
        raise ReportError("There is nothing to report yet: click a lesion, draw a box, or ask for suggestions first.")
    if format == "html":
        data = _to_html(report).encode()
    elif format == "json":
        data = report.model_dump_json(indent=2).encode()
    else:
        data = _to_dicom_sr(report)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return _write_new(folder, _EXTENSIONS[format], data)
    except OSError as error:
        raise ReportError(f"The report cannot be written ({error.strerror}): free some space or restart.") from error


def _write_new(folder: Path, extension: str, data: bytes) -> Path:
    for number in count(1):
        path = folder / f"lesion-search-report-{number}.{extension}"
        try:
            with path.open("xb") as file:
                file.write(data)
        except FileExistsError:
            continue
        return path
    raise AssertionError  # count() never ends


def _plain(text: str) -> str:
    """Control characters, direction marks and broken Unicode become spaces: names in an atlas are anybody's text."""
    return "".join(c if c.isprintable() else " " for c in text)


def _known(*parts: str | None) -> str:
    return " · ".join(part for part in parts if part)


def _shown_votes(search: SearchFacts) -> list[tuple[str, float]]:
    """Where nothing is similar enough there is no guess at a type."""
    return [] if search.confidence == "none" else [(vote.lesion_type, vote.probability) for vote in search.votes]


def _filter_words(filters: FilterFacts) -> str:
    scope = {"cross-patient": "other patients", "same-patient": "this patient", "all": "all patients"}[filters.scope]
    return _known(
        scope,
        f"types {', '.join(filters.lesion_types)}" if filters.lesion_types else None,
        f"sex {filters.sex}" if filters.sex else None,
        f"age from {filters.min_age}" if filters.min_age is not None else None,
        f"age to {filters.max_age}" if filters.max_age is not None else None,
        f"size from {filters.min_size_mm:g} mm" if filters.min_size_mm is not None else None,
        f"size to {filters.max_size_mm:g} mm" if filters.max_size_mm is not None else None,
    )


def _lesion_words(hit: HitFacts) -> str:
    return _known(
        f"{hit.long_axis_mm:g} mm" if hit.long_axis_mm is not None else None,
        hit.sex,
        f"{hit.age_years} y" if hit.age_years is not None else None,
    )


# -- HTML --------------------------------------------------------------------------------------------------------

_CSS = """
:root { color-scheme: light; --ink: #17212b; --soft: #5b6875; --line: #dfe5ea; --tint: #f5f8fa; --accent: #0b6e8a; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 60rem; padding: 2.5rem 2rem; background: #fff; color: var(--ink);
  font: .95rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
header { border-bottom: 3px solid var(--accent); padding-bottom: 1rem; margin-bottom: 1.5rem; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .25rem; letter-spacing: -.01em; }
h2 { font-size: 1.2rem; margin: 0; }
h3 { font-size: .8rem; margin: 1.5rem 0 .5rem; color: var(--soft); text-transform: uppercase; letter-spacing: .06em; }
p { margin: .25rem 0; }
.soft { color: var(--soft); font-size: .9em; }
.warning { border-left: 3px solid #c98a00; background: #fff8e6; padding: .4rem .75rem; margin: .75rem 0; }
.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(8rem, 1fr)); gap: .75rem 1.25rem; margin: 0; }
.facts dt { color: var(--soft); font-size: .78rem; }
.facts dd { margin: 0; font-weight: 600; font-variant-numeric: tabular-nums; }
.region { border: 1px solid var(--line); border-radius: 10px; padding: 1.25rem 1.5rem; margin: 1.5rem 0; }
.top { display: flex; gap: 1.5rem; margin-top: 1rem; align-items: flex-start; flex-wrap: wrap; }
.top img { width: 20rem; max-width: 100%; border-radius: 6px; background: #000; }
.top .facts { flex: 1 1 16rem; }
.votes { display: grid; grid-template-columns: fit-content(40%) 1fr max-content; gap: .35rem .75rem;
  align-items: center; }
.bar { height: .7rem; border-radius: 4px; background: var(--tint); border: 1px solid var(--line); overflow: hidden; }
.bar div { height: 100%; background: var(--accent); }
.number { font-variant-numeric: tabular-nums; text-align: right; white-space: nowrap; }
.votes span { overflow-wrap: anywhere; }
.hits { display: grid; grid-template-columns: repeat(auto-fill, minmax(8.5rem, 1fr)); gap: .75rem; padding: 0;
  margin: 0; list-style: none; }
.hit { border: 1px solid var(--line); border-radius: 8px; overflow: hidden; font-size: .8rem; break-inside: avoid; }
.hit img, .hit .empty { display: block; width: 100%; aspect-ratio: 1; background: #000; image-rendering: auto; }
.hit .empty { background: var(--tint); color: var(--soft); display: grid; place-items: center; }
.hit div.text { padding: .5rem .65rem .6rem; overflow-wrap: anywhere; }
.hit b { display: flex; justify-content: space-between; gap: .5rem; }
code { font: .85em ui-monospace, "Cascadia Mono", Menlo, Consolas, monospace; overflow-wrap: anywhere; }
footer { border-top: 1px solid var(--line); margin-top: 2rem; padding-top: 1rem; color: var(--soft);
  font-size: .82rem; }
@media screen and (max-width: 40rem) { body, .region { padding: 1rem; } }
@page { margin: 15mm; }
@media print {
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  html { font-size: 12px; }
  body { max-width: none; padding: 0; }
  .top, .votes, h2, h3 { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
  .top img { width: 15rem; }
}
"""


class _Html(str):
    """Markup that is safe as it is. Every other string is escaped when it enters a tag."""


def _tag(name: str, *children: str, **attributes: str) -> _Html:
    opened = name + "".join(f' {key.strip("_")}="{html.escape(_plain(value))}"' for key, value in attributes.items())
    inner = "".join(child if isinstance(child, _Html) else html.escape(_plain(child)) for child in children)
    return _Html(f"<{opened}>" if name in ("img", "meta") else f"<{opened}>{inner}</{name}>")


def _to_html(report: ReportContent) -> str:
    policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    head = _tag(
        "head",
        _tag("meta", charset="utf-8"),
        _Html(f'<meta http-equiv="Content-Security-Policy" content="{policy}">'),
        _tag("meta", name_="viewport", content="width=device-width, initial-scale=1"),
        _tag("title", "Lesion Search report"),
        _tag("style", _Html(_CSS)),
    )
    body = _tag(
        "body",
        _tag("header", _tag("h1", "Lesion Search report"), _tag("p", report.notice)),
        _tag("main", _study_html(report), *(_region_html(region) for region in report.regions)),
        _tag(
            "footer",
            _tag("p", "Lengths and areas are measured inside the outline; similarity is the cosine between encodings."),
            _tag("p", f"Written {report.written:%Y-%m-%d %H:%M %Z} by lesion-search {report.program_version}."),
            _tag("p", "Atlas ", _tag("code", report.atlas_name)),
            _tag("p", "Encoder ", _tag("code", report.encoder_fingerprint)),
        ),
    )
    return f'<!doctype html>\n<html lang="en">{head}{body}</html>\n'


def _study_html(report: ReportContent) -> _Html:
    facts = report.study.facts
    spacing = (
        f"{facts.row_spacing_mm:.2f} × {facts.column_spacing_mm:.2f} mm"
        if facts.row_spacing_mm is not None and facts.column_spacing_mm is not None
        else "unknown"
    )
    shown = {
        "Modality": facts.modality,
        "Body part": facts.body_part,
        "Sex": facts.sex,
        "Age": None if facts.age_years is None else f"{facts.age_years} years",
        "Slices": str(facts.slices),
        "Matrix": f"{facts.rows} × {facts.columns}",
        "Pixel spacing": spacing,
        "Slice thickness": None if facts.slice_thickness_mm is None else f"{facts.slice_thickness_mm:g} mm",
        "Slice gap": None if facts.slice_gap_mm is None else f"{facts.slice_gap_mm:g} mm",
        "Gantry tilt": f"{facts.gantry_tilt_deg:g}°" if facts.gantry_tilt_deg else None,
        "Tube voltage": None if facts.kvp is None else f"{facts.kvp:g} kV",
        "Contrast agent": None if facts.contrast is None else ("yes" if facts.contrast else "no"),
        "Patient key": report.patient_key,
    }
    synthetic = ("This study is synthetic: a teaching phantom.",) if facts.synthetic else ()
    return _tag(
        "section",
        _facts_html(shown),
        *(_tag("p", sentence, class_="warning") for sentence in (*synthetic, *report.study.warnings)),
    )


def _facts_html(shown: dict[str, str | None]) -> _Html:
    pairs = (_tag("div", _tag("dt", name), _tag("dd", value)) for name, value in shown.items() if value is not None)
    return _tag("dl", *pairs, class_="facts")


def _region_html(region: RegionReport) -> _Html:
    facts = region.facts
    units = " HU" if facts.units == "HU" else ""
    measured = {
        "Long axis": None if facts.long_axis_mm is None else f"{facts.long_axis_mm:g} mm",
        "Short axis": None if facts.short_axis_mm is None else f"{facts.short_axis_mm:g} mm",
        "Area": None if facts.area_mm2 is None else f"{facts.area_mm2:g} mm²",
        "Mean": f"{facts.mean_hu:g}{units}",
        "Standard deviation": f"{facts.sd_hu:g}{units}",
        "Minimum": f"{facts.min_hu:g}{units}",
        "Maximum": f"{facts.max_hu:g}{units}",
    }
    notes = []
    if facts.long_axis_mm is None:
        notes.append("Sizes are left out: the file gives no pixel spacing.")
    if not units:
        notes.append("Values are in the file's own units, not HU.")
    picture = (
        [_picture_html(region.image, f"Slice {facts.slice} with region {facts.region_id}")] if region.image else []
    )
    return _tag(
        "section",
        _tag("h2", f"Region {facts.region_id}"),
        _tag("p", f"Slice {facts.slice} of {facts.slices} · {ORIGIN_WORDS[facts.origin]}", class_="soft"),
        *(_tag("p", note, class_="warning") for note in notes),
        _tag("div", *picture, _facts_html(measured), class_="top"),
        *(_search_html(region.search, region.hit_thumbnails) if region.search else ()),
        class_="region",
    )


def _search_html(search: SearchFacts, thumbnails: dict[str, bytes]) -> Iterable[_Html]:
    yield _tag("h3", "Similar atlas lesions")
    yield _tag("p", _tag("strong", CONFIDENCE_WORDS[search.confidence]))
    if search.synthetic_atlas and not search.synthetic_study:
        yield _tag(
            "p", "This atlas holds synthetic teaching lesions only, and this study is not synthetic.", class_="warning"
        )
    yield _tag(
        "p",
        f"{len(search.hits)} of {search.candidates} candidates, atlas of {search.atlas_size} lesions. "
        f"Searched: {_filter_words(search.filters)}.",
        class_="soft",
    )
    votes = _shown_votes(search)
    if votes:
        yield _tag("h3", "Votes by lesion type")
        yield _tag("div", *(cell for vote in votes for cell in _vote_html(*vote)), class_="votes")
    if search.hits:
        yield _tag("h3", "Nearest lesions")
        yield _tag("ol", *(_hit_html(hit, thumbnails.get(hit.lesion_id)) for hit in search.hits), class_="hits")


def _vote_html(lesion_type: str, probability: float) -> tuple[_Html, ...]:
    bar = _tag("div", _tag("div", style=f"width:{100 * probability:.1f}%"), class_="bar")
    return _tag("span", lesion_type), bar, _tag("span", f"{100 * probability:.0f} %", class_="number")


def _hit_html(hit: HitFacts, thumbnail: bytes | None) -> _Html:
    return _tag(
        "li",
        _picture_html(thumbnail, f"Lesion {hit.lesion_id}") if thumbnail else _tag("div", "no picture", class_="empty"),
        _tag(
            "div",
            _tag(
                "b",
                _tag("span", f"{hit.rank}. {hit.lesion_type or 'type unknown'}"),
                _tag("span", f"{hit.similarity:.3f}", class_="number"),
            ),
            _tag("div", _lesion_words(hit)),
            _tag("code", hit.lesion_id),
            _tag("div", _tag("code", hit.patient_key), class_="soft"),
            class_="text",
        ),
        class_="hit",
    )


def _picture_html(png: bytes, alt: str) -> _Html:
    return _tag("img", src=f"data:image/png;base64,{base64.b64encode(png).decode()}", alt=alt)


# -- DICOM SR ----------------------------------------------------------------------------------------------------

_SCHEME = "99LESIONSEARCH"  # private coding scheme: DICOM has no codes for content-based retrieval
_UID_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "lesion-search")


def _uid(*parts: str) -> str:
    """The same words give the same UID. It is made from salted keys, so it leads back to no original UID."""
    return f"2.25.{uuid.uuid5(_UID_NAMESPACE, chr(0).join(parts)).int}"


def _to_dicom_sr(report: ReportContent) -> bytes:
    """A Comprehensive 3D SR after TID 1500, de-identified, unverified.

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
    """What the SR must know about a slice: pseudonymous references, and the safe facts about the patient."""
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
    if facts.age_years is not None:
        image.PatientAge = f"{facts.age_years:03d}Y"
    return image


def _region_sr(report: ReportContent, region: RegionReport, image: "Dataset") -> Any:
    """One measurement group. Where the lesion lies in the body is not known, so the finding site stays out."""
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
            parameters=[f"encoder {report.encoder_fingerprint}", f"atlas {_plain(report.atlas_name)}"],
        ),
        "measurements": _measurements_sr(facts),
        "qualitative_evaluations": [
            sr.QualitativeEvaluation(name=name, value=value) for name, value in _evaluations_sr(region)
        ],
    }
    reference = image.SOPClassUID, image.SOPInstanceUID
    if len(region.outline_px) >= 3:
        points = np.asarray((*region.outline_px, region.outline_px[0])) + 0.5  # DICOM counts from the pixel's corner
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
        item = sr.TextContentItem(name=name, value=_plain(text), relationship_type=sr.RelationshipTypeValues.CONTAINS)
        group[0].ContentSequence.append(item)
    return group


def _measurements_sr(facts: RegionFacts) -> list[Any]:
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
    """Coded answers: words from this program's own closed lists."""
    origin = region.facts.origin
    yield _code("region-origin", "Origin of the region"), _code(origin, ORIGIN_WORDS[origin])
    if region.search:
        confidence = region.search.confidence
        yield _code("match-confidence", "Confidence of the match"), _code(confidence, confidence)


def _texts_sr(region: RegionReport) -> Iterable[tuple["Code", str]]:
    """Answers in words: slice number, votes and similar lesions, whose ids and types are the atlas's own."""
    facts, search = region.facts, region.search
    yield _code("slice", "Slice, counted from 1"), f"{facts.slice} of {facts.slices}"
    if search is None:
        return
    yield _code("search-scope", "Lesions searched"), f"{_filter_words(search.filters)}; atlas of {search.atlas_size}"
    for lesion_type, probability in _shown_votes(search):
        yield _code("type-vote", "Vote for a lesion type"), f"{lesion_type}: {probability:.3f}"
    for hit in search.hits:
        yield (
            _code("similar-lesion", "Similar atlas lesion"),
            _known(
                f"{hit.rank}. {hit.lesion_id}",
                hit.lesion_type or "type unknown",
                f"similarity {hit.similarity:.3f}",
                _lesion_words(hit),
                f"patient {hit.patient_key}",
            ),
        )


def _code(value: str, meaning: str) -> "Code":
    from pydicom.sr.coding import Code

    return Code(value, _SCHEME, meaning)
