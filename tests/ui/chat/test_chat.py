"""The conversation as people see it: steps, links, stopping, and failures as words."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from assistant.core.events import Event, TextChunk, ToolStarted
from encoder.errors import LesionSearchError
from tools.domain.lesions import Filters
from tools.workspace.search import search_region
from ui.chat.chat import FAILED, converse, follow_ups, linked, messages, record, turn_at
from ui.state.transcript import ChatTurn


class Scripted:
    """An assistant at the edge: it does what a test says."""

    def __init__(self, stream: Callable[[], Iterator[Event]]) -> None:
        self._stream = stream

    def stream(self, question: str) -> Iterator[Event]:
        return self._stream()


def with_assistant(visit: Any, stream: Callable[[], Iterator[Event]]) -> None:
    visit._assistant = Scripted(stream)


def test_a_question_becomes_steps_text_and_linked_citations(visit: Any) -> None:
    visit.session.add_click(visit.start_slice, 256, 256)
    turns = list(converse(visit, "What does R1 look like?"))
    assert turns[0].question == "What does R1 look like?"
    assert turns[-1].done
    shown = messages(visit)
    assert shown[0].role == "user"
    steps = [m for m in shown if m.metadata and m.metadata.get("title")]
    assert any("Searched" in m.metadata["title"] and m.metadata["duration"] > 0 for m in steps)
    assert all(m.metadata["status"] == "done" for m in steps)
    assert f"](#show-{turns[-1].key}-R1-" in str(shown[-1].content)


def test_a_lesson_shows_its_phantom_and_no_picture_of_anybody_else(visit: Any) -> None:
    list(converse(visit, "Explain liver lesions"))
    assert "\n\n![Phantom: liver](" in str(messages(visit)[-1].content)
    with_assistant(visit, lambda: iter([TextChunk("![mine](https://elsewhere.example/a.png)")]))
    list(converse(visit, "Show me"))
    assert "![" not in str(messages(visit)[-1].content)


def test_stopping_ends_the_turn_at_once_even_when_the_model_is_silent(visit: Any) -> None:
    silent = threading.Event()

    def stream() -> Iterator[Event]:
        yield ToolStarted("1", "Thinking hard", "search", {})
        silent.wait(20)
        yield TextChunk("too late")

    with_assistant(visit, stream)
    answer = converse(visit, "Anything?")
    next(answer)
    visit.stop()
    turn = list(answer)[-1]
    silent.set()
    assert turn.done
    assert "Stopped" in turn.text
    assert "too late" not in turn.text
    assert all(m.metadata.get("status") != "pending" for m in messages(visit) if m.metadata)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (LesionSearchError("The model needs a key: set KEY."), "The model needs a key: set KEY."),
        (KeyError("x"), FAILED),
    ],
)
def test_a_failure_is_a_message_and_the_next_question_works(visit: Any, error: Exception, said: str) -> None:
    def stream() -> Iterator[Event]:
        yield TextChunk("half an ")
        raise error

    with_assistant(visit, stream)
    assert list(converse(visit, "Anything?"))[-1].text == said
    visit._assistant = None
    assert list(converse(visit, "Describe the study"))[-1].text


def test_only_known_lesions_become_links() -> None:
    turn = ChatTurn("", key="0")
    text = "Like [A-1] and [B-2], see [this](https://example.org) [E1]"
    assert linked(text, {"A-1"}.__contains__, turn) == (
        "Like [A-1](#show-0--A-1) and [B-2], see [this](https://example.org) [E1]"
    )
    assert linked("[A/1 x] [A)1]", {"A)1"}.__contains__, turn) == "[A/1 x] [A)1](#show-0--A%291)"


def test_follow_ups_fit_what_is_on_the_screen(visit: Any, visits: Any) -> None:
    from ui.state.visits import new_visitor

    assert "What can you do?" in follow_ups(visits.of_page(new_visitor(), "empty"))
    assert "Suggest places worth a look" in follow_ups(visit)
    visit.session.add_click(visit.start_slice, 256, 256)
    assert follow_ups(visit)[0] == "What does R1 look like?"
    last = list(converse(visit, follow_ups(visit)[0]))[-1]
    assert follow_ups(visit) == last.follow_ups
    visit.session.add_click(visit.start_slice, 180, 200)
    assert follow_ups(visit)[0] == "What does R2 look like?"


def test_long_questions_are_cut_and_old_turns_leave(visit: Any) -> None:
    with_assistant(visit, lambda: iter(()))
    for n in range(65):
        list(converse(visit, f"{n} " + "x" * 5000))
    assert len(visit.turns) == 60
    assert len(visit.turns[0].question) == 4000


def test_several_steps_are_nested_under_one_line(visit: Any) -> None:
    list(converse(visit, "Suggest places and search lesions like R1"))
    steps = [m.metadata for m in messages(visit) if m.metadata and m.metadata.get("title")]
    assert len(steps) >= 3
    heading, *nested = steps
    assert heading["title"].startswith(f"{len(nested)} steps")
    assert {step["parent_id"] for step in nested} == {heading["id"]}
    assert heading["duration"] == pytest.approx(sum(step["duration"] for step in nested))


def test_a_message_is_traced_to_its_question(visit: Any) -> None:
    for question in ("Describe the study", "Suggest places and search lesions like R1"):
        list(converse(visit, question))
    shown = messages(visit)
    for index, message in enumerate(shown):
        turn = turn_at(visit, index)
        assert (turn.question if turn else None) == (message.content if message.role == "user" else None)
    assert turn_at(visit, len(shown)) is None


def test_searches_of_the_controls_leave_one_line_with_things_to_ask(visit: Any) -> None:
    visit.session.add_click(visit.start_slice, 256, 256)
    for sex in ("F", "M"):
        record(visit, search_region(visit.workspace, "R1", 5, Filters(sex=sex)))
    (message,) = messages(visit)
    assert "men" in message.metadata["title"]
    assert "controls" in message.metadata["title"]
    assert follow_ups(visit)[0] == "Compare with the closest"
