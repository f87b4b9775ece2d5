"""The lexicon knows each of the types that the demo atlas holds."""

from assistant.understanding.type_words import TYPE_WORDS
from tools.domain.lesions import DEEPLESION_TYPES


def test_every_type_has_its_words() -> None:
    assert set(TYPE_WORDS) == set(DEEPLESION_TYPES)
