"""Slots of one request."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.normalise import normalise
from assistant.reading import read_slots
from assistant.slots import HitRef, RegionRef
from tests.assistant.facts import TYPES


@settings(deadline=None)
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


@settings(deadline=None)
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
    ],
)  # fmt: skip
def test_age_phrases(said: str, bounds: tuple[int | None, int | None]) -> None:
    slots = read_slots(normalise(said))
    assert (slots.min_age, slots.max_age) == bounds


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
