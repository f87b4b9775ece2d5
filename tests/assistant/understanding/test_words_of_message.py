"""A name, a row said before its column, and conditions of suggestions are taken from the words of a message."""

import pytest

from assistant.core.requests import FilterSpec, HitRef, RegionRef, Request
from assistant.planning.planner import plan_turn
from assistant.understanding.beside_words import asked_beside
from assistant.understanding.message_reader import read_message
from assistant.understanding.words_of_cases import with_case_words
from assistant.understanding.words_of_message import (
    given_name,
    is_foreign,
    like_the_patient,
    window_said,
    with_conditions,
    with_words,
)
from assistant.wording.fixed_sentences import IN_ENGLISH, NOT_YET
from tests.assistant.planning.test_planner import STUDY, state
from tools.domain.view import OVERLAYS, ViewChange
from tools.domain.windows import DISPLAY_WINDOWS, Window

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


@pytest.mark.parametrize(
    ("message", "beside"),
    [
        ("compare the two series side by side", "other"),
        ("put the other series beside it", "other"),
        ("compare both series", "other"),
        ("show the prior next to it", "prior"),
        ("put the other study beside it", "study"),
        ("series 2 beside this one please", "2"),
        ("show series 1 and 3 side by side", "1+3"),
        ("put the coronal view beside the picture", "coronal"),
        ("show coronal and sagittal", "coronal+sagittal"),
        ("close the other series", ""),
        ("the picture alone", ""),
        ("picture alone", ""),
        ("compare R1 with the closest side by side", None),
        ("side by side with the third hit", None),
        ("show the coronal series", None),
        ("next series", None),
        ("a student beside me sees nothing on this scan", None),
    ],
)
def test_what_is_to_stand_beside_the_picture_is_read(message: str, beside: str | None) -> None:
    assert asked_beside(message) == beside
    read = with_conditions((Request("compare"),), message)
    assert read == ((Request("compare"),) if beside is None else (Request("beside", topic=beside),))


def test_what_else_a_message_asks_for_is_kept() -> None:
    window = Request("view")
    read = with_conditions((window, Request("compare")), "lung window, and put the other series beside it")
    assert read == (window, Request("beside", topic="other"))


@pytest.mark.parametrize(
    ("message", "window"),
    [
        ("W 1500 L -600", (1500, -600)),
        ("w1500 l-600", (1500, -600)),
        ("W 1500, L −600", (1500, -600)),
        ("ww 80 wl 40", (80, 40)),
        ("set the level to -50 and the width to 350", (350, -50)),
        ("window width 400, level 40", (400, 40)),
        ("window 1500/-600", (1500, -600)),
        ("w 1500 l minus 600", (1500, -600)),
        ("lung window, slice 12/30", None),
        ("lung window", None),
        ("W 400", None),
    ],
)
def test_the_numbers_of_a_window_are_those_that_were_said(message: str, window: tuple[int, int] | None) -> None:
    said = window_said(message)
    assert (None if said is None else (said.width_hu, said.level_hu)) == window


def test_a_window_that_was_misread_is_not_shown() -> None:
    misread = Request("view", view=ViewChange(window=Window(1500, -1)))
    read = with_words(misread, "W 1500 L -600", True)
    assert read.view == ViewChange(window=Window(1500, -600))
    assert with_words(misread, "1500 wide around -600", True).topic == "window"
    lung = Request("view", view=ViewChange(window=DISPLAY_WINDOWS["Lung"]))
    assert with_words(lung, "lung window and slice 12 of 30", True) == lung


@pytest.mark.parametrize(
    "message", ["bring R2 back", "I want r2 back", "bring back R2", "restore the deleted R2", "get R 2 back please"]
)
def test_a_region_is_brought_back_by_its_name(message: str) -> None:
    assert with_conditions((Request("undo"),), message) == (
        Request("undo", topic="region", regions=(RegionRef("id", "R2"),)),
    )


def test_a_note_is_a_report_as_text() -> None:
    for message in ("write a note", "save a note", "make a short note of this"):
        assert with_conditions((Request("unknown"),), message) == (Request("report", topic="text"),)
    declined = (Request("out_of_scope", topic="literature"),)
    assert with_conditions(declined, "write a note about the findings") == (Request("report", topic="text"),)
    one = Request("report", topic="text", regions=(RegionRef("id", "R2"),))
    assert with_conditions((Request("refine"),), "dictate a note on R2 only, please") == (one,)
    both = (Request("measure"), Request("report"))
    assert with_conditions(both, "measure it and write a note") == (both[0], Request("report", topic="text"))
    for asked, message in (("edit", "note that it is a cyst"), ("explain", "give me a teaching note on liver lesions")):
        assert with_conditions((Request(asked),), message) == (Request(asked),)


