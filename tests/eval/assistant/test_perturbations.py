"""Honest sentences made false."""

import random

import pytest

from assistant.core.evidence import Evidence
from eval.assistant.perturbations import ACTIONS, INVENTED, KINDS, Context, perturbed
from tools.domain.facts import Facts, HitFacts, SearchFacts, VoteFacts
from tools.domain.lesions import Filters

TYPES = ("bone", "kidney", "liver", "lung", "soft tissue")


def hit(rank: int, name: str, kind: str, size: float, age: int, sex: str) -> HitFacts:
    return HitFacts(
        rank=rank, lesion_id=name, lesion_type=kind, similarity=1 - rank / 10, patient_key=f"p-{rank:012x}", sex=sex,
        age_years=age, long_axis_mm=size, short_axis_mm=size / 2,
    )  # fmt: skip


SEARCH = SearchFacts(
    region_id="R1",
    hits=(hit(1, "A-1", "liver", 20.4, 63, "F"), hit(2, "B-2", "kidney", 9.8, 40, "M")),
    votes=(VoteFacts(lesion_type="liver", probability=0.62), VoteFacts(lesion_type="kidney", probability=0.2)),
    confidence="moderate", candidates=80, atlas_size=90, filters=Filters(), asked_k=2, duration_ms=1,
    synthetic_atlas=True, synthetic_study=True,
)  # fmt: skip
CONTEXT = Context(TYPES, (Evidence(number=1, turn=1, tool="search_similar_lesions", args={}, facts=SEARCH),))
HIT = "- [A-1] liver, 20.4 × 10.2 mm, woman of 63; similarity 0.90; 4 mm shorter than R1."
VERDICT = "It most resembles **liver** lesions: 62% of the vote, moderate confidence (E1)."
COUNT = "I searched 80 of 90 atlas lesions."
APPLIES = {
    "number": HIT, "unit": HIT, "id": HIT, "type": VERDICT, "count": COUNT, "percentage": VERDICT, "sex": HIT,
    "age": HIT, "swapped records": HIT, "comparison": HIT, "confidence": VERDICT, "invented sentence": HIT,
    "action": VERDICT,
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(12))
def test_one_place_is_made_false(kind: str, seed: int):
    honest = APPLIES[kind]
    wrong = perturbed(kind, honest, CONTEXT, random.Random(seed))
    assert wrong
    assert wrong != honest
    if kind == "invented sentence":
        assert wrong in INVENTED
        return
    if kind == "action":
        assert any(wrong in said for kinds, said in ACTIONS if SearchFacts not in kinds and Facts not in kinds)
        return
    pairs = [(a, b) for a, b in zip(honest.split(), wrong.split(), strict=False) if a != b]
    assert len(pairs) == 1 or kind == "type"


@pytest.mark.parametrize("kind", KINDS)
def test_questions_and_examples_are_left_alone(kind: str):
    for sentence in ("Do you mean 20 mm, or women of 63?", "Try “only liver, women over 60, 12 mm”."):
        assert perturbed(kind, sentence, CONTEXT, random.Random(0)) is None


@pytest.mark.parametrize("kind", [k for k in KINDS if k not in ("invented sentence", "action")])
def test_a_sentence_without_such_a_claim_is_left_alone(kind: str):
    assert perturbed(kind, "You are welcome.", CONTEXT, random.Random(0)) is None


def test_a_number_is_well_off_and_keeps_its_look():
    for seed in range(60):
        wrong = perturbed("number", "R1 measures 20.4 mm.", CONTEXT, random.Random(seed))
        assert wrong is not None
        value = wrong.split()[2]
        assert abs(float(value) - 20.4) >= 2
        assert "." in value


def test_a_bound_on_a_percentage_is_left_alone():
    assert perturbed("percentage", "Kidney has under 5% of the vote.", CONTEXT, random.Random(0)) is None


def test_types_of_equal_share_are_not_swapped():
    equal = SEARCH.model_copy(update={"votes": tuple(VoteFacts(lesion_type=t, probability=0.2) for t in TYPES)})
    context = Context(TYPES, (Evidence(number=1, turn=1, tool="search_similar_lesions", args={}, facts=equal),))
    assert perturbed("type", "Next in line: kidney with 20%.", context, random.Random(0)) is None


def test_records_are_swapped_only_where_their_facts_differ():
    twins = SEARCH.model_copy(update={"hits": (SEARCH.hits[0], SEARCH.hits[0].model_copy(update={"lesion_id": "C-3"}))})
    context = Context(TYPES, (Evidence(number=1, turn=1, tool="search_similar_lesions", args={}, facts=twins),))
    assert perturbed("swapped records", HIT, context, random.Random(0)) is None


def test_invented_sentences_are_many_and_different():
    assert len(set(INVENTED)) == len(INVENTED) >= 80
