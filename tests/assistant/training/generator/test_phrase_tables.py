"""The phrase tables speak of each of the types that the demo atlas holds."""

from assistant.training.generator import phrase_tables
from tools.domain.lesions import DEEPLESION_TYPES


def test_every_type_has_its_words_and_names() -> None:
    assert set(phrase_tables.TYPES) == set(phrase_tables.NAMES) == set(DEEPLESION_TYPES)
