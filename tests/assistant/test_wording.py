"""The words of the built-in answers."""

from assistant import wording
from assistant.phrases import bounds, filter_phrases, percent, person, size
from assistant.steps import finished, started
from tests.assistant.facts import TYPES
from tests.assistant.test_grounding import REGION, SEARCH
from tests.assistant.test_planner import R1, search_facts, state
from tools.results import FilterFacts


def test_an_answer_has_its_parts_in_order() -> None:
    text = wording.search_answer(SEARCH, REGION, evidence=7, atlas_types=TYPES, caution=True)
    parts = text.split("\n\n")
    assert parts[0] == (
        "I looked at R1 (slice 12 of 40, 18.2 × 12.4 mm) and searched 138 of 612 atlas lesions: aged 50 or over, other "
        "patients only."
    )
    assert (
        parts[1] == "It most resembles **liver** lesions: 72% of the vote, moderate confidence (E7). Next: kidney 28%."
    )
    assert parts[2].splitlines()[1] == (
        "- [A-01] liver, 20.1 × 16.1 mm, woman of 63; similarity 0.91; about the size of R1."
    )
    assert parts[3].startswith("Against it: 1 of the 4 hits is of another type (1 kidney).")
    assert parts[4] == wording.CAUTION


def test_nothing_similar_names_no_type_but_shows_the_nearest() -> None:
    far = SEARCH.model_copy(update={"confidence": "none", "synthetic_atlas": True})
    text = wording.search_answer(far, REGION)
    assert "Nothing similar enough in this atlas" in text
    assert "The nearest, for reference only:\n- [A-01]" in text
    assert "most resembles" not in text
    assert "lesion-search index" in text


def test_no_hits_says_that_the_filters_let_nothing_pass() -> None:
    empty = SEARCH.model_copy(update={"hits": (), "votes": (), "candidates": 0})
    assert "No atlas lesion passes these filters" in wording.search_answer(empty, REGION)


def test_filters_are_said_in_words() -> None:
    said = FilterFacts(lesion_types=("liver",), sex="F", min_age=61, min_size_mm=10, max_size_mm=20, scope="all")
    assert filter_phrases(said, TYPES) == [
        "only liver", "women", "aged 61 or over", "long axis 10 to 20 mm", "all patients, this one included",
    ]  # fmt: skip
    without = FilterFacts(lesion_types=tuple(t for t in TYPES if t != "liver"))
    assert filter_phrases(without, TYPES) == ["everything but liver"]


def test_small_phrases() -> None:
    assert size(20.0, 12.5) == "20 × 12.5 mm"
    assert person("F", 63) == "woman of 63"
    assert person("M", 12) == "boy of 12"
    assert person(None, 50) == "patient of 50"
    assert percent(0.004) == "under 1%"
    assert percent(0.9996) == "over 99%"
    assert bounds("aged", None, 39, "") == ["aged 39 or under"]


def test_steps_read_like_sentences() -> None:
    assert started("search_similar_lesions", {"region_id": "R1", "sex": "F"}) == "Searching lesions like R1: women"
    assert finished(search_facts({"region_id": "R1", "sex": "F"})) == "Searched 612 lesions for R1, women: 4 hits"
    assert finished(R1) == "Measured R1: 12 × 8.4 mm, 50 HU"
    assert started("search_similar_lesions", {"region_id": "R1", "sex": {"a": 1}}).startswith("Searching")


def test_follow_ups_fit_the_state() -> None:
    assert wording.follow_ups(state(study=False), [])[0] == "What is in the atlas?"
    assert wording.follow_ups(state(), []) == ("Suggest regions", "Describe the study", "What is in the atlas?")
    assert "Compare with the closest" in wording.follow_ups(state(R1, searched={}), ["search_similar_lesions"])
