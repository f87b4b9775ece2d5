"""Sentences in other atlases: the same requests, other names, and every name can be found again."""

import random

from assistant.training.generator.other_atlases import drawn_atlas, moved, unknown_words, ways_to_name
from assistant.training.generator.utterances import utterance
from assistant.understanding.call_language import ParsedCall, read
from assistant.understanding.type_mentions import find_types
from tools.domain.lesions import DEEPLESION_TYPES


def test_a_sentence_keeps_its_request_and_gets_other_names():
    said = [ParsedCall.model_validate({"do": "search", "in": "liver", "not": "bone", "age": ">60"})]
    for seed in range(60):
        text, (call,), filters, types = moved(
            "hepatic ones over 60, no bones", said, {"in": "lung", "k": "5"}, random.Random(seed)
        )
        assert not set(types) & set(DEEPLESION_TYPES) or set(types) != set(DEEPLESION_TYPES)
        named = [m.name for m in find_types(text.lower(), types)]
        assert {call.types, call.without} <= set(named), (text, types)
        assert (call.age, filters["k"]) == (">60", "5")
        assert filters["in"] in types
        assert len({call.types, call.without, filters["in"]}) == 3


def test_a_display_window_is_no_type_of_the_atlas():
    said = [ParsedCall.model_validate({"do": "refine", "in": "bone"})]
    text, _, _, _ = moved("bone window, and only bone lesions", said, {}, random.Random(1))
    assert text.startswith("bone window, and only ")
    assert "bone lesions" not in text


def test_a_type_in_words_that_nothing_finds_stays_where_it_is():
    assert (
        moved("only these", [ParsedCall.model_validate({"do": "refine", "in": "bone"})], {}, random.Random(0)) is None
    )


def test_ways_to_name_a_type_name_nothing_else():
    for seed in range(20):
        types = drawn_atlas(random.Random(seed))
        assert len({name.casefold() for name in types}) == len(types)
        for name in types:
            assert all({m.name for m in find_types(way.lower(), types)} <= {name} for way in ways_to_name(name, types))
        assert all({m.name for m in find_types(word, types)} == {"?"} for word in unknown_words(types))


def test_about_a_third_of_the_sentences_are_in_another_atlas():
    made = [utterance(11, n) for n in range(1200)]
    other = [one for one in made if one.types != DEEPLESION_TYPES]
    assert 0.2 < len(other) / len(made) < 0.45
    for one in other:
        for call in read(one.answer):
            named = {t for value in (call.types, call.without, call.add) if value for t in value.split("+")}
            assert named <= {*one.types, "?"}, one
