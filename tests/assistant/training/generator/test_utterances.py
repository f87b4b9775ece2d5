"""The generated utterances: seeded, distinct, in the language, and never what people wrote for the evaluation."""

import json

import pytest

from assistant.training.generator.scenes import Scene
from assistant.training.generator.utterances import Kept, Utterance, distinct, plain, utterance, write_jsonl
from assistant.understanding.call_language import read


def test_the_same_seed_says_the_same():
    assert [utterance(3, n) for n in range(50)] == [utterance(3, n) for n in range(50)]
    assert [utterance(3, n).text for n in range(50)] != [utterance(4, n).text for n in range(50)]


def test_texts_differ_and_are_in_the_language():
    made = list(distinct(0, 1500))
    assert len({plain(one.text) or one.text for one in made}) == 1500
    for one in made:
        assert read(one.answer)
        assert not set("|{}") & set(one.text) or "write_report" in one.text, one


def test_every_call_and_argument_is_said_somewhere():
    from typing import get_args

    from assistant.understanding.call_language import KEYS, Do

    calls = [call for one in distinct(1, 4000) for call in json.loads(one.answer)]
    assert {call["do"] for call in calls} == set(get_args(Do))
    assert {key for call in calls for key in call} == set(KEYS)


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("Find similar liver lesions in women over 60, please!", True),
        ("find similar liver lesions in women over 60 please", True),
        ("Find similar liver lesions in women over 70, please!", True),
        ("Find similar liver lesions in men over 60, please!", False),
        ("only women", True),
        ("women only please", False),
    ],
)
def test_sentences_of_people_are_kept_out_with_their_close_kin(text, held):
    kept = Kept(["Find similar liver lesions in women over 60, please!", "Only women."])
    assert kept.holds(text) is held


def test_kept_sentences_are_never_drawn():
    first = [one.text for one in distinct(0, 20)]
    assert not {plain(t) for t in first[:5]} & {plain(one.text) for one in distinct(0, 200, Kept(first[:5]))}


def test_a_file_is_read_back(tmp_path):
    made = list(distinct(0, 10))
    assert write_jsonl(iter(made), tmp_path / "u.jsonl") == 10
    rows = (json.loads(line) for line in (tmp_path / "u.jsonl").read_text(encoding="utf-8").splitlines())
    assert [Utterance(**{**row, "types": tuple(row["types"])}) for row in rows] == made
    assert list(distinct(0, 20, before=made))[:10] == made


def test_a_scene_is_told_as_the_state_is():
    assert Scene(2, "search", True, {"in": "liver", "sex": "F", "age": "61-", "k": "5"}).line == (
        "R1 R2; search; hits in liver F age 61- k 5"
    )
