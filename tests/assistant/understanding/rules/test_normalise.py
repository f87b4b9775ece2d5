"""Tidying a message and cutting it into requests."""

import pytest

from assistant.understanding.rules.clauses import clauses
from assistant.understanding.rules.normalise import normalise, spelled


@pytest.mark.parametrize(
    ("said", "tidy"),
    [
        ("What's THIS?", "what is this?"),
        ("women over sixty-five", "women over 65"),
        ("in their fifties", "in their 50s"),
        ("a dozen cases", "12 cases"),
        ("half a dozen cases", "6 cases"),
        ("2cm or 1,5 cm", "2 cm or 1.5 cm"),
        ("one and a half centimetres", "1.5 cm"),
        ("the second one", "the second one"),
        ("simlar lesoins in the lver", "similar lesions in the liver"),
        ("waht dose tihs look liek", "what does this look like"),
        ("what dose of contrast", "what dose of contrast"),
        ("long, live, mate, look", "long, live, mate, look"),
        ("exceeding and excluding", "exceeding and excluding"),
    ],
)
def test_words_are_tidied_and_only_misspellings_corrected(said: str, tidy: str) -> None:
    assert normalise(said) == tidy


def test_words_set_right_lose_their_capitals_and_others_keep_them() -> None:
    assert spelled("Expalin sfot tisue, R1 and Läsion GGO") == "explain soft tissue, R1 and Läsion GGO"


@pytest.mark.parametrize(
    ("said", "parts"),
    [
        ("measure r1 and find similar lesions", ["measure r1", "find similar lesions"]),
        ("compare r1 and the closest", ["compare r1 and the closest"]),
        ("what is this? write a report.", ["what is this", "write a report"]),
        ("liver, 1.5 cm, women", ["liver, 1.5 cm, women"]),
        ("measure + similar + report", ["measure", "similar", "report"]),
        ("...", []),
    ],
)
def test_a_message_is_cut_where_a_request_begins(said: str, parts: list[str]) -> None:
    assert [clause.text for clause in clauses(said)] == parts
