"""What of the model's text is taken as its prose."""

from eval.assistant.prose.model import first_sentences


def test_a_text_ends_after_three_sentences_none_twice_or_broken_off():
    assert first_sentences("A is 1.5 mm. A is 1.5 mm. B is. C is. D is.") == "A is 1.5 mm. B is. C is."
    assert first_sentences("A is. B is not fin") == "A is."
    assert first_sentences("not fin") == ""
