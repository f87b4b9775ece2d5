"""The built-in chat model, as LangChain sees it."""

import json

from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage

from assistant.agent.snapshot import system_prompt
from assistant.models.planner_model import ASKS, PlannerChatModel, decide
from assistant.planning.context import Call, Reply
from tests.assistant.planning.test_planner import R1, state

SYSTEM = SystemMessage(system_prompt(state(R1)))


def test_it_calls_a_tool_and_then_answers_from_the_result() -> None:
    model = PlannerChatModel()
    question = HumanMessage("measure it")
    first = model.invoke([SYSTEM, question])
    assert [(c["name"], c["args"]) for c in first.tool_calls] == [("measure_region", {"region_id": "R1"})]
    result = ToolMessage('{"evidence":"E4"}', tool_call_id=first.tool_calls[0]["id"], artifact=R1)
    answer = model.invoke([SYSTEM, question, first, result])
    assert answer.text.startswith("R1 on slice 9: long axis 12 mm")
    assert answer.response_metadata[ASKS] is False


def test_streaming_gives_the_same_answer_in_pieces() -> None:
    model = PlannerChatModel()
    messages = [SYSTEM, HumanMessage("help")]
    pieces = [chunk.text for chunk in model.stream(messages)]
    assert len([p for p in pieces if p]) > 3
    assert "".join(pieces) == model.invoke(messages).text
    call = [c for chunk in model.stream([SYSTEM, HumanMessage("measure it")]) for c in chunk.tool_call_chunks]
    assert json.loads(call[0]["args"] or "") == {"region_id": "R1"}


def test_it_goes_on_where_another_model_stopped() -> None:
    made = AIMessage("", tool_calls=[{"name": "measure_region", "args": {"region_id": "R1"}, "id": "x"}])
    done = ToolMessage("{}", tool_call_id="x", artifact=R1)
    step = decide([SYSTEM, HumanMessage("measure R1 and describe the study"), made, done])
    assert isinstance(step, Call)
    assert step.name == "describe_study"


def test_a_failed_call_is_told_and_not_tried_again() -> None:
    made = AIMessage("", tool_calls=[{"name": "measure_region", "args": {"region_id": "R1"}, "id": "x"}])
    failed = ToolMessage("The region is gone: mark it again.", tool_call_id="x", status="error")
    step = decide([SYSTEM, HumanMessage("measure it"), made, failed])
    assert step == Reply("The region is gone: mark it again.")


def test_without_messages_it_says_nothing() -> None:
    assert decide([SYSTEM]) == Reply("")


def test_the_state_survives_the_system_message() -> None:
    from assistant.core.turn_state import TurnState

    for start in (state(), state(R1), state(R1, searched={"sex": "F", "lesion_types": ["liver"]})):
        assert TurnState.read(system_prompt(start)) == start
    assert TurnState.read("nothing here") == TurnState()
