"""Requests as symbols and back."""

import pytest

from assistant.embedded_language import Said, read
from assistant.symbols import from_symbols, to_symbols
from assistant.tuning.utterances import utterance


def test_a_call_is_a_name_and_the_pieces_of_its_value():
    said = [Said.model_validate({"do": "search", "in": "soft tissue+liver", "age": ">=60", "size": "1.5cm-20mm"}),
            Said.model_validate({"do": "report", "as": "dicom-sr"})]  # fmt: skip
    assert to_symbols(said) == [
        "do=search", "in=", "soft tissue", "+", "liver", "age=", ">=", "6", "0", "size=", "1", ".", "5", "cm", "-", "2",
        "0", "mm", "do=report", "as=", "dicom-sr",
    ]  # fmt: skip


def test_what_sentences_mean_comes_back_whole():
    for number in range(1500):
        said = read(utterance(7, number).answer)
        assert from_symbols(to_symbols(said)) == said


@pytest.mark.parametrize("symbols", [["in=", "liver"], ["do=search", "liver"], ["do=search", "k=", "3", "k=", "4"],
                                     ["do=dance"], ["do=search", "sex=", "liver"]])  # fmt: skip
def test_symbols_out_of_place_are_refused(symbols):
    with pytest.raises(ValueError):  # noqa: PT011  pydantic's among them
        from_symbols(symbols)
