"""Notes in Markdown and plain text: what they say, and that what they quote stays text."""

from pathlib import Path

from tests.tools.report.sample_report import HOSTILE, make_report
from tools.report.content import NOTICE, AnnotationReport
from tools.report.note import TEXT_WIDTH, to_markdown, to_text
from tools.report.write import write_report

SAID = (
    NOTICE, "Region R1", "12 of 40", "23.4 mm", "17.1 mm", "41 HU", "Slices are unevenly spaced.", "82%", "liver-0001",
    "11.5 mm · M · 41 y", "8 of 8 hits are liver", "outlined from a click", "suggested by lesion-search",
    "demo", "2026-03-01 09:30 UTC",
)  # fmt: skip


def test_both_notes_say_what_the_page_says(tmp_path: Path) -> None:
    for format, name in (("text", ".txt"), ("markdown", ".md")):
        path = write_report(make_report(), format, tmp_path)  # type: ignore[arg-type]
        assert path.suffix == name
        said = " ".join(path.read_text("utf-8").replace("\\", "").split()).casefold()
        missing = [words for words in SAID if words.casefold() not in said]
        assert missing == []


def test_plain_text_fits_a_record_system() -> None:
    lines = to_text(make_report(lesion_type=HOSTILE)).splitlines()
    assert max(len(line) for line in lines) <= TEXT_WIDTH
    assert all(line.isprintable() for line in lines)


def test_names_are_no_markup() -> None:
    note = to_markdown(make_report(lesion_type="# **x** [a](http://b) <script>", atlas_name="`c`\n# d"))
    assert "\\# \\*\\*x\\*\\* \\[a\\]\\(http://b\\) \\<script\\>" in note
    assert [line for line in note.splitlines() if line.startswith("#")] == [
        "# Lesion Search report", "## Study", "## Region R1", "### Votes by lesion type", "### Similar atlas lesions",
        "## Region R2", "## How this was made",
    ]  # fmt: skip


def test_where_nothing_is_similar_no_note_names_a_type() -> None:
    for note in (to_text(make_report(confidence="none")), to_markdown(make_report(confidence="none"))):
        assert "Nothing similar enough" in " ".join(note.split())
        assert "82%" not in note


def test_an_angle_or_a_length_without_spacing_says_so() -> None:
    drawn = (
        AnnotationReport(annotation_id="M1", slice=3, kind="angle", points_px=((0, 0), (1, 1), (2, 0))),
        AnnotationReport(annotation_id="M2", slice=3, kind="length", points_px=((0, 0), (1, 1)), length_mm=12.5),
    )
    note = to_text(make_report(annotations=drawn))
    assert "M1  slice 3: angle unknown: no pixel spacing" in note
    assert "M2  slice 3: length 12.5 mm" in note
