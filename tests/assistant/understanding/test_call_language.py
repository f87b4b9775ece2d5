"""Calls as they are written, and the state in a line."""

import pytest
from pydantic import ValidationError

from assistant.core.turn_state import ToolCallRecord, TurnState
from assistant.training.generator.utterances import utterance
from assistant.understanding.call_language import ParsedCall, language, read, state_line, write
from assistant.understanding.message_reader import read_message
from tests.assistant.facts import TYPES
from tests.assistant.planning.test_planner import STUDY

STATE = TurnState(atlas_types=TYPES)


def test_what_is_written_is_read_back():
    calls = [
        ParsedCall.model_validate({"do": "search", "in": "liver", "sex": "F", "age": ">60"}),
        ParsedCall(do="report", form="json"),
    ]
    assert write(calls) == '[{"do":"search","in":"liver","sex":"F","age":">60"},{"do":"report","as":"json"}]'
    assert read(write(calls)) == calls


def test_another_language_is_refused():
    with pytest.raises(ValidationError):
        read('[{"do":"delete everything"}]')


def test_a_call_that_the_readers_never_met_is_not_told():
    for name, line in (("set_view", "no regions"), ("describe_study", "no regions; study")):
        last = (ToolCallRecord(name=name, args={}),)
        now = TurnState(study=STUDY, last_calls=last)
        assert state_line(now) == line
        assert read_message("next series", now)[0].topic == "next"


def test_the_state_is_told_in_a_line():
    assert state_line(TurnState()) == "no study"


def accepted(state, text, ids=1):
    return bool(language(state, ids).fullmatch(text))


def test_whatever_is_generated_is_in_the_grammar():
    for number in range(300):
        one = utterance(5, number)
        assert accepted(TurnState(atlas_types=one.types), one.answer), one


@pytest.mark.parametrize(
    "call",
    [
        '"do":"go","slice":"12"', '"do":"go","k":"5","slice":"previous"', '"do":"go","image":"22"',
        '"do":"series","series":"coronal"', '"do":"window","preset":"bone"',
        '"do":"window","width":"1500","level":"-600"', '"do":"zoom","region":"R3"', '"do":"zoom","way":"fit"',
        '"do":"hide","what":"outlines+labels"', '"do":"accept","region":"R4"', '"do":"dismiss","region":"other"',
        '"do":"delete","region":"all"', '"do":"rename","region":"R1","name":"T1"', '"do":"volume"',
        '"do":"distance","region":"R1+R2"', '"do":"histogram"', '"do":"density","x":"210","y":"180"',
        '"do":"study","topic":"phase+plane"', '"do":"where","region":"R1"', '"do":"image","slice":"12"',
        '"do":"save","in":"liver","name":"T1"', '"do":"cases"', '"do":"edit","in":"bone","hit":"L1"',
        '"do":"delete","nth":"2"', '"do":"quiz","in":"lung","k":"10"', '"do":"hint"', '"do":"truth"',
        '"do":"export","as":"dicom-sr"', '"do":"export","as":"seg"', '"do":"report","as":"pdf"',
        '"do":"decline","topic":"3d"', '"do":"search","in":"liver+?","unmet":"disease+place"',
    ],
)  # fmt: skip
def test_what_is_asked_of_viewer_cases_and_teaching_is_in_the_grammar(call):
    assert accepted(STATE, f"[{{{call}}}]")


@pytest.mark.parametrize(
    "text",
    ['[{"do":"search","in":"brain"}]', '[{"do":"hit","hit":"L2"}]', '[{"do":"search","sex":"X"}]', "[]",
     '[{"do":"search","age":">1600"}]', '[{"sex":"F","do":"search"}]', '[{"do":"window","level":"--5"}]',
     '[{"do":"go","slice":"upwards"}]', '[{"do":"rename","name":"mine"}]', '[{"do":"window","preset":"kidney"}]',
     '[{"do":"decline","topic":"weather"}]', '[{"do":"go","slice":"3","k":"4"}]'],
)  # fmt: skip
def test_what_no_tool_takes_is_not_in_the_grammar(text):
    assert not accepted(STATE, text)
