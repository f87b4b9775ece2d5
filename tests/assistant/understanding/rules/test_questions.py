"""Questions about the series on the screen, and words for another series or an image of the file."""

import pytest

from assistant.core.requests import HitRef, Request
from assistant.core.turn_state import PastSearch, TurnState
from assistant.understanding.rules.intent_of_clause import declined, likely_intent, names_disease
from assistant.understanding.rules.parser import understand
from tests.assistant.facts import TYPES
from tests.assistant.planning.test_planner import R1, STUDY, search_facts, state
from tools.domain.facts import SeriesFacts

STATE = TurnState(study=STUDY, regions=(R1,), selected="R1", atlas_types=TYPES, atlas_size=612)
SEARCHED = STATE.model_copy(
    update={"searches": (PastSearch(evidence=1, args={"region_id": "R1"}, facts=search_facts({"region_id": "R1"})),)}
)
ASKED = (
    ("Which slice is R1 on?", "measure", "slice"),
    ("On what slice is it?", "measure", "slice"),
    ("Which image number is that in the PACS?", "measure", "slice"),
    ("Where is R1?", "measure", "slice"),
    ("I see image 22 of 24 on the PACS, is that the same slice?", "find_image", "22"),
    ("In our PACS it's image #22. Is that the same slice?", "find_image", "22"),
    ("image 22", "find_image", "22"),
    ("go to image number 7", "find_image", "7"),
    ("What image number is slice 12 on the PACS?", "find_image", "slice 12"),
    ("When was this scan done?", "describe_study", "date"),
    ("What's the date of the scan?", "describe_study", "date"),
    ("how old is this CT", "describe_study", "date"),
    ("Arterial or portal venous?", "describe_study", "phase"),
    ("Is this the venous phase?", "describe_study", "phase"),
    ("Axial or coronal?", "describe_study", "plane"),
    ("what plane is this", "describe_study", "plane"),
    ("Is this lossy compressed?", "describe_study", "lossy"),
    ("Are these JPEGs, was it compressed?", "describe_study", "lossy"),
    ("which kernel", "describe_study", "kernel"),
    ("How thick are the slices?", "describe_study", "thickness"),
    ("is it contrast enhanced", "describe_study", "contrast"),
    ("Is this a MIP?", "describe_study", "kind"),
    ("Which kernel, and is it axial or coronal?", "describe_study", "kernel+plane"),
    ("Slice thickness, and how old is the patient?", "describe_study", "thickness+all"),
    ("How many series are there?", "describe_study", "series"),
    ("Switch to the other series", "select_series", "other"),
    ("please show me the coronal series", "select_series", "coronal"),
    ("series 2", "select_series", "2"),
    ("back to the first series", "select_series", "1"),
    ("the prior", "select_series", "prior"),
    ("Show me the previous examination, please", "select_series", "prior"),
)
NOT_ASKED = (
    ("Has it grown since the prior?", "out_of_scope"),
    ("When should she be scanned again?", "out_of_scope"),
    ("the other one", "refine"),
    ("go back", "undo"),
    ("find similar lesions", "search"),
    ("only women", "refine"),
    ("What does this look like?", "what"),
    ("measure the axial diameter", "measure"),
    ("contrast it with the closest hit", "compare"),
)


@pytest.mark.parametrize(("message", "intent", "topic"), ASKED)
def test_what_is_asked_of_the_study(message: str, intent: str, topic: str) -> None:
    requests = understand(message, STATE)
    assert [(r.intent, r.topic) for r in requests] == [(intent, topic)]


@pytest.mark.parametrize(("message", "intent"), NOT_ASKED)
def test_what_is_asked_of_something_else(message: str, intent: str) -> None:
    requests = understand(message, STATE)
    assert [r.intent for r in requests] == [intent]


def test_after_a_search_image_3_is_the_third_hit_unless_another_viewer_is_named() -> None:
    assert [r.intent for r in understand("show me image 3", SEARCHED)] != ["find_image"]
    assert [r.intent for r in understand("is that image 3 on the PACS", SEARCHED)] == ["find_image"]
    assert [r.intent for r in understand("show me image 17", SEARCHED)] == ["find_image"]


def test_a_plane_alone_names_a_series_where_there_are_several() -> None:
    both = tuple(SeriesFacts(number=n, slices=9, modality="CT") for n in (1, 2))
    assert [r.intent for r in understand("coronal", STATE)] == ["describe_study"]
    assert [r.intent for r in understand("coronal", STATE.model_copy(update={"series": both}))] == ["select_series"]


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
