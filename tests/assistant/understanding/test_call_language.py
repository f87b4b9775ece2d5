"""Calls as they are written, and the state in a line."""

import pytest
from pydantic import ValidationError

from assistant.core.turn_state import ToolCallRecord, TurnState
from assistant.understanding.call_language import ParsedCall, read, state_line, write
from assistant.understanding.ensemble import read_message
from tests.assistant.planning.test_planner import STUDY


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
