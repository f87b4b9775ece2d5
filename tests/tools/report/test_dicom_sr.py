"""The DICOM structured report, read back."""

from pathlib import Path
from typing import Any

import highdicom as hd
import numpy as np
import pydicom
import pytest
from pydicom.sr.codedict import codes

from tests.tools.report.sample_report import HOSTILE, OUTLINE, make_report, read_groups, texts
from tools.report.content import NOTICE
from tools.report.write import write_report


def measured(group: Any) -> dict[tuple[str, str | None], tuple[float, str]]:
    """(name, derivation) to (value, UCUM unit)."""
    found = {}
    for item in group.get_measurements():
        derivation = item.derivation.meaning if item.derivation is not None else None
        found[item.name.meaning, derivation] = (float(item.value), item.unit.value)
    return found


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


def test_sr_says_what_was_lost(tmp_path: Path) -> None:
    facts = {"lossy": True, "lossy_ratio": 10}
    _, groups = read_groups(write_report(make_report(series_facts=facts), "dicom-sr", tmp_path))

    assert ("Lossy compression", "compressed with loss about 10:1: densities may be off") in texts(groups[0])


def test_sr_says_what_its_numbers_are_of(tmp_path: Path) -> None:
    _, groups = read_groups(write_report(make_report(outline="box"), "dicom-sr", tmp_path))
    said = "nothing stands out in the box: this is the box itself, not a measured lesion"
    assert ("Outline", said) in texts(groups[0])
    assert "Outline" not in dict(texts(groups[1]))


@pytest.mark.parametrize(("age_years", "stated"), [(61, "061Y"), (90, "")])
def test_sr_has_no_age_over_89(tmp_path: Path, age_years: int, stated: str) -> None:
    document = pydicom.dcmread(write_report(make_report(age_years=age_years), "dicom-sr", tmp_path))

    assert document.get("PatientAge", "") == stated


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
