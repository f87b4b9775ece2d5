"""A name, a row said before its column, and conditions of suggestions are taken from the words of a message."""

import pytest

from assistant.core.requests import Request
from assistant.planning.planner import plan_turn
from assistant.understanding.ensemble import read_message
from assistant.understanding.words_of_message import given_name, is_foreign, with_conditions, with_words
from assistant.wording.fixed_sentences import IN_ENGLISH
from tests.assistant.planning.test_planner import STUDY, state

FOREIGN = (
    "zeige ähnliche Läsionen in der Leber", "nur Frauen über 60", "montre des lésions semblables", "mide esto",
    "solo mujeres mayores de 60", "mostrami lesioni simili", "mostre lesões semelhantes",
)  # fmt: skip


@pytest.mark.parametrize(
    ("message", "name"),
    [
        ("rename R1 to left adrenal", "left adrenal"),
        ('call R2 "index lesion" please', "index lesion"),
        ("R1 please rename as left upper nodule.", "left upper nodule"),
        ("as for R2, call it index lesion", "index lesion"),
        ("the second region should be renamed to “follow up”", "follow up"),
        ("give the region the name 'exam question 3'", "exam question 3"),
        ("name R1 target A, please", "target A"),
        ("rename R1", ""),
    ],
)
def test_a_name_is_what_was_said(message: str, name: str) -> None:
    assert given_name(message) == name


def test_a_name_ends_where_the_next_request_begins() -> None:
    assert given_name("rename R1 to cyst and measure it", alone=False) == "cyst"
    assert given_name("rename R1 to left and right edge") == "left and right edge"


def test_a_deletion_that_is_undone_is_told_from_a_search() -> None:
    assert with_words(Request("undo"), "undo the deletion", True).topic == "region"
    assert with_words(Request("undo"), "undo", True).topic == ""
    assert with_words(Request("undo"), "undo the deleted filter", True).topic == ""


def test_a_report_as_seg_is_none_as_sr() -> None:
    assert with_words(Request("report", topic="dicom-sr"), "write a report as DICOM SEG", True).topic == "dicom-seg"
    assert with_words(Request("report", topic="dicom-sr"), "write a report as DICOM SR", True).topic == "dicom-sr"


def test_a_row_said_first_is_the_row() -> None:
    asked = Request("density", point=(120, 96))
    assert with_words(asked, "HU at row 120, column 96", True).point == (96, 120)
    assert with_words(asked, "HU at column 120, row 96", True).point == (120, 96)
    assert with_words(asked, "HU at 120, 96", True).point == (120, 96)
    on_slice = with_words(asked, "HU at 120, 96 on slice 3", True)
    assert (on_slice.point, on_slice.slice) == ((120, 96), 3)


@pytest.mark.parametrize(
    ("message", "unkept"),
    [
        ("anything suspicious in the liver?", ("organ",)),
        ("suggest places", ()),
        ("lung window, and suggest places", ()),
        ("any enlarged nodes?", ("nodes",)),
    ],
)
def test_conditions_of_suggestions_that_cannot_be_kept_are_noted(message: str, unkept: tuple[str, ...]) -> None:
    (request,) = with_conditions((Request("find_regions"),), message)
    assert request.unkept == unkept


def test_enlarged_nodes_are_looked_for_in_the_scan_unless_the_atlas_is_meant() -> None:
    asked = (Request("search"),)
    assert with_conditions((Request("explain"),), "any enlarged nodes?")[0].intent == "find_regions"
    assert with_conditions(asked, "find enlarged lymph nodes")[0].intent == "find_regions"
    for of_atlas in ("show similar enlarged nodes", "enlarged nodes in people the age of my patient"):
        assert with_conditions(asked, of_atlas) == asked


@pytest.mark.parametrize("message", FOREIGN)
def test_another_language_is_known_by_its_common_words(message):
    assert is_foreign(message)


@pytest.mark.parametrize("message", ["similar lesions in women", "lung?", "R2", "W 400 L 40", "¿?"])
def test_english_and_what_says_nothing_is_not(message):
    assert not is_foreign(message)


def test_what_is_asked_in_another_language_is_answered_in_english_and_told():
    requests = read_message("ist das bösartig?", state().model_copy(update={"study": STUDY}))
    assert plan_turn(requests, state(), {}).text.endswith(IN_ENGLISH)
