"""Slots of one request."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.core.requests import HitRef, RegionRef
from assistant.understanding.rules.normalise import normalise
from assistant.understanding.rules.parser import read_slots
from tests.assistant.facts import TYPES


@given(st.integers(18, 60), st.integers(61, 99))
def test_an_age_range_is_read_however_it_is_said(low: int, high: int) -> None:
    for said in (
        f"between {low} and {high}",
        f"aged {low} to {high}",
        f"{low}-{high} years old",
        f"from {low} to {high} years",
    ):
        slots = read_slots(normalise(said))
        assert (slots.min_age, slots.max_age) == (low, high), said


@given(st.integers(1, 30), st.integers(31, 120))
def test_a_size_range_is_read_in_mm_and_cm(low: int, high: int) -> None:
    for said in (
        f"{low}-{high} mm",
        f"between {low} and {high} mm",
        f"{low / 10:g} to {high / 10:g} cm",
        f"{low} mm to {high / 10:g} cm",
    ):
        slots = read_slots(normalise(said))
        assert (slots.min_size_mm, slots.max_size_mm) == (low, high), said


@pytest.mark.parametrize(
    ("said", "bounds"),
    [
        ("over 60", (61, None)), ("60 or older", (60, None)), ("at least 60", (60, None)), ("60+", (60, None)),
        ("under 40", (None, 39)), ("40 or younger", (None, 40)), ("at most 40", (None, 40)),
        ("not over 40", (None, 40)),
        ("nobody under 18", (18, None)), ("in her late forties", (47, 49)), ("in their 60s or 70s", (60, 79)),
        ("adults aged 30 to 50", (30, 50)), ("children", (None, 17)), ("about 60 years old", (55, 65)),
        ("I don't want to see anyone past 30", (None, 30)), ("kick out everybody 72 and up", (None, 71)),
        ("under 20 is out", (20, None)), ("anyone who isn't at least 40 shouldn't be here", (40, None)),
        ("older than 40 can go", (None, 40)), ("patients who haven't turned 60 yet", (None, 59)),
        ("the oldest may be 20", (None, 20)), ("with 35 being the youngest allowed", (35, None)),
        ("bring the ceiling down to 80", (None, 80)), ("drop the lower bound to 30", (30, None)),
        ("70 is already too old", (None, 69)), ("I wouldn't mind 60 but not older", (None, 60)),
        ("from 40 on, not until 40", (40, None)), ("everyone apart from the over 60s", (None, 60)),
        ("60, give or take", (55, 65)), ("fiftysomethings", (50, 59)),
        ("filter out anyone over 70", (None, 70)), ("none should be older than 70", (None, 70)),
        ("cut off everyone under 40", (40, None)), ("anyone above 70 is out of the question", (None, 70)),
        ("patients yet to hit 40", (None, 39)),
    ],
)  # fmt: skip
def test_age_phrases(said: str, bounds: tuple[int | None, int | None]) -> None:
    slots = read_slots(normalise(said))
    assert (slots.min_age, slots.max_age) == bounds
    assert not slots.clear_all


@pytest.mark.parametrize(
    ("said", "types", "left_out"),
    [
        ("liver and kidney", ["liver", "kidney"], []),
        ("hepatic lesions but not renal ones", ["liver"], ["kidney"]),
        ("no bone, lung or pelvis", [], ["bone", "lung", "pelvis"]),
        ("not liver, kidney", ["kidney"], ["liver"]),
        ("not bone but pelvis", ["pelvis"], ["bone"]),
        ("abdominal wall", ["soft tissue"], []),
        ("leave bone out", [], ["bone"]),
    ],
)
def test_types_wanted_and_left_out(said: str, types: list[str], left_out: list[str]) -> None:
    slots = read_slots(normalise(said), atlas_types=TYPES)
    assert (slots.types, slots.left_out) == (types, left_out)


def test_a_type_that_describes_the_lesion_is_no_filter() -> None:
    slots = read_slots("find lesions similar to this liver lesion", atlas_types=TYPES)
    assert (slots.types, slots.named) == ([], ["liver"])


def test_an_atlas_brings_its_own_types() -> None:
    slots = read_slots("only part-solid and ground glass", atlas_types=("solid", "part-solid", "ground-glass"))
    assert slots.types == ["part-solid", "ground-glass"]


def test_numbers_are_not_read_twice() -> None:
    slots = read_slots(normalise("top 5 over 60 smaller than 2 cm"))
    assert (slots.k, slots.min_age, slots.max_size_mm, slots.max_age, slots.unread) == (5, 61, 20, None, ())
    assert read_slots("make it 70").unread == ("70",)


def test_pointers() -> None:
    assert read_slots("compare r2 with #3").regions == [RegionRef("id", "R2")]
    assert read_slots("compare r2 with #3").hits == [HitRef("rank", n=3)]
    assert read_slots("describe the second hit").hits == [HitRef("rank", n=2)]
    assert read_slots("the bigger one").regions == [RegionRef("largest")]
    assert read_slots("describe idref0", ids=("A-1",)).hits == [HitRef("id", lesion_id="A-1")]
    assert read_slots("and the second one").nth == 2


@pytest.mark.parametrize(
    ("said", "end"),
    [
        ("let go of the ceiling", "max"), ("scrap the minimum but leave the maximum in place", "min"),
        ("it can be open at the top", "max"), ("the upper age limit can go, the lower one stays", "max"),
        ("no reason to start at 50, take that end away", "min"), ("bigger than that is fine too", "max"),
        ("younger ones are allowed as well", "min"),
    ],
)  # fmt: skip
def test_one_end_of_a_range_is_lifted(said: str, end: str) -> None:
    assert read_slots(normalise(said)).cleared_end == end


@pytest.mark.parametrize(
    ("said", "more"),
    [
        ("another three if you have them", 3),
        ("one more", 1),
        ("a few more", 10),
        ("increase k by 3", 3),
        ("2 extra", 0),
    ],
)
def test_how_many_hits_more(said: str, more: int) -> None:
    assert read_slots(normalise(said)).more == more


@pytest.mark.parametrize(
    ("said", "scope"),
    [
        ("my own patient shouldn't turn up in the list", "cross-patient"), ("none from my patient", "cross-patient"),
        ("does this patient have others like it", "same-patient"), ("does any female patient have one", None),
    ],
)  # fmt: skip
def test_whose_lesions(said: str, scope: str | None) -> None:
    assert read_slots(normalise(said)).scope == scope


@pytest.mark.parametrize(
    ("said", "types", "left_out"),
    [
        ("the soft tissue ones are noise to me, hide them", [], ["soft tissue"]),
        ("adnexal ones kindly omit", [], ["pelvis"]),
        ("exchange liver for pelvis", ["pelvis"], []), ("rather soft tissue than lung", ["soft tissue"], []),
        ("mine is in the liver but I'd like bony hits", ["bone"], []),
        ("anything other than the right lung", [], ["lung"]),
    ],
)  # fmt: skip
def test_types_left_out_replaced_or_only_spoken_of(said: str, types: list[str], left_out: list[str]) -> None:
    slots = read_slots(normalise(said), (), TYPES)
    assert (slots.types, slots.left_out) == (types, left_out)


@pytest.mark.parametrize(
    ("said", "bounds"),
    [
        ("nt ovr 45", (None, 45)), ("u52 only", (None, 51)), ("o71 pls", (72, None)), ("min age33", (33, None)),
        ("62yo n up", (62, None)), ("a gentleman of 67, lives alone", (None, None)),
        ("he is a retired miner, 71", (None, None)), ("she is only 26", (None, None)),
        ("a 58 year old woman, under 40", (None, 39)),
    ],
)  # fmt: skip
def test_ages_typed_in_haste_are_read_and_those_of_ones_own_patient_are_not(
    said: str, bounds: tuple[int | None, int | None]
) -> None:
    slots = read_slots(normalise(said))
    assert (slots.min_age, slots.max_age, slots.unread) == (*bounds, ())


@pytest.mark.parametrize(
    ("said", "sex"), [("m in their 60s", "M"), ("f but over 50", "F"), ("a man of 73, cough", None)]
)
def test_a_letter_is_a_sex_and_ones_own_patient_is_none(said: str, sex: str | None) -> None:
    assert read_slots(normalise(said)).sex == sex
