"""Reports of every format as files, and the JSON document read back."""

import base64
import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from encoder.errors import LesionSearchError
from tests.tools.report.sample_report import HOSTILE, OUTLINE, Page, make_png, make_report, read_groups, texts
from tools.domain.facts import ReportFormat
from tools.report.content import (
    NOTICE,
    AnnotationReport,
    CloseUp,
    RegionReport,
    ReportContent,
    ReportError,
    SliceOutline,
)
from tools.report.schema import PUBLISHED, schema_text
from tools.report.write import write_report


@pytest.mark.parametrize("format", list(get_args(ReportFormat)))
def test_a_second_report_does_not_replace_the_first(format: Any, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    first = write_report(make_report(), format, folder)
    before = first.read_bytes()
    second = write_report(make_report(lesion_type="lung"), format, folder)
    assert first != second
    assert first.read_bytes() == before
    assert first.parent == second.parent == folder


@pytest.mark.parametrize("format", list(get_args(ReportFormat)))
def test_a_report_without_regions_says_what_to_do(format: Any, tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="click a lesion"):
        write_report(make_report(regions=()), format, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_format_names_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="html, text, markdown, json, dicom-sr, dicom-seg") as raised:
        write_report(make_report(), "pdf", tmp_path)  # type: ignore[arg-type]
    assert isinstance(raised.value, LesionSearchError)


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ReportError, match="cannot be written"):
        write_report(make_report(), "html", tmp_path / "file")


@pytest.mark.parametrize("format", list(get_args(ReportFormat)))
def test_writing_needs_no_network(format: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("a report asked for the network")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert write_report(make_report(), format, tmp_path).stat().st_size > 1000


def test_highdicom_is_loaded_only_for_dicom() -> None:
    code = "import sys, tools.report.write; sys.exit('highdicom' in sys.modules or 'pydicom' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_picture_must_be_png() -> None:
    facts = make_report().regions[0].facts
    with pytest.raises(ValidationError, match="not a PNG"):
        RegionReport(facts=facts, image=b"<svg onload='alert(1)'/>")


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


def test_json_reads_back_as_the_same_report(tmp_path: Path) -> None:
    report = make_report(lesion_type=HOSTILE)
    text = write_report(report, "json", tmp_path).read_text("utf-8")
    assert ReportContent.model_validate_json(text) == report


def test_every_report_follows_the_published_schema() -> None:
    """Whatever it says: run `python -m tools.report.schema` after a change of what a report holds."""
    assert PUBLISHED.read_text("utf-8") == schema_text()
    schema = Draft202012Validator(json.loads(PUBLISHED.read_text("utf-8")))
    schema.check_schema(schema.schema)
    outline = SliceOutline(slice=12, outline_px=OUTLINE, position_mm=(0, 0, 1))
    picture = CloseUp(png=make_png(), x=1, y=2, width=3, height=4)
    full = make_report().regions[0].model_copy(update={"close_up": picture, "volume_outlines": (outline,)})
    drawn = AnnotationReport(annotation_id="M1", slice=3, kind="length", points_px=((0, 0), (1, 1)), image=make_png())
    for report in (
        make_report(),
        make_report(spacing=False, patient_key=None, orientation=None),
        make_report(confidence="none", confidence_limit="body part", lesion_type=HOSTILE),
        make_report(modality="MR", units="arbitrary", series_facts={"lossy": True, "plane": "coronal"}),
        make_report(regions=(full,), annotations=(drawn,)),
    ):
        schema.validate(json.loads(report.model_dump_json()))


def test_the_schema_refuses_what_is_no_report() -> None:
    schema = Draft202012Validator(json.loads(schema_text()))
    document = json.loads(make_report().model_dump_json())
    for change in ({"schema_version": 2}, {"regions": None}, {"patient_name": "x"}):
        assert not schema.is_valid(document | change)


def test_json_says_its_version_and_what_it_holds(tmp_path: Path) -> None:
    document = json.loads(write_report(make_report(), "json", tmp_path).read_text("utf-8"))
    assert (document["schema_name"], document["schema_version"]) == ("lesion-search-report", 1)
    assert document["notice"] == NOTICE
    assert document["regions"][0]["facts"]["slice"] == 12
    assert base64.b64decode(document["regions"][0]["image"]) == make_png()
    assert document["regions"][1]["search"] is None


def test_json_of_another_version_is_refused(tmp_path: Path) -> None:
    text = write_report(make_report(), "json", tmp_path).read_text("utf-8")
    with pytest.raises(ValidationError):
        ReportContent.model_validate_json(text.replace('"schema_version": 1', '"schema_version": 2'))
