"""How well a message is understood, every turn in the state it should be in.

The conversations are played once by a model that makes the calls expected, so that a mistake in one turn spoils no
other; then each reader plans every turn from the same states and results.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from pydantic import PrivateAttr

from assistant.core.requests import Request
from assistant.core.turn_state import ToolCallRecord, TurnState
from assistant.models.planner_model import ASKS
from assistant.planning.context import Call, Result
from assistant.planning.planner import plan_turn
from eval.assistant.conversations import (
    Calls,
    Conversation,
    ConversationSplit,
    DemoInstallation,
    ScriptedTurn,
    filled,
    names_of,
    read_conversations,
    records,
)  # fmt: skip
from eval.assistant.tool_calls import comparable
from tools.domain.facts import Facts, SearchFacts

Comparable = tuple[str, dict[str, Any]]
MAX_CALLS = 12


@dataclass(frozen=True)
class MessageCase:
    """One message, the state it came in, the calls that are right, and what those brought."""

    turn: ScriptedTurn
    question: str
    state: TurnState
    allowed: tuple[tuple[ToolCallRecord, ...], ...]
    results: tuple[tuple[Comparable, Result], ...]


class _Expected(BaseChatModel):
    """Makes the calls it is given, whatever is said, and keeps what it saw."""

    _calls: Calls = PrivateAttr(())
    _asks: bool = PrivateAttr(False)
    _names: dict[str, str] = PrivateAttr(default_factory=dict)
    _seen: tuple[TurnState, dict[str, str], list[tuple[Comparable, Result]]] = PrivateAttr()

    @property
    def _llm_type(self) -> str:
        return "expected"

    def bind_tools(self, tools: Sequence[Any], **kwargs: Any) -> Any:
        return self

    def _generate(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> ChatResult:
        state = TurnState.read("\n".join(m.text for m in messages if isinstance(m, SystemMessage)))
        asked = max(i for i, m in enumerate(messages) if isinstance(m, HumanMessage))
        brought = [m for m in messages[asked + 1 :] if isinstance(m, ToolMessage)]
        searched = [m.artifact for m in brought if isinstance(m.artifact, SearchFacts)]
        last = state.search_of(None)
        hits = searched[-1].hits if searched else last.facts.hits if last else ()
        names = self._names | {f"hit:{h.rank}": h.lesion_id for h in hits}
        names |= {"hit:last": hits[-1].lesion_id} if hits else {}
        made = records(self._calls, names)
        results = [(comparable(c), _result(m)) for c, m in zip(made, brought, strict=False)]
        self._seen = state, names, results
        if len(brought) < len(made):
            next_call = made[len(brought)]
            call = {"name": next_call.name, "args": next_call.args, "id": f"call_{len(brought)}"}
            return ChatResult(generations=[ChatGeneration(message=AIMessage("", tool_calls=[call]))])
        said = AIMessage("Which one?" if self._asks else "Done.", response_metadata={ASKS: self._asks})
        return ChatResult(generations=[ChatGeneration(message=said)])


def _result(message: ToolMessage) -> Result:
    if isinstance(message.artifact, Facts):
        return Result(message.artifact, evidence=1)
    return Result(None, failure=message.text)


def message_cases(
    split: ConversationSplit | Literal["all"], installation: DemoInstallation, folder: Path
) -> Iterator[MessageCase]:
    """Play a split and yield every turn in the state it should be in."""
    for conversation in read_conversations(split):
        yield from _cases_of(conversation, installation, folder / conversation.id)


def _cases_of(conversation: Conversation, installation: DemoInstallation, folder: Path) -> Iterator[MessageCase]:
    from assistant.agent.assistant import Assistant

    with installation.workspace(conversation, folder) as workspace:
        model = _Expected()
        model._names = names_of(workspace.session, installation.atlas)
        assistant = Assistant(workspace, model)
        for turn in conversation.turns:
            question = filled(turn.say, model._names)
            model._calls, model._asks = turn.calls, turn.asks
            assistant.ask(question)
            state, names, results = model._seen
            allowed = tuple(records(calls, names) for calls in (turn.calls, *turn.or_calls))
            yield MessageCase(turn, question, state, allowed, tuple(results))


def planned(case: MessageCase, requests: Sequence[Request]) -> list[Comparable]:
    """Plan the calls of what was understood; planning ends where a call brought nothing, being a wrong one."""
    results: dict[str, Result] = {}
    calls: list[Comparable] = []
    while len(calls) < MAX_CALLS:
        step = plan_turn(requests, case.state, results)
        if not isinstance(step, Call):
            break
        call = comparable(ToolCallRecord(name=step.name, args=step.args))
        calls.append(call)
        result = next((r for c, r in case.results if c == call), None)
        if result is None:
            break
        results[step.key] = result
    return calls


def is_right(case: MessageCase, requests: Sequence[Request]) -> bool:
    """Tell whether exactly the expected calls are planned."""
    return planned(case, requests) in [[comparable(call) for call in calls] for calls in case.allowed]