def test_a_report_is_of_the_regions_that_are_named() -> None:
    named = with_words(Request("report", topic="text"), "make a report for R3 as plain text", True)
    assert named == Request("report", topic="text", regions=(RegionRef("id", "R3"),))
    assert with_words(Request("report"), "measure R1 and write a report", False).regions == ()


def test_a_region_that_is_asked_for_is_gone_to() -> None:
    for message in ("show me R2", "select R2", "go to region R2, please"):
        asked = with_conditions((Request("refine"),), message)
        assert asked == (Request("measure", topic="slice", regions=(RegionRef("id", "R2"),)),)
    assert with_conditions((Request("refine"),), "show me hits like R2") == (Request("refine"),)


def test_what_is_said_of_a_case_that_is_named_is_recorded() -> None:
    declined = (Request("out_of_scope", topic="next step"),)
    (edit,) = with_conditions(declined, "Change the confirmation of own-d07d8a5bf405 to follow-up")
    assert (edit.intent, edit.case.confirmed_by, edit.case.lesion_type) == ("edit", "follow-up", None)
    assert edit.hits == (HitRef("id", lesion_id="own-d07d8a5bf405"),)
    assert with_conditions(declined, "should I order a follow-up?") == declined


@pytest.mark.parametrize(
    "message",
    [
        "do you keep my data?",
        "is my data stored anywhere?",
        "where do my images go",
        "who sees the scans?",
        "what happens to the files afterwards?",
        "how long are my uploads kept?",
    ],
)
def test_what_becomes_of_an_upload_is_told(message: str) -> None:
    assert with_conditions((Request("cases"),), message) == (Request("not_yet", topic="data"),)
    assert plan_turn((Request("not_yet", topic="data"),), state(), {}).text == NOT_YET["data"]


@pytest.mark.parametrize(
    "message", ["are these images axial?", "is the scan enhanced?", "how many images are in my data?", "save my images"]
)
def test_other_questions_about_images_stay_as_they_are(message: str) -> None:
    assert with_conditions((Request("describe_study"),), message) == (Request("describe_study"),)


def test_all_that_is_drawn_is_hidden_and_shown_and_nothing_is_redone() -> None:
    [hidden] = with_conditions((Request("refine", cleared=frozenset({"age"})),), "hide everything")
    assert hidden.view == ViewChange(hide=OVERLAYS)
    [shown] = with_conditions((Request("hits"),), "Show everything again, please")
    assert shown.view == ViewChange(show=OVERLAYS)
    assert with_words(Request("undo"), "redo that", True) == Request("not_yet", topic="redo")


def test_a_note_leaves_out_what_it_is_to_and_says_that_own_words_are_not_in_it() -> None:
    read = (Request("report", topic="text"), Request("measure", regions=(RegionRef("id", "R2"),)))
    said = "put R1 in a note with the measurements, as plain text, leave R2 out"
    assert with_conditions(read, said) == (Request("report", regions=(RegionRef("id", "R1"),), topic="text"),)
    assert with_conditions((Request("find_regions"),), "note please") == (Request("report", topic="text"),)
    for message in ("can I have a note on R6 to copy", "I need a text for the patient file about R6"):
        of_r6 = (Request("report", regions=(RegionRef("id", "R6"),), topic="text"),)
        assert with_conditions((Request("not_yet", topic="export"),), message) == of_r6
    told = with_conditions((Request("report"),), "write down a note: R6 is the aorta, normal")
    assert [request.topic for request in told] == ["text", "own words"]


def test_what_is_asked_between_two_regions_is_their_distance_and_other_units_are_told() -> None:
    [asked] = with_conditions((Request("measure"),), "How many millimetres between the two regions I marked?")
    assert asked.intent == "distance"
    asked, told = with_conditions((Request("measure"),), "what's the longest diameter in cm?")
    assert (asked.intent, told.topic) == ("measure", "units")


def test_what_is_kept_while_the_rest_goes_is_accepted() -> None:
    read = (Request("save"), Request("remove", regions=(RegionRef("other"),)))
    assert [r.intent for r in with_conditions(read, "keep that one, bin the rest")] == ["accept", "remove"]
    assert [r.intent for r in with_conditions(read, "keep that one as a cyst, bin the rest")] == ["save", "remove"]


@pytest.mark.parametrize(
    ("request_", "message", "meant"),
    [
        (Request("cases"), "list the hits again", Request("refine", goes_on=True)),
        (Request("measure"), "which is denser, R6 or R7?", Request("measure", topic="density")),
        (Request("out_of_scope", topic="organ"), "standard deviation?", Request("densities")),
        (Request("view", view=ViewChange(window_step="default")), "stroke window", Request("not_yet", topic="window")),
        (Request("view", view=ViewChange(window_step="brighter")), "lower the level by 10",
         Request("not_yet", topic="window")),
        (Request("refine", left_out=("abdomen",)), "and take the abdomen filter out",
         Request("refine", cleared=frozenset({"type"}))),
    ],
)  # fmt: skip
def test_what_the_words_say_is_put_right(request_: Request, message: str, meant: Request) -> None:
    assert with_words(request_, message, True) == meant


