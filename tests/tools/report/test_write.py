"""Reports read back: the page, the JSON document, and the DICOM structured report."""

import base64
import re
import socket
import struct
import subprocess
import sys
import zlib
from datetime import UTC, datetime
from html.parser import HTMLParser
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import highdicom as hd
import numpy as np
import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from pydicom.sr.codedict import codes

from encoder.errors import LesionSearchError
from tools.domain.facts import FilterFacts, HitFacts, RegionFacts, SearchFacts, StudyFacts, VoteFacts
from tools.domain.study import SafeFacts
from tools.report.content import NOTICE, RegionReport, ReportContent, ReportError
from tools.report.write import write_report

HOSTILE = "<script>alert('x')</script>\"'&\u202e\x00\x1b[31m\\ liver"
OUTLINE = ((10.0, 10.0), (20.0, 10.0), (20.0, 22.0), (10.0, 22.0))


def make_png(grey: int = 128) -> bytes:
    """A real 8×8 grey PNG."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + bytes([grey]) * 8 for _ in range(8))
    header = struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def make_report(
    lesion_type: str = "liver", spacing: bool = True, confidence: str = "high", **changes: Any
) -> ReportContent:
    """Two regions on two slices: R1 with outline, picture and search, R2 a bare suggestion."""
    study = SafeFacts(
        modality=changes.pop("modality", "CT"),
        body_part="abdomen",
        sex="F",
        age_years=61,
        slices=40,
        rows=512,
        columns=512,
        row_spacing_mm=0.7 if spacing else None,
        column_spacing_mm=0.7 if spacing else None,
        slice_thickness_mm=2.5,
        contrast=True,
        units=changes.pop("units", "HU"),
    )
    sizes = {"long_axis_mm": 23.4, "short_axis_mm": 17.1, "area_mm2": 311.0} if spacing else {}
    first = RegionFacts(
        region_id="R1", slice=12, slices=40, origin="click", mean_hu=41, sd_hu=12, min_hu=-7, max_hu=88,
        units=study.units, **sizes,
    )  # fmt: skip
    second = RegionFacts(
        region_id="R2", slice=30, slices=40, origin="suggested", score=0.8, mean_hu=-820, sd_hu=64, min_hu=-990,
        max_hu=-300, units=study.units, **sizes,
    )  # fmt: skip
    hits = tuple(
        HitFacts(
            rank=rank, lesion_id=f"{lesion_type}-{rank:04d}", lesion_type=lesion_type, similarity=1 - rank / 50,
            patient_key=f"p-{rank:012x}", sex="M", age_years=40 + rank, long_axis_mm=10.5 + rank,
        )
        for rank in range(1, 9)
    )  # fmt: skip
    search = SearchFacts(
        region_id="R1",
        hits=hits,
        votes=(
            VoteFacts(lesion_type=lesion_type, probability=0.82),
            VoteFacts(lesion_type="kidney", probability=0.18),
        ),
        confidence=confidence,
        confidence_limit=changes.pop("confidence_limit", None),
        candidates=431,
        atlas_size=720,
        filters=FilterFacts(lesion_types=(lesion_type,), max_size_mm=40),
        asked_k=8,
        duration_ms=12,
        synthetic_atlas=True,
        synthetic_study=False,
    )
    return ReportContent(
        **{
            "written": datetime(2026, 3, 1, 9, 30, tzinfo=UTC),
            "study": StudyFacts(facts=study, series=1, warnings=("Slices are unevenly spaced.",)),
            "study_key": "s-0123456789ab",
            "series_key": "s-ba9876543210",
            "patient_key": "p-00112233aabb",
            "regions": (
                RegionReport(
                    facts=first,
                    image=make_png(),
                    search=search,
                    hit_thumbnails={hit.lesion_id: make_png(hit.rank) for hit in hits[:-1]},
                    outline_px=OUTLINE,
                ),
                RegionReport(facts=second),
            ),
            "encoder_fingerprint": "f" * 64,
            "atlas_name": "demo",
            "program_version": "0.1.0",
            **changes,
        }
    )


class Page(HTMLParser):
    """Every tag, its attributes, and the text a person sees."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.seen = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("style", "title"):
            self.seen += data + "\n"


