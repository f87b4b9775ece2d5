"""The page as it reads, and as a hostile name cannot change it."""

import base64
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tools.report.sample_report import HOSTILE, Page, make_report
from tools.report.content import NOTICE
from tools.report.write import write_report


def test_the_page_says_what_was_measured_and_found(tmp_path: Path) -> None:
    path = write_report(make_report(), "html", tmp_path)
    page = Page(path.read_text(encoding="utf-8"))
    assert page.open == []
    for shown in (
        "Region R1", "Slice 12 of 40 · outlined from a click", "23.4 mm", "17.1 mm", "311 mm²", "41 HU", "-7 HU",
        "Region R2", "suggested by the program", "82%", "liver-0001", "0.98", "11.5 mm · M · 41 y",
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
    assert "82%" not in page.seen
    assert "liver-0001" in page.seen


def test_without_spacing_the_page_gives_no_size(tmp_path: Path) -> None:
    page = Page(write_report(make_report(spacing=False), "html", tmp_path).read_text("utf-8"))
    assert "gives no pixel spacing" in page.seen
    assert "Long axis" not in page.seen
    assert "Area" not in page.seen


def test_values_that_are_not_hu_are_not_called_so(tmp_path: Path) -> None:
    page = Page(write_report(make_report(modality="MR", units="arbitrary"), "html", tmp_path).read_text("utf-8"))
    assert "not HU" in page.seen
    assert " HU\n" not in page.seen
    assert "Mean" not in page.seen


def test_what_series_it_is_and_what_was_lost_of_it_is_said(tmp_path: Path) -> None:
    facts = {"plane": "coronal", "kernel": "sharp", "years_before_newest": 6.2, "lossy": True, "lossy_ratio": 10}

    page = Page(write_report(make_report(series_facts=facts), "html", tmp_path).read_text("utf-8"))

    assert "coronal, sharp kernel, 6 years earlier" in page.seen
    assert "lossy, about 10:1" in page.seen
    assert "may be off: the images were compressed with loss" in page.seen


def test_an_age_over_89_is_not_given(tmp_path: Path) -> None:
    page = Page(write_report(make_report(age_years=90), "html", tmp_path).read_text("utf-8"))

    assert "90 years or older" in page.seen


@pytest.mark.parametrize(
    ("outline", "words"),
    [("unsure", "outline is unsure"), ("box", "box itself, not a measured lesion"), ("disc", "disc")],
)
def test_the_page_says_beside_the_numbers_what_they_are_of(tmp_path: Path, outline: str, words: str) -> None:
    page = Page(write_report(make_report(outline=outline), "html", tmp_path).read_text("utf-8"))
    assert words in page.seen
    assert words not in Page(write_report(make_report(), "html", tmp_path).read_text("utf-8")).seen