def test_a_size_that_no_word_says_is_no_filter() -> None:
    read = Request("search", FilterSpec(min_size_mm=22.5, max_size_mm=37.5))
    assert like_the_patient(read, "anything that looks like this hypodense area?", state()).wanted == FilterSpec()
    for message in ("anything of about this size?", "less than thirty millimetres", "under an inch"):
        assert like_the_patient(read, message, state()) == read


def test_the_level_of_a_lesson_is_read() -> None:
    assert with_words(Request("explain"), "explain liver lesions for a student", True).topic == "student"
    assert with_words(Request("explain"), "explain liver lesions", True).topic == ""
    asked = (Request("why"),)
    assert with_conditions(asked, "explain it for a resident") == (Request("explain", topic="resident"),)
    assert with_conditions(asked, "and at student level?") == (Request("explain", topic="student"),)
    assert with_conditions(asked, "explain it") == asked


@pytest.mark.parametrize("message", FOREIGN)
def test_another_language_is_known_by_its_common_words(message):
    assert is_foreign(message)


@pytest.mark.parametrize("message", ["similar lesions in women", "lung?", "R2", "W 400 L 40", "¿?"])
def test_english_and_what_says_nothing_is_not(message):
    assert not is_foreign(message)


def test_what_is_asked_in_another_language_is_answered_in_english_and_told():
    requests = read_message("ist das bösartig?", state().model_copy(update={"study": STUDY}))
    assert plan_turn(requests, state(), {}).text.endswith(IN_ENGLISH)


def test_the_patients_sex_is_taken_from_the_study_or_asked_for():
    asked = Request("refine", FilterSpec(sex="M", min_age=60, max_age=70))
    known = state().model_copy(update={"study": STUDY.model_copy(update={"sex": "F"})})
    assert like_the_patient(asked, "same sex please", known).wanted == FilterSpec(sex="F")
    assert like_the_patient(asked, "same sex and age", known).wanted == FilterSpec(sex="F", min_age=60, max_age=70)
    assert like_the_patient(asked, "matching gender", state()).unclear == "same sex"
    assert like_the_patient(asked, "only men", known) == asked


def test_a_number_of_similarity_is_no_size():
    asked = like_the_patient(Request("refine", FilterSpec(min_size_mm=8.5)), "similarity above 0.85 only", state())
    assert (asked.wanted, asked.unmet) == (FilterSpec(), ("similarity",))


def test_a_pixel_is_no_age_and_no_size():
    read = Request("search", FilterSpec(min_age=120, max_age=140))
    for message in ("find lesions like the one at x=140 y=120", "similar to the point (140, 120)"):
        asked = like_the_patient(read, message, state())
        assert (asked.wanted, asked.unmet) == (FilterSpec(), ("pixel",))
    assert like_the_patient(read, "aged 50-60 (both)", state()) == read


def test_how_hard_a_case_is_is_not_its_type():
    case = with_case_words(Request("edit"), "set my first case to easy").case
    assert (case.lesion_type, case.difficulty) == (None, "easy")
    case = with_case_words(Request("edit", types=("mediastinum",)), "make it medium difficulty").case
    assert (case.lesion_type, case.difficulty) == (None, "medium")
    case = with_case_words(Request("edit"), "change the confirmation to opinion").case
    assert (case.lesion_type, case.confirmed_by) == (None, "opinion")


@pytest.mark.parametrize(
    ("read", "message", "meant"),
    [
        (Request("quiz"), "stop the quiz", Request("not_yet", topic="quiz buttons")),
        (Request("quiz"), "quiz me on bone", Request("quiz")),
        (Request("out_of_scope", topic="malignancy"), "is it calcified?", Request("densities")),
        (
            Request("out_of_scope", topic="malignancy"),
            "solid, so malignant?",
            Request("out_of_scope", topic="malignancy"),
        ),
        (Request("refine", unmet=("disease",)), "only biopsy-proven ones", Request("refine", unmet=("proof",))),
        (Request("refine", unmet=("disease",)), "only benign ones", Request("refine", unmet=("disease",))),
    ],
)
def test_what_the_words_say_is_not_misread(read, message, meant):
    assert with_words(read, message, True) == meant


def test_a_lesson_on_what_the_atlas_has_not_says_so():
    reply = plan_turn([Request("explain", unknown_type=True)], state(), {})
    assert reply.text.startswith("This atlas has no lesions of that type. I can explain")
