"""What is asked of the study: what the file says, and that it does not say; all of it held by the grounding check."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.core.patterns import split_sentences
from assistant.grounding.checker import Checker
from assistant.wording import study_answers as wording
from tests.assistant import facts
from tools.domain.facts import Facts, ImageFacts, SeriesFacts, SeriesSelected, StudyFacts
from tools.domain.study import SafeFacts

BARE = SafeFacts(modality="CT", slices=24, rows=128, columns=128)
TOLD = BARE.model_copy(
    update={
        "plane": "coronal", "kernel": "sharp", "kind": "derived", "contrast": True, "lossy": True, "lossy_ratio": 10.0,
        "phase_part": 2, "phase_parts": 3, "slice_thickness_mm": 2.0, "slice_gap_mm": 2.0, "years_before_newest": 6.2,
        "sex": "F", "age_years": 63, "body_part": "chest", "row_spacing_mm": 0.7, "column_spacing_mm": 0.7,
    }
)  # fmt: skip


@st.composite
def series(draw: st.DrawFn) -> SafeFacts:
    part = draw(st.none() | st.integers(1, 3))
    spacing_mm = draw(st.none() | st.sampled_from((0.49, 0.7, 1.0)))
    return SafeFacts(
        modality="CT",
        slices=draw(st.integers(1, 300)),
        rows=512,
        columns=512,
        slice_thickness_mm=draw(st.none() | st.sampled_from((0.6, 1.25, 5.0))),
        slice_gap_mm=draw(st.none() | st.sampled_from((0.6, 5.0))),
        contrast=draw(st.none() | st.booleans()),
        plane=draw(st.sampled_from((None, "axial", "coronal", "sagittal", "oblique"))),
        kind=draw(st.sampled_from((None, *wording.KINDS))),
        kernel=draw(st.sampled_from((None, "soft", "sharp"))),
        phase_part=part,
        phase_parts=None if part is None else draw(st.integers(3, 6)),
        lossy=draw(st.booleans()),
        lossy_ratio=draw(st.none() | st.integers(2, 40).map(float)),
        sex=draw(st.sampled_from((None, "F", "M", "O"))),
        age_years=draw(st.none() | st.sampled_from((0, 7, 63, 90))),
        body_part=draw(st.sampled_from((None, "chest", "head"))),
        row_spacing_mm=spacing_mm,
        column_spacing_mm=spacing_mm,
        years_before_newest=draw(st.none() | st.sampled_from((0.0, 0.02, 0.4, 0.97, 1.1, 6.2))),
    )


@st.composite
def studies(draw: st.DrawFn) -> StudyFacts:
    all_series = draw(st.lists(series(), min_size=1, max_size=4))
    number = draw(st.integers(1, len(all_series)))
    listed = tuple(SeriesFacts.of(n, s) for n, s in enumerate(all_series, 1)) if len(all_series) > 1 else ()
    return StudyFacts(facts=all_series[number - 1], series=len(all_series), number=number, listed=listed)


def cut(text: str, evidence: Facts, study: StudyFacts) -> list[str]:
    checker = Checker(facts.ledger_of(evidence), facts.state_with(None, study))
    return [s for s in split_sentences(text) if checker.check(s).unsupported]


@settings(max_examples=300, deadline=None)
@given(studies(), st.lists(st.sampled_from(sorted(wording.TOPICS)), min_size=1, max_size=3, unique=True))
def test_nothing_of_an_answer_is_cut(study: StudyFacts, topics: list[str]) -> None:
    assert cut(wording.topics_answer(study, topics), study, study) == []
    selected = SeriesSelected(**dict(study))
    assert cut(wording.selected_answer(selected), selected, study) == []


@pytest.mark.parametrize("topic", sorted(set(wording.TOPICS) - {"series", "slices", "modality"}))
def test_what_the_file_does_not_say_is_said(topic: str) -> None:
    answer = wording.topics_answer(StudyFacts(facts=BARE, series=1), [topic])
    assert any(words in answer for words in ("does not", "never kept", "gives no"))


@pytest.mark.parametrize(
    ("topic", "said"),
    [
        ("plane", "coronal"), ("kernel", "sharp kernel"), ("kind", "derived"), ("contrast", "With contrast"),
        ("lossy", "compressed with loss, about 10:1"), ("phase", "phase 2 of 3"), ("thickness", "2 mm apart"),
        ("age", "63"), ("sex", "woman"), ("part", "chest"), ("slices", "24 slices"), ("spacing", "0.7"),
        ("modality", "CT"),
    ],
)  # fmt: skip
def test_what_the_file_says_is_said(topic: str, said: str) -> None:
    assert said in wording.topics_answer(StudyFacts(facts=TOLD, series=1), [topic])


FALSE = (
    "The slices are axial.",
    "The slices are not coronal.",
    "The images were made with a soft kernel.",
    "These are original images.",
    "Without contrast.",
    "The images were not compressed with loss.",
    "The images were compressed with loss, about 20:1.",
    "This series is phase 1 of 3.",
    "This is the arterial phase.",
    "It was made 5 years before the newest examination.",
    "This is the newest examination.",
    "The file does not say in which plane its slices lie.",
    "The file does not say whether contrast was given.",
    "The file does not say that its images were compressed with loss.",
    "Series 2 is coronal.",
    "Series 1 of 2 is coronal.",
    "Image 22 of the file is slice 3 of 24.",
)


def test_how_far_apart_slices_lie_is_said_once() -> None:
    study = StudyFacts(facts=TOLD, series=1)
    assert "2 mm apart" in wording.topics_answer(study, ["spacing"])
    assert wording.topics_answer(study, ["thickness", "spacing"]).count("2 mm apart") == 1


@pytest.mark.parametrize("sentence", FALSE)
def test_what_the_study_facts_do_not_hold_is_cut(sentence: str) -> None:
    study = StudyFacts(facts=TOLD, series=1)
    assert cut(sentence, study, study) == [sentence]


def test_an_image_is_placed_and_a_wrong_place_is_cut() -> None:
    found = ImageFacts(image_number=22, slice=3, slices=24)
    study = StudyFacts(facts=BARE, series=1)
    assert cut(wording.image_answer(found, None), found, study) == []
    for wrong in ("Image 22 of the file is slice 4 of 24 here.", "Image 21 of the file is slice 3 of 24 here."):
        assert cut(wrong, found, study) == [wrong]


def test_ages_of_examinations_in_words() -> None:
    assert wording.before_newest(6.2) == "6 years before the newest examination"
    assert wording.before_newest(1.0) == "1 year before the newest examination"
    assert wording.before_newest(0.02) == "less than 1 month before the newest examination"
    assert wording.before_newest(0.3) == "4 months before the newest examination"
    assert wording.before_newest(0.0) == wording.before_newest(None) == ""