# -- all formats


@pytest.mark.parametrize("format", ["html", "json", "dicom-sr"])
def test_a_second_report_does_not_replace_the_first(format: Any, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    first = write_report(make_report(), format, folder)
    before = first.read_bytes()
    second = write_report(make_report(lesion_type="lung"), format, folder)
    assert first != second
    assert first.read_bytes() == before
    assert first.parent == second.parent == folder


@pytest.mark.parametrize("format", ["html", "json", "dicom-sr"])
def test_a_report_without_regions_says_what_to_do(format: Any, tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="click a lesion"):
        write_report(make_report(regions=()), format, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_format_names_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="html, json, dicom-sr") as raised:
        write_report(make_report(), "pdf", tmp_path)  # type: ignore[arg-type]
    assert isinstance(raised.value, LesionSearchError)


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ReportError, match="cannot be written"):
        write_report(make_report(), "html", tmp_path / "file")


@pytest.mark.parametrize("format", ["html", "json", "dicom-sr"])
def test_writing_needs_no_network(format: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("a report asked for the network")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert write_report(make_report(), format, tmp_path).stat().st_size > 1000


def test_a_tree_that_is_not_installed_knows_its_version(monkeypatch: pytest.MonkeyPatch) -> None:
    import tools.report.write as write

    def missing(name: str) -> str:
        raise PackageNotFoundError(name)

    installed = write.program_version()
    monkeypatch.setattr(write, "version", missing)
    assert write.program_version() == installed


def test_highdicom_is_loaded_only_for_dicom() -> None:
    code = "import sys, tools.report.write; sys.exit('highdicom' in sys.modules or 'pydicom' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_picture_must_be_png() -> None:
    facts = make_report().regions[0].facts
    with pytest.raises(ValidationError, match="not a PNG"):
        RegionReport(facts=facts, image=b"<svg onload='alert(1)'/>")


# -- HTML


def test_the_page_says_what_was_measured_and_found(tmp_path: Path) -> None:
    path = write_report(make_report(), "html", tmp_path)
    page = Page(path.read_text(encoding="utf-8"))
    assert page.open == []
    for shown in (
        "Region R1", "Slice 12 of 40 · outlined from a click", "23.4 mm", "17.1 mm", "311 mm²", "41 HU", "-7 HU",
        "Region R2", "suggested by the program", "82 %", "liver-0001", "0.980", "11.5 mm · M · 41 y",
        "p-000000000001", "Match confidence: high.", "Slices are unevenly spaced.", "f" * 64, "0.70 × 0.70 mm",
        "synthetic teaching lesions only", "other patients · types liver · size to 40 mm", "2026-03-01 09:30 UTC",
    ):  # fmt: skip
        assert shown in page.seen, shown
    assert page.seen.count(NOTICE) == 1


def test_the_page_stands_alone(tmp_path: Path) -> None:
    text = write_report(make_report(), "html", tmp_path).read_text(encoding="utf-8")
    page = Page(text)
    assert {name for name, _ in page.tags} & {"script", "link", "iframe", "object", "form", "a", "base"} == set()
    assert not re.search(r"https?:|@import|url\(", text)
    sources = [attrs["src"] for name, attrs in page.tags if name == "img"]
    assert len(sources) == 8
    for source in sources:
        assert source is not None
        head, _, data = source.partition(",")
        assert head == "data:image/png;base64"
        assert base64.b64decode(data, validate=True).startswith(b"\x89PNG")
    policy = next(attrs["content"] for name, attrs in page.tags if "http-equiv" in attrs)
    assert policy is not None
    assert policy.startswith("default-src 'none'")


def test_a_hostile_type_is_only_text(tmp_path: Path) -> None:
    text = write_report(make_report(lesion_type=HOSTILE, atlas_name=HOSTILE), "html", tmp_path).read_text("utf-8")
    assert "<script" not in text.casefold()
    assert "\x00" not in text
    assert "\u202e" not in text
    page = Page(text)
    assert "<script>alert('x')</script>" in page.seen
    plain = Page(write_report(make_report(), "html", tmp_path).read_text("utf-8"))
    assert [name for name, _ in page.tags] == [name for name, _ in plain.tags]


def test_a_name_is_no_template(tmp_path: Path) -> None:
    name = "{{ 7 * 7 }}{% if true %}{# lung #}"
    assert name in Page(write_report(make_report(atlas_name=name), "html", tmp_path).read_text("utf-8")).seen


@given(st.text(max_size=30))
def test_no_name_changes_the_structure_of_the_page(name: str) -> None:
    from tools.report.html import to_html

    tags = [tag for tag, _ in Page(to_html(make_report(lesion_type=name))).tags]
    assert tags == [tag for tag, _ in Page(to_html(make_report())).tags]


def test_where_nothing_is_similar_the_page_guesses_no_type(tmp_path: Path) -> None:
    page = Page(write_report(make_report(confidence="none"), "html", tmp_path).read_text("utf-8"))
    assert "Nothing similar enough" in page.seen
    assert "82 %" not in page.seen
    assert "liver-0001" in page.seen


@pytest.mark.parametrize(
    ("confidence", "limit", "said"),
    [
        ("low", "synthetic atlas", "Match confidence: low, because the atlas is synthetic and this study is not."),
        ("none", "body part", "No type is named, because the atlas holds no lesions of this body part;"),
    ],
)
def test_what_keeps_the_confidence_low_is_in_the_report(tmp_path: Path, confidence: str, limit: str, said: str) -> None:
    report = make_report(confidence=confidence, confidence_limit=limit)
    assert said in Page(write_report(report, "html", tmp_path).read_text("utf-8")).seen
    _, groups = read_groups(write_report(report, "dicom-sr", tmp_path))
    assert dict(texts(groups[0]))["Why the confidence is no higher"] in said


def test_without_spacing_the_page_gives_no_size(tmp_path: Path) -> None:
    page = Page(write_report(make_report(spacing=False), "html", tmp_path).read_text("utf-8"))
    assert "gives no pixel spacing" in page.seen
    assert "Long axis" not in page.seen
    assert "Area" not in page.seen


def test_values_that_are_not_hu_are_not_called_so(tmp_path: Path) -> None:
    page = Page(write_report(make_report(modality="MR", units="arbitrary"), "html", tmp_path).read_text("utf-8"))
    assert "not HU" in page.seen
    assert " HU\n" not in page.seen


# -- JSON


def test_json_reads_back_as_the_same_report(tmp_path: Path) -> None:
    report = make_report(lesion_type=HOSTILE)
    text = write_report(report, "json", tmp_path).read_text("utf-8")
    assert ReportContent.model_validate_json(text) == report


def test_json_follows_its_schema_and_says_its_version(tmp_path: Path) -> None:
    import json

    jsonschema = pytest.importorskip("jsonschema")
    document = json.loads(write_report(make_report(), "json", tmp_path).read_text("utf-8"))
    jsonschema.validate(document, ReportContent.model_json_schema(mode="serialization"))
    assert (document["schema_name"], document["schema_version"]) == ("lesion-search-report", 1)
    assert document["notice"] == NOTICE
    assert document["regions"][0]["facts"]["slice"] == 12
    assert base64.b64decode(document["regions"][0]["image"]) == make_png()
    assert document["regions"][1]["search"] is None


def test_json_of_another_version_is_refused(tmp_path: Path) -> None:
    text = write_report(make_report(), "json", tmp_path).read_text("utf-8")
    with pytest.raises(ValidationError):
        ReportContent.model_validate_json(text.replace('"schema_version": 1', '"schema_version": 2'))


# -- DICOM SR


def read_groups(path: Path) -> tuple[Any, list[Any]]:
    """The document and its measurement groups, in order of region."""
    document = hd.sr.srread(path)
    groups = [
        *document.content.get_planar_roi_measurement_groups(),
        *document.content.get_image_measurement_groups(),
    ]
    return document, groups


def measured(group: Any) -> dict[tuple[str, str | None], tuple[float, str]]:
    """(name, derivation) to (value, UCUM unit)."""
    found = {}
    for item in group.get_measurements():
        derivation = item.derivation.meaning if item.derivation is not None else None
        found[item.name.meaning, derivation] = (float(item.value), item.unit.value)
    return found


def texts(group: Any) -> list[tuple[str, str]]:
    items = group[0].ContentSequence
    return [(item.ConceptNameCodeSequence[0].CodeMeaning, item.TextValue) for item in items if item.ValueType == "TEXT"]


def test_sr_holds_the_measurements_with_their_units(tmp_path: Path) -> None:
    document, groups = read_groups(write_report(make_report(), "dicom-sr", tmp_path))
    assert isinstance(document, hd.sr.Comprehensive3DSR)
    assert [group.tracking_identifier for group in groups] == ["R1", "R2"]
    assert measured(groups[0]) == {
        ("Long axis", None): (23.4, "mm"),
        ("Short axis", None): (17.1, "mm"),
        ("Area", None): (311, "mm2"),
        ("Attenuation Coefficient", "Mean"): (41, "[hnsf'U]"),
        ("Attenuation Coefficient", "Standard Deviation"): (12, "[hnsf'U]"),
        ("Attenuation Coefficient", "Minimum"): (-7, "[hnsf'U]"),
        ("Attenuation Coefficient", "Maximum"): (88, "[hnsf'U]"),
    }
    assert measured(groups[1])["Attenuation Coefficient", "Minimum"] == (-990, "[hnsf'U]")
    assert groups[0].get_measurements(codes.SCT.LongAxis)[0].value == 23.4
    assert all(not group.finding_sites for group in groups)


def test_sr_holds_the_similar_lesions_and_the_votes(tmp_path: Path) -> None:
    _, groups = read_groups(write_report(make_report(), "dicom-sr", tmp_path))
    said = texts(groups[0])
    assert ("Slice, counted from 1", "12 of 40") in said
    assert ("Vote for a lesion type", "liver: 0.820") in said
    similar = [text for name, text in said if name == "Similar atlas lesion"]
    assert len(similar) == 8
    assert similar[0] == "1. liver-0001 · liver · similarity 0.980 · 11.5 mm · M · 41 y · patient p-000000000001"
    coded = {item.name.meaning: item.value.meaning for item in groups[0].get_qualitative_evaluations()}
    assert coded == {"Origin of the region": "outlined from a click", "Confidence of the match": "high"}
    assert not [name for name, _ in texts(groups[1]) if name == "Similar atlas lesion"]


def test_sr_guesses_no_type_where_nothing_is_similar(tmp_path: Path) -> None:
    _, groups = read_groups(write_report(make_report(confidence="none"), "dicom-sr", tmp_path))
    assert "Vote for a lesion type" not in dict(texts(groups[0]))
    assert "Similar atlas lesion" in dict(texts(groups[0]))


def test_sr_outline_is_closed_and_counted_from_the_pixel_corner(tmp_path: Path) -> None:
    document, groups = read_groups(write_report(make_report(), "dicom-sr", tmp_path))
    region = groups[0].roi
    assert region.graphic_type == hd.sr.GraphicTypeValues.POLYLINE
    np.testing.assert_allclose(region.value, np.array([*OUTLINE, OUTLINE[0]]))
    referenced = region.ContentSequence[0].ReferencedSOPSequence[0].ReferencedSOPInstanceUID
    evidence = document.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence[0].ReferencedSOPSequence
    assert len(evidence) == 2
    assert referenced in {item.ReferencedSOPInstanceUID for item in evidence}


@pytest.mark.parametrize("outline", [(), OUTLINE, (*OUTLINE, OUTLINE[0])])
def test_sr_takes_outlines_open_closed_or_missing(outline: Any, tmp_path: Path) -> None:
    report = make_report()
    region = report.regions[0].model_copy(update={"outline_px": outline})
    _, groups = read_groups(write_report(report.model_copy(update={"regions": (region,)}), "dicom-sr", tmp_path))
    assert measured(groups[0])["Long axis", None] == (23.4, "mm")
    if outline:
        assert len(groups[0].roi.value) == 5


def test_sr_without_spacing_has_no_lengths(tmp_path: Path) -> None:
    _, groups = read_groups(write_report(make_report(spacing=False), "dicom-sr", tmp_path))
    assert {name for name, _ in measured(groups[0])} == {"Attenuation Coefficient"}


def test_sr_of_other_modalities_claims_no_hu(tmp_path: Path) -> None:
    report = make_report(modality="US", units="arbitrary")
    _, groups = read_groups(write_report(report, "dicom-sr", tmp_path))
    assert measured(groups[0])["Pixel value", "Mean"] == (41, "1")


def walk(item: Any) -> Any:
    yield item
    for child in item.get("ContentSequence", []):
        yield from walk(child)


def test_sr_is_a_sound_content_tree(tmp_path: Path) -> None:
    document = pydicom.dcmread(write_report(make_report(lesion_type=HOSTILE), "dicom-sr", tmp_path))
    assert document.SOPClassUID == "1.2.840.10008.5.1.4.1.1.88.34"
    assert document.Modality == "SR"
    assert document.ContentTemplateSequence[0].TemplateIdentifier == "1500"
    assert (document.CompletionFlag, document.VerificationFlag) == ("COMPLETE", "UNVERIFIED")
    assert document.SeriesDescription == NOTICE
    values = {
        "TEXT": "TextValue", "NUM": "MeasuredValueSequence", "CODE": "ConceptCodeSequence", "UIDREF": "UID",
        "SCOORD": "GraphicData", "IMAGE": "ReferencedSOPSequence", "CONTAINER": "ContinuityOfContent",
    }  # fmt: skip
    private = set()
    for node in walk(document):
        assert values[node.ValueType] in node
        if node is not document:
            assert node.RelationshipType
        for concept in (*node.get("ConceptNameCodeSequence", []), *node.get("ConceptCodeSequence", [])):
            assert 0 < len(concept.CodeValue) <= 16
            assert 0 < len(concept.CodeMeaning) <= 64
            private |= {concept.CodingSchemeDesignator} & {"99LESIONSEARCH"}
        if node.ValueType == "TEXT":
            assert node.TextValue.isprintable()
    assert private == {item.CodingSchemeDesignator for item in document.CodingSchemeIdentificationSequence}
    for element in document.iterall():
        if element.VR == "UI" and element.keyword != "UID":
            assert pydicom.uid.UID(element.value).is_valid


def test_sr_is_marked_deidentified_and_names_nobody(tmp_path: Path) -> None:
    document = pydicom.dcmread(write_report(make_report(), "dicom-sr", tmp_path))
    assert document.PatientIdentityRemoved == "YES"
    assert document.DeidentificationMethod
    assert document.PatientName.family_name == "ANONYMOUS"
    assert document.PatientID == "p-00112233aabb"
    assert (document.PatientSex, document.PatientAge) == ("F", "061Y")
    for keyword in (
        "PatientBirthDate", "StudyDate", "StudyTime", "AccessionNumber", "StudyID", "ReferringPhysicianName",
        "InstitutionName", "StationName",
    ):  # fmt: skip
        assert not document.get(keyword), keyword
    for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"):
        assert document[keyword].value.startswith("2.25.")


def test_sr_of_the_same_study_points_at_the_same_images_and_regions(tmp_path: Path) -> None:
    first, first_groups = read_groups(write_report(make_report(), "dicom-sr", tmp_path))
    again, again_groups = read_groups(write_report(make_report(), "dicom-sr", tmp_path))
    other, other_groups = read_groups(write_report(make_report(series_key="s-other"), "dicom-sr", tmp_path))
    assert first.SOPInstanceUID != again.SOPInstanceUID
    assert first.StudyInstanceUID == again.StudyInstanceUID
    uids = [[group.tracking_uid for group in groups] for groups in (first_groups, again_groups, other_groups)]
    assert uids[0] == uids[1]
    assert not set(uids[0]) & set(uids[2])
    assert other.StudyInstanceUID == first.StudyInstanceUID
    evidence = [
        document.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence[0].SeriesInstanceUID
        for document in (first, again, other)
    ]
    assert evidence[0] == evidence[1] != evidence[2]


def test_sr_without_a_patient_is_anonymous(tmp_path: Path) -> None:
    document = pydicom.dcmread(write_report(make_report(patient_key=None), "dicom-sr", tmp_path))
    assert document.PatientID == "ANONYMOUS"
