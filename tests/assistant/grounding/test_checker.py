"""The check of answers: what honest answers say stays, what the evidence does not hold is caught."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.core.patterns import split_sentences
from assistant.core.turn_state import TurnState
from assistant.grounding.checker import Checker
from assistant.wording import fact_answers as fact_wording
from assistant.wording import search_answers as search_wording
from assistant.wording.fixed_sentences import no_such_type
from tests.assistant import facts
from tests.assistant.perturb import INVENTED, PERTURBATIONS
from tests.conftest import examples
from tools.domain.facts import (
    Facts,
    HitFacts,
    LesionFacts,
    RegionFacts,
    RegionsFound,
    SearchFacts,
    StudyFacts,
    VoteFacts,
)
from tools.domain.lesions import Filters
from tools.domain.study import SafeFacts


def cut(text: str, evidence: list[Facts], state: TurnState, question: str = "") -> dict[str, tuple[str, ...]]:
    """The sentences that would be removed, and why."""
    checker = Checker(facts.ledger_of(*evidence), state, question)
    checked = {s.strip(): checker.check(s) for s in split_sentences(text)}
    return {s: c.unsupported for s, c in checked.items() if c.unsupported}


@st.composite
def honest_answers(draw: st.DrawFn) -> tuple[str, list[Facts], TurnState]:
    """A template answer with the evidence it was written from."""
    region = draw(facts.regions())
    kind = draw(
        st.sampled_from(("search", "search", "search", "why", "sure", "study", "measure", "lesion", "compare", "atlas"))
    )
    state = facts.state_with(region)
    if kind in ("search", "why", "sure"):
        search = draw(facts.searches())
        asked = draw(st.none() | st.sampled_from(facts.TYPES))
        text = {
            "search": lambda: search_wording.search_answer(
                search, region, evidence=1, asked_type=asked, atlas_types=facts.TYPES, caution=True
            ),
            "why": lambda: search_wording.why_answer(search, region, 1, [asked] if asked else []),
            "sure": lambda: search_wording.sureness_answer(search),
        }[kind]()
        return text, [search], state
    if kind == "study":
        study = draw(facts.studies())
        return fact_wording.study_answer(study), [study], facts.state_with(region, study)
    if kind == "measure":
        return fact_wording.measure_answer([region]), [region], state
    if kind == "lesion":
        lesion = draw(facts.lesions())
        return fact_wording.lesion_answer(lesion), [lesion], state
    if kind == "compare":
        comparison = draw(facts.comparisons())
        return fact_wording.comparison_answer(comparison), [comparison], facts.state_with(comparison.region)
    atlas = draw(facts.atlases())
    asked_for = draw(st.sampled_from(list(atlas.counts)))
    return fact_wording.atlas_answer(atlas, [asked_for]), [atlas], state


@settings(max_examples=examples(400))
@given(honest_answers())
def test_nothing_of_an_honest_answer_is_cut(answer: tuple[str, list[Facts], TurnState]) -> None:
    text, evidence, state = answer
    assert cut(text, evidence, state) == {}


@settings(max_examples=examples(400))
@given(honest_answers(), st.sampled_from(sorted(PERTURBATIONS)), st.integers(0, 10**6))
def test_a_perturbed_answer_is_caught(answer: tuple[str, list[Facts], TurnState], kind: str, seed: int) -> None:
    text, evidence, state = answer
    changed = PERTURBATIONS[kind](text, random.Random(seed))
    if changed is None:
        return
    assert cut(changed, evidence, state), f"{kind}: not caught in\n{changed}\n---\n{text}"


@pytest.mark.parametrize("sentence", INVENTED)
def test_an_invented_sentence_is_cut(sentence: str) -> None:
    assert cut(sentence, [SEARCH], STATE)


REGION = RegionFacts(
    region_id="R1", slice=12, slices=40, origin="click", long_axis_mm=18.2, short_axis_mm=12.4, area_mm2=177,
    mean_hu=64, sd_hu=14, min_hu=20, max_hu=101,
)  # fmt: skip
STATE = facts.state_with(REGION)


def hit(rank: int, lesion_id: str, lesion_type: str, long_mm: float, sex: str, age: int, similarity: float) -> HitFacts:
    return HitFacts(
        rank=rank, lesion_id=lesion_id, lesion_type=lesion_type, similarity=similarity,
        patient_key=f"p-{rank:012d}", sex=sex,
        age_years=age, long_axis_mm=long_mm, short_axis_mm=round(0.8 * long_mm, 1), source="deeplesion",
    )  # fmt: skip


SEARCH = SearchFacts(
    region_id="R1",
    hits=(
        hit(1, "A-01", "liver", 20.1, "F", 63, 0.912),
        hit(2, "A-02", "liver", 31.0, "M", 58, 0.887),
        hit(3, "B-03", "kidney", 11.5, "F", 71, 0.861),
        hit(4, "C-04", "liver", 17.9, "F", 66, 0.850),
    ),
    votes=(VoteFacts(lesion_type="liver", probability=0.724), VoteFacts(lesion_type="kidney", probability=0.276)),
    confidence="moderate",
    candidates=138,
    atlas_size=612,
    filters=Filters(min_age=50),
    asked_k=4,
    duration_ms=3,
    synthetic_atlas=False,
    synthetic_study=False,
)

SUPPORTED = (
    "R1 measures 18.2 × 12.4 mm on slice 12 of 40.",
    "R1 is about 1.8 cm long.",
    "The closest case is [A-01], a 20 mm liver lesion in a 63-year-old woman.",
    "[A-01] is a liver lesion of 2.0 cm in a woman of 63, and [A-02] one of 31 mm in a man of 58.",
    "A 20.1 mm liver lesion in a woman of 63 [A-01] and an 11.5 mm kidney lesion in a woman of 71 [B-03].",
    "[A-02] is larger than R1.",
    "[B-03] is smaller than R1, a kidney lesion rather than a liver lesion.",
    "[A-01] (liver, 20.1 mm, woman of 63, similarity 0.91) is 1.9 mm longer than R1.",
    "Three of the four hits are liver.",
    "3 of the 4 hits are women.",
    "3 of the 4 hits are aged 60 or over.",
    "1 of the 4 hits is of a long axis of 31 to 40 mm.",
    "One of the four hits is kidney.",
    "None of the hits is lung.",
    "It most resembles liver lesions (72% of the vote), with kidney second at 28%.",
    "The resemblance to liver is of moderate confidence.",
    "I searched 138 of 612 atlas lesions, aged 50 or over.",
    "Mean density is 64 HU (SD 14, range 20 to 101 HU) in R1.",
    "I cannot say whether this is cancer.",
    "Would you like me to compare it with [A-02]?",
    "The two nearest are both in the atlas from other patients.",
    "This is not a diagnosis.",
    "It does not look like a lung lesion.",
    "Similarity to [A-01] is 91%.",
    "[A-01] is over 20 mm.",
)  # fmt: skip


@pytest.mark.parametrize("sentence", SUPPORTED)
def test_free_wording_that_the_evidence_supports_stays(sentence: str) -> None:
    assert cut(sentence, [SEARCH], STATE) == {}


UNSUPPORTED = (
    "R1 measures 18.2 × 14.2 mm.",
    "R1 measures 18.2 cm.",
    "R1 is on slice 13.",
    "R2 measures 18.2 mm.",
    "[A-01] is a liver lesion of 31 mm in a woman of 63.",
    "[A-01] is a liver lesion of 31 mm, [A-02] one of 20.1 mm.",
    "[A-01] is a kidney lesion.",
    "[A-02] is a liver lesion in a woman of 58.",
    "[A-02] is smaller than R1.",
    "[B-03] is the closest.",
    "The closest case is [B-03].",
    "Four of the four hits are liver.",
    "All 4 hits are liver.",
    "2 of the 4 hits are women.",
    "2 of the 4 hits are aged 60 or over.",
    "2 of the 4 hits are of a long axis of 31 to 40 mm.",
    "None of the hits is kidney.",
    "It most resembles kidney lesions.",
    "It looks like a bone lesion.",
    "It does not look like a liver lesion.",
    "Liver has 74% of the vote.",
    "Kidney has 72% of the vote.",
    "The resemblance is of high confidence.",
    "I searched 139 of 612 atlas lesions.",
    "The cases are aged 60 or over.",
    "Only women were searched.",
    "Mean density is 68 HU in R1.",
    "[A-01] is over 25 mm.",
    "There were 12 hits.",
    "[Z-99] looks the same.",
    "The evidence is in (E9).",
    "The patient in [A-01] is 36 years old.",
    "It is not cancer.",
    "This is definitely a liver lesion.",
    "The similarity of [A-01] is 0.95.",
)  # fmt: skip


@pytest.mark.parametrize("sentence", UNSUPPORTED)
def test_free_wording_that_the_evidence_does_not_support_is_cut(sentence: str) -> None:
    assert cut(sentence, [SEARCH], STATE)


def test_a_sentence_without_a_name_speaks_of_the_one_before() -> None:
    assert cut("The closest is [A-01]. It measures 20.1 mm in a woman of 63.", [SEARCH], STATE) == {}
    assert list(cut("The closest is [A-01]. It measures 31 mm.", [SEARCH], STATE)) == ["It measures 31 mm."]


def test_a_sentence_that_cites_a_search_reports_that_one() -> None:
    surer = SEARCH.model_copy(update={"confidence": "high"})
    assert cut("The resemblance is of moderate confidence (E2).", [surer, SEARCH], STATE) == {}
    assert cut("The resemblance is of high confidence (E2).", [surer, SEARCH], STATE)


def test_suggested_places_are_counted_apart_from_the_regions_there_are() -> None:
    found = RegionsFound(regions=(REGION.model_copy(update={"region_id": "R2"}),))
    assert cut("1 place worth a look.", [found], STATE) == {}
    assert cut("2 places worth a look.", [found], STATE)


def test_how_often_suggestions_are_lesions_is_said_as_measured_and_no_better() -> None:
    note = "Measured on real CT of patients not learnt from, 9% of suggestions were marked lesions."
    found = RegionsFound(regions=(REGION.model_copy(update={"region_id": "R2", "score": 0.4}),), note=note)
    text = fact_wording.regions_answer(found)
    assert text.endswith(note)
    assert cut(text, [found], STATE) == {}
    assert cut(text.replace("9%", "90%"), [found], STATE)


def test_a_single_age_that_was_searched_for_is_said_also_where_nobody_has_it() -> None:
    search = SEARCH.model_copy(update={"hits": (), "candidates": 0, "filters": Filters(min_age=70, max_age=70)})
    said = "I looked at R1 and searched 0 of 612 atlas lesions: aged {}, other patients only."
    assert cut(said.format(70), [search], STATE) == {}
    assert cut(said.format(71), [search], STATE)


@pytest.mark.parametrize(("age", "is_cut"), [(90, False), (79, True), (91, True)])
def test_who_is_told_as_of_90_or_older_is_of_no_other_age_or_older(age: int, is_cut: bool) -> None:
    lesion = LesionFacts(lesion_id="P-1", lesion_type="liver", patient_key="p-1", age_years=90, long_axis_mm=11)
    said = f"[{lesion.lesion_id}]: {lesion.lesion_type}, patient of {age} or older."
    assert bool(cut(said, [lesion], STATE)) == is_cut


def test_one_patient_of_an_age_or_older_is_what_a_filter_may_ask_for() -> None:
    search = SEARCH.model_copy(update={"filters": Filters(min_age=60)})
    assert cut("I searched for a patient of 60 or older.", [search], STATE) == {}
    assert cut("I searched for a patient of 61 or older.", [search], STATE)


def test_sentences_are_split_without_losing_a_character() -> None:
    text = "One (E1). Two is 3.5 mm, e.g. R1.\n- [A-01] liver.\n\n1. First. Next: yes! Done"
    assert "".join(split_sentences(text)) == text
    assert split_sentences(text)[0] == "One (E1). "
    assert split_sentences(text)[1] == "Two is 3.5 mm, e.g. R1.\n"


@pytest.mark.parametrize(
    ("said", "sentences"),
    [
        ({"sex": "F", "age_years": 90}, ["Patient: woman of 90 or older."]),
        ({"sex": "M", "age_years": 0}, ["Patient: boy under 1 year."]),
        ({"row_spacing_mm": 0.5, "column_spacing_mm": 1.0}, ["Pixel spacing 0.5 × 1.0 mm."]),
    ],
)
def test_bounded_ages_and_both_spacings_need_the_study_to_say_so(said: dict, sentences: list[str]) -> None:
    shape = {"modality": "CT", "slices": 9, "rows": 64, "columns": 64}
    told = StudyFacts(facts=SafeFacts(**shape, **said), series=1)
    other = StudyFacts(facts=SafeFacts(**shape, age_years=52, row_spacing_mm=0.7, column_spacing_mm=0.7), series=1)

    for sentence in sentences:
        assert not cut(sentence, [told], TurnState())
        assert cut(sentence, [other], TurnState())


def test_a_region_that_is_gone_and_a_type_that_the_atlas_has_not_are_said() -> None:
    earlier = facts.ledger_of(REGION)
    other = STATE.model_copy(update={"regions": (REGION.model_copy(update={"region_id": "R2"}),)})
    checker = Checker(earlier, other, turn=max(e.turn for e in earlier) + 1)
    for sentence in ("There is no region R1.", *split_sentences(no_such_type(("liver",)))):
        assert not checker.check(sentence).unsupported
    assert checker.check("There is no region R2.").unsupported
