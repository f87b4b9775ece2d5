"""Teaching texts: complete, short, sourced, and found under the names people use."""

import re

import pytest

from encoder.errors import LesionSearchError
from tools.domain.lesions import DEEPLESION_TYPES
from tools.domain.lessons import Lesson, LessonError, lesson, lesson_types, lessons

LIDC = ("calcified", "ground-glass", "part-solid", "solid")


def test_every_type_of_both_collections_has_a_lesson() -> None:
    assert lesson_types() == DEEPLESION_TYPES + LIDC


@pytest.mark.parametrize("name", DEEPLESION_TYPES + LIDC)
def test_a_lesson_is_short_measurable_and_sourced(name: str) -> None:
    found = lesson(name)
    assert found.lesion_type == name
    assert 60 <= len(found.text.split()) <= 110
    assert found.sources
    assert all(re.search(r"\d{4};\d+:\d+", source) for source in found.sources)
    assert re.search(r"axis|diameter|size", found.text)
    assert "HU" in found.text or "density" in found.text


@pytest.mark.parametrize("name", DEEPLESION_TYPES + LIDC)
def test_a_lesson_gives_no_advice_about_a_patient(name: str) -> None:
    text = lesson(name).text.casefold()
    assert not re.search(r"\b(biopsy|follow-up|refer|treat|recommend|you should|benign|malignant|cancer)\b", text)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("Liver", "liver"),
        ("  SOFT   tissue ", "soft tissue"),
        ("soft-tissue lesions", "soft tissue"),
        ("ground glass nodule", "ground-glass"),
        ("part_solid", "part-solid"),
        ("lung nodules", "lung"),
    ],
)
def test_spelling_does_not_matter(asked: str, found: str) -> None:
    assert lesson(asked).lesion_type == found


@pytest.mark.parametrize("asked", ["spleen", "", "nodule", "   ", "x" * 10_000])
def test_an_unknown_type_is_told_what_exists(asked: str) -> None:
    with pytest.raises(LessonError) as raised:
        lesson(asked)
    message = str(raised.value)
    assert isinstance(raised.value, LesionSearchError)
    assert all(name in message for name in DEEPLESION_TYPES + LIDC)
    assert len(message) < 300


@pytest.mark.parametrize("found", lessons(), ids=lambda found: found.lesion_type)
def test_every_lesson_has_a_short_text_for_students_and_one_for_residents(found: Lesson) -> None:
    assert 30 <= len(found.at("student").split()) <= 60
    assert 60 <= len(found.at("resident").split()) <= 110
    for level in ("student", "resident"):
        text = found.at(level)
        assert not re.search(r"\b(biopsy|refer|treat|recommend|you should)\b", text.casefold())
    assert all(re.search(r"\d{4};\d+:\d+", source) for source in found.sources)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("nodule texture", "texture"),
        ("nodule size", "nodule size"),
        ("HCC", "hepatocellular carcinoma"),
        ("hemangioma", "liver haemangioma"),
        ("kidney cyst", "renal cyst"),
        ("lymph nodes", "lymph node"),
    ],
)
def test_attributes_and_differentials_are_found_by_their_other_names(asked: str, found: str) -> None:
    assert lesson(asked).lesion_type == found
