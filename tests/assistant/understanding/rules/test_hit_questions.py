"""What the same words ask before and after a search, what is declined, and what is a remark beside a request."""

import pytest

from assistant.core.requests import HitRef, Request
from assistant.understanding.rules.intent_patterns import likely_intent
from assistant.understanding.rules.out_of_scope import declined, names_disease
from assistant.understanding.rules.parser import understand
from tests.assistant.planning.test_planner import R1, state


def read(message: str, *, hits: bool) -> list[Request]:
    return list(understand(message, state(R1, searched={}) if hits else state(R1)))


@pytest.mark.parametrize(
    ("message", "before", "after"),
    [
        ("how many women are there", "atlas", "count_hits"),
        ("are there any gentlemen among these?", None, "count_hits"),
        ("lung ones: how many among these?", None, "count_hits"),
        ("what am I restricting to right now?", None, "filters"),
        ("are we still limited to women?", None, "filters"),
        ("my region and hit 2, what do they share?", None, "compare"),
        ("how many lesions does the atlas hold?", "atlas", "atlas"),
        ("how many slices are there?", "describe_study", "describe_study"),
    ],
)
def test_hits_on_the_screen_change_what_is_asked(message: str, before: str | None, after: str) -> None:
    assert [r.intent for r in read(message, hits=True)] == [after]
    if before:
        assert [r.intent for r in read(message, hits=False)] == [before]


@pytest.mark.parametrize(
    ("message", "intents"),
    [
        ("would you bet on it? seriously, how confident are you", ["how_sure"]),
        ("two last things: details on number 4 and how sure you are", ["describe_lesion", "how_sure"]),
        ("find similar ones in the bone, and do you reckon she needs surgery", ["search", "out_of_scope"]),
        ("its size please, for my report table", ["measure"]),
        ("who won the match last night", ["unknown"]),
        ("morning! third coffee here", ["greeting"]),
    ],
)
def test_one_request_for_each_thing_that_is_asked(message: str, intents: list[str]) -> None:
    assert [r.intent for r in read(message, hits=True)] == intents


def test_what_was_pointed_at_is_kept() -> None:
    (biggest,) = read("which one is the biggest?", hits=True)
    assert biggest.hits == (HitRef("largest"),)
    (called_off,) = read("compare it with hit 3... oh don't bother, just give me the facts", hits=True)
    assert (called_off.intent, called_off.hits) == ("refine", (HitRef("rank", n=3),))


@pytest.mark.parametrize(
    ("clause", "topic"),
    [
        ("is it going to kill him", "prognosis"),
        ("any change against the prior", "growth"),
        ("final dx please", "diagnosis"),
        ("when do i have to scan him again", "next step"),
        ("do you know who he is", "identity"),
        ("which organ is this?", "organ"),
        ("which organ would you put it in", ""),
        ("only grown-ups", ""),
        ("people whose lesions stay under 20 mm", ""),
        ("similar ones in her last scan", ""),
    ],
)
def test_what_is_declined(clause: str, topic: str) -> None:
    assert declined(clause) == topic


def test_of_a_hit_age_and_sex_may_be_asked_but_no_name() -> None:
    assert declined("who is the woman behind", about_hit=True) == ""
    assert declined("who is the woman behind, what is her name", about_hit=True) == "identity"
    assert names_disease("find malignant liver lesions")


def test_a_single_word_tells_what_fits_no_pattern() -> None:
    assert likely_intent("percent certain, you?", searched=True) == "how_sure"
    assert likely_intent("percent certain, you?", searched=False) == "unknown"
    assert likely_intent("lalala", searched=True) == "unknown"


@pytest.mark.parametrize(
    ("message", "format"),
    [
        ("write a report as markdown", "markdown"),
        ("Report as plain text, please", "text"),
        ("plain text please", "text"),
        ("as DICOM SEG", "dicom-seg"),
        ("export the segmentation", "dicom-seg"),
        ("dicom sr please", "dicom-sr"),
        ("write a report", ""),
    ],
)
def test_a_report_is_asked_for_by_its_format(message: str, format: str) -> None:
    assert [(one.intent, one.topic) for one in read(message, hits=True)] == [("report", format)]
