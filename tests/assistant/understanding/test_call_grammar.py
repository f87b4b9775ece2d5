"""Every state has its grammar: what can be meant in it is accepted, all else is not."""

import pytest
from llguidance import LLMatcher, LLTokenizer

from assistant.core.turn_state import TurnState
from assistant.training.generator.utterances import utterance
from assistant.understanding.call_grammar import grammar
from tests.assistant.facts import TYPES

STATE = TurnState(atlas_types=TYPES)


@pytest.fixture(scope="module")
def tokens(tmp_path_factory):
    from tests.assistant.models.tiny_model import make_tiny_base

    folder = make_tiny_base(tmp_path_factory.mktemp("tiny"))
    text = (folder / "tokenizer.json").read_text(encoding="utf-8")
    return LLTokenizer(text, n_vocab=259, eos_token=2)


def accepted(tokens, state, text, ids=1):
    matcher = LLMatcher(tokens, LLMatcher.grammar_from_lark(grammar(state, ids)))
    assert not matcher.get_error()
    return bool(matcher.consume_tokens(tokens.tokenize_str(text))) and matcher.is_accepting()


def test_whatever_is_generated_is_in_the_grammar(tokens):
    for number in range(300):
        one = utterance(5, number)
        assert accepted(tokens, STATE, one.answer), one


@pytest.mark.parametrize(
    "text",
    ['[{"do":"search","in":"brain"}]', '[{"do":"hit","hit":"L2"}]', '[{"do":"search","sex":"X"}]', "[]",
     '[{"do":"search","age":">1600"}]', '[{"sex":"F","do":"search"}]'],
)  # fmt: skip
def test_what_no_tool_takes_is_not_in_the_grammar(tokens, text):
    assert not accepted(tokens, STATE, text)
