"""A search in words."""

import pytest

from assistant.wording.fact_answers import atlas_answer, measure_answer, regions_answer
from assistant.wording.fixed_sentences import CAUTION
from assistant.wording.search_answers import search_answer, sureness_answer, why_answer
from assistant.wording.tool_labels import finished
from tests.assistant.facts import TYPES
from tests.assistant.grounding.test_checker import REGION, SEARCH, STATE, cut
from tools.domain.facts import AtlasFacts, RegionsFound, VoteFacts
from tools.domain.region import Outline


def test_an_answer_has_its_parts_in_order() -> None:
    text = search_answer(SEARCH, REGION, evidence=7, atlas_types=TYPES, caution=True)
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
    assert parts[4] == CAUTION


def test_of_several_atlases_each_hit_says_which_it_is_from() -> None:
    names = ["own cases", "kits23", "bone 95 mm", "lung"]
    hits = tuple(hit.model_copy(update={"atlas": name}) for hit, name in zip(SEARCH.hits, names, strict=True))
    facts = SEARCH.model_copy(update={"hits": hits})
    text = search_answer(facts, REGION)
    assert "about the size of R1; one of your own cases." in text
    assert "; from `kits23`." in text
    assert cut(text, [facts, REGION], STATE) == {}


def test_all_are_larger_only_where_all_have_a_size() -> None:
    larger = tuple(hit.model_copy(update={"long_axis_mm": 40.0}) for hit in SEARCH.hits)
    told = "The nearest are all larger than R1."
    assert told in search_answer(SEARCH.model_copy(update={"hits": larger}), REGION, evidence=7)
    unsized = (larger[0].model_copy(update={"long_axis_mm": None}), *larger[1:])
    assert told not in search_answer(SEARCH.model_copy(update={"hits": unsized}), REGION, evidence=7)


@pytest.mark.parametrize(
    ("outline", "mark", "note"),
    [
        ("unsure", "outline unsure", "draw a box around the lesion"),
        ("box", "box itself", "not a measured lesion. Draw it closer"),
        ("disc", "plain disc", "no edge around the click"),
    ],
)
def test_numbers_that_are_not_surely_of_a_lesion_say_so(outline: Outline, mark: str, note: str) -> None:
    region = REGION.model_copy(update={"outline": outline})
    for text, facts in (
        (search_answer(SEARCH, region), [SEARCH, region]),
        (measure_answer([region]), [region]),
        (regions_answer(RegionsFound(regions=(region,))), [RegionsFound(regions=(region,))]),
    ):
        assert mark in text or note in text
        assert cut(text, facts, STATE) == {}
    assert f"18.2 × 12.4 mm, {mark})" in search_answer(SEARCH, region)
    assert note in measure_answer([region])
    assert note not in measure_answer([REGION])
    assert f"18.2 × 12.4 mm ({mark})" in finished(region)


def test_nothing_similar_names_no_type_but_shows_the_nearest() -> None:
    far = SEARCH.model_copy(update={"confidence": "none", "synthetic_atlas": True})
    text = search_answer(far, REGION)
    assert "Nothing similar enough in this atlas" in text
    assert "The nearest, for reference only:\n- [A-01]" in text
    assert "most resembles" not in text
    assert "take the likeness as a demonstration" in text


def test_how_a_real_atlas_is_built_is_said_of_the_atlas_and_not_in_every_answer() -> None:
    synthetic = SEARCH.model_copy(update={"synthetic_atlas": True})
    assert "lesion-search" not in search_answer(synthetic, REGION)
    atlas = AtlasFacts(name="demo", total=2, patients=2, group_by="sex", counts={"F": 2}, synthetic=True)
    assert atlas_answer(atlas).count("lesion-search index") == 1
    assert "lesion-search" not in atlas_answer(atlas.model_copy(update={"synthetic": False}))


def test_no_hits_says_that_the_filters_let_nothing_pass() -> None:
    empty = SEARCH.model_copy(update={"hits": (), "votes": (), "candidates": 0})
    assert "No atlas lesion passes these filters" in search_answer(empty, REGION)


def test_no_hits_of_other_patients_names_the_patient_id_they_share() -> None:
    empty = SEARCH.model_copy(update={"hits": (), "votes": (), "candidates": 0, "own_patient": 20})
    text = search_answer(empty, REGION)
    assert "under the patient id of this study" in text
    assert "search all patients" in text
    assert cut(text, [empty], STATE) == {}


@pytest.mark.parametrize(
    ("level", "limit", "reason"),
    [
        ("low", "synthetic atlas", "the atlas is synthetic and this study is not"),
        ("none", "units", "the pixels of this study are not in Hounsfield units"),
        ("none", "unknown body part", "the file does not say which part of the body it shows"),
        ("moderate", "body part seen", "which part of the body it is was judged from the picture alone"),
        ("none", "body part", "the atlas holds no lesions of this body part"),
    ],
)
def test_what_keeps_the_confidence_low_is_said_wherever_it_is_asked(level: str, limit: str, reason: str) -> None:
    facts = SEARCH.model_copy(update={"confidence": level, "confidence_limit": limit})
    for text in (search_answer(facts, REGION), why_answer(facts, REGION, 1), sureness_answer(facts)):
        assert reason in text
        assert "too little" not in text  # the likeness is not what is lacking
        assert "not close" not in text
        assert cut(text, [facts], STATE) == {}
        assert any(reason in sentence for sentence in cut(text, [SEARCH], STATE))  # checked, not waved through


def test_what_the_slice_looks_like_is_said_with_its_certainty_and_checked() -> None:
    facts = SEARCH.model_copy(
        update={"confidence_limit": "body part seen", "body_part_seen": "abdomen", "body_part_certainty": 0.92}
    )
    text = search_answer(facts, REGION)
    said = "The file does not say which part of the body this is; it looks like the abdomen (92%)."
    assert said in text
    assert "Confidence is moderate: which part of the body it is was judged from the picture alone." in text
    assert cut(text, [facts], STATE) == {}
    for untrue in ({"body_part_seen": "pelvis"}, {"body_part_certainty": 0.85}, {"body_part_seen": None}):
        assert said in cut(text, [facts.model_copy(update=untrue)], STATE)


def test_a_share_that_rounds_to_nothing_is_still_a_vote() -> None:
    votes = (*SEARCH.votes, VoteFacts(lesion_type="bone", probability=0.0))
    facts = SEARCH.model_copy(update={"votes": votes})
    text = search_answer(facts, REGION, asked_type="bone")
    assert "For bone speaks 0%." in text
    assert cut(text, [facts], STATE) == {}
    assert "No vote went to bone." in search_answer(SEARCH, REGION, asked_type="bone")
