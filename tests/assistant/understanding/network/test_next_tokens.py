"""Decoding keeps to the language: all that sentences mean may be written, and hardly anything else."""

import pytest

from assistant.training.generator.utterances import utterance
from assistant.understanding.call_language import read
from assistant.understanding.network.next_tokens import NextTokens
from assistant.understanding.network.output_tokens import END, output_vocabulary, to_output_tokens
from assistant.understanding.type_mentions import find_types
from tools.domain.lesions import DEEPLESION_TYPES

VOCABULARY = output_vocabulary()


def allowed(tokens, numbers=8, types=8, ids=1, atlas=DEEPLESION_TYPES):
    impossible = NextTokens(VOCABULARY, atlas).impossible(tokens, numbers, types, ids)
    return {token for place, token in enumerate(VOCABULARY) if place not in set(impossible)}


def test_whatever_sentences_mean_may_be_written_token_by_token():
    for number in range(500):
        one = utterance(9, number)
        types = list(dict.fromkeys(m.name for m in find_types(f"{one.state} | {one.text}".lower(), one.types)))
        tokens = [*to_output_tokens(read(one.answer), [], types), END]
        follow = NextTokens(VOCABULARY, one.types)
        for place, token in enumerate(tokens):
            if token in VOCABULARY:
                assert VOCABULARY.index(token) not in follow.impossible(tokens[:place], 8, 8, 1), (one, token)


@pytest.mark.parametrize(
    ("tokens", "may", "may_not"),
    [
        ([], {"do=search"}, {"in=", END, "type1"}),
        (["do=window"], {"preset=", "width=", "do=go", END}, {"bone", "#1"}),
        (["do=window", "preset="], {"bone", "wider"}, {"kidney", "#1", END, "level="}),
        (["do=window", "preset=", "bone"], {"do=go", END}, {"lung", "+", "in="}),
        (["do=search", "in="], {"type1", "liver", "?"}, {"type3", "#1", END}),
        (["do=search", "in=", "type1"], {"+", "age=", END}, {"type2", "in="}),
        (["do=search", "age=", ">"], {"#1", "4"}, {"type1", "in="}),
        (["do=study", "topic=", "age", "+"], {"sex"}, {"type1", END}),
    ],
)
def test_a_place_takes_what_can_stand_there(tokens, may, may_not):
    found = allowed(tokens, numbers=1, types=2)
    assert may <= found
    assert not may_not & found


def test_a_name_is_written_only_where_the_atlas_has_it():
    assert "bone" not in allowed(["do=search", "in="], atlas=("adenoma", "liver"))
    assert "liver" in allowed(["do=search", "in="], atlas=("adenoma", "liver"))
