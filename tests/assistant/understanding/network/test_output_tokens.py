"""Calls as output tokens and back, and the numbers of a message that they point at."""

import pytest

from assistant.training.generator.utterances import utterance
from assistant.understanding.call_language import ParsedCall, read
from assistant.understanding.network.output_tokens import (
    END,
    MAX_NUMBERS,
    NextTokens,
    from_output_tokens,
    output_vocabulary,
    to_output_tokens,
)
from assistant.understanding.network.reader import find_numbers
from assistant.understanding.type_mentions import find_types
from tools.domain.lesions import DEEPLESION_TYPES

VOCABULARY = output_vocabulary()


def test_a_call_is_a_name_and_the_pieces_of_its_value():
    search = {"do": "search", "in": "soft tissue+liver", "age": ">=60", "size": "1.5cm-20mm"}
    calls = [ParsedCall.model_validate(call) for call in (search, {"do": "report", "as": "dicom-sr"})]
    assert to_output_tokens(calls, ["60", "1.5"]) == [
        "do=search", "in=", "soft tissue", "+", "liver", "age=", ">=", "#1", "size=", "#2", "cm", "-", "2", "0", "mm",
        "do=report", "as=", "dicom-sr",
    ]  # fmt: skip


def test_a_decade_is_its_number_and_a_sign():
    calls = [ParsedCall.model_validate({"do": "search", "age": "60-69"})]
    assert to_output_tokens(calls, ["60"]) == ["do=search", "age=", "#1", "s"]
    assert to_output_tokens(calls, ["60", "69"]) == ["do=search", "age=", "#1", "-", "#2"]
    assert from_output_tokens(["do=search", "age=", "#1", "s"], ["70"])[0].age == "70-79"


def test_what_sentences_mean_comes_back_whole():
    for number in range(1500):
        one = utterance(7, number)
        calls, numbers = read(one.answer), [n.value for n in find_numbers(one.text.lower(), MAX_NUMBERS)]
        types = list(dict.fromkeys(m.name for m in find_types(one.text.lower(), one.types)))
        assert from_output_tokens(to_output_tokens(calls, numbers, types), numbers, types) == calls
        assert from_output_tokens(to_output_tokens(calls)) == calls


def test_a_type_is_pointed_at_by_its_place_in_the_message():
    calls = [ParsedCall.model_validate({"do": "refine", "in": "hepatic cyst+?", "not": "adenoma"})]
    types = ["adenoma", "hepatic cyst", "?"]
    tokens = ["do=refine", "in=", "type2", "+", "type3", "not=", "type1"]
    assert to_output_tokens(calls, [], types) == tokens
    assert from_output_tokens(tokens, [], types) == calls
    assert from_output_tokens(tokens, [], ["lung", "bone", "liver"])[0].types == "bone+liver"
    with pytest.raises(ValueError, match="no type"):
        from_output_tokens(tokens, [], types[:2])


def test_the_vocabulary_has_every_token_of_what_sentences_mean():
    vocabulary = {*output_vocabulary()}
    assert END in vocabulary
    for number in range(1500):
        one = utterance(8, number)
        types = list(dict.fromkeys(m.name for m in find_types(f"{one.state} | {one.text}".lower(), one.types)))
        tokens = to_output_tokens(read(one.answer), [], types)
        strange = {token for token in tokens if token not in vocabulary}
        assert strange <= set(one.types), one  # a type of a drawn atlas, misspelt beyond finding


@pytest.mark.parametrize("tokens", [["in=", "liver"], ["do=search", "liver"], ["do=search", "k=", "3", "k=", "4"],
                                     ["do=dance"], ["do=search", "sex=", "liver"], ["do=search", "k=", "#1"],
                                     ["do=search", "age=", "s"]])  # fmt: skip
def test_tokens_out_of_place_are_refused(tokens):
    with pytest.raises(ValueError):  # noqa: PT011  pydantic's among them
        from_output_tokens(tokens)


@pytest.mark.parametrize(("text", "values"), [
    ("over sixty-four, under 1,5 cm, the 3rd", ["64", "1.5", "3"]), ("between thirty five and 40", ["35", "40"]),
    ("two and a half cm, one point eight cm, half a cm", ["2.5", "1.8", "0.5"]), ("in their sixties", ["60"]),
    ("the second one, 2.0 cm, 05 of them", ["2", "2", "5"]), ("a hundred", ["100"]), ("someone weighty, attention", []),
])  # fmt: skip
def test_numbers_are_found_in_digits_and_words(text, values):
    found = find_numbers(text, MAX_NUMBERS)
    assert [n.value for n in found] == values
    assert len(find_numbers("1 2 3 4 5", 3)) == 3


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
