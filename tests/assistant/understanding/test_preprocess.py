"""What is found in a message before it is read."""

import pytest

from assistant.planning.planner import plan_turn
from assistant.understanding.ensemble import read_message
from assistant.understanding.preprocess import is_foreign
from assistant.wording.fixed_sentences import IN_ENGLISH
from tests.assistant.planning.test_planner import STUDY, state

FOREIGN = (
    "zeige ähnliche Läsionen in der Leber", "nur Frauen über 60", "montre des lésions semblables", "mide esto",
    "solo mujeres mayores de 60", "mostrami lesioni simili", "mostre lesões semelhantes",
)  # fmt: skip


@pytest.mark.parametrize("message", FOREIGN)
def test_another_language_is_known_by_its_common_words(message):
    assert is_foreign(message)


@pytest.mark.parametrize("message", ["similar lesions in women", "lung?", "R2", "W 400 L 40", "¿?"])
def test_english_and_what_says_nothing_is_not(message):
    assert not is_foreign(message)


def test_what_is_asked_in_another_language_is_answered_in_english_and_told():
    requests = read_message("ist das bösartig?", state().model_copy(update={"study": STUDY}))
    assert plan_turn(requests, state(), {}).text.endswith(IN_ENGLISH)
