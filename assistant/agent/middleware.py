"""What stands between model and tools: evidence numbers, errors as messages, limits, and a model that takes over."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from langchain.agents.middleware import AgentMiddleware, ModelRequest, ModelResponse
from langchain.tools.tool_node import ToolCallRequest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import SystemMessage, ToolMessage
from langgraph.types import Command

from assistant.agent.prompts import system_prompt
from assistant.core.events import Notice, ToolFinished, ToolStarted
from assistant.core.evidence import EvidenceLedger
from assistant.core.turn_state import TurnState
from assistant.wording import tool_labels as steps
from encoder.errors import LesionSearchError
from tools.domain.facts import Facts

log = logging.getLogger(__name__)

MAX_MODEL_CALLS = 30  # in one turn
MAX_TOOL_CALLS = 24
NO_MORE_TOOLS = "No more tool calls are possible in this turn: answer from the evidence there is."


@dataclass
class TurnLog:
    """What happened in the turn that runs now."""

    state: TurnState
    model_calls: int = 0
    tool_calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    told: list[str] = field(default_factory=list)  # what tools said when they failed
    notice: str | None = None
    tools_s: float = 0.0
    model_s: float = 0.0


class TurnGuard(AgentMiddleware[Any, Any]):
    """Bounds a turn, numbers its evidence, and lets the built-in planner finish what another model cannot."""

    def __init__(self, ledger: EvidenceLedger, fallback: BaseChatModel) -> None:
        super().__init__()
        self._ledger = ledger
        self._fallback = fallback
        self.turn = TurnLog(TurnState())

    def wrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], ModelResponse[Any]]
    ) -> ModelResponse[Any]:
        """Give the model the state; on failure, or when it does not come to an end, the fallback answers."""
        turn = self.turn
        turn.model_calls += 1
        request = request.override(system_message=SystemMessage(system_prompt(turn.state)))
        if request.model is self._fallback:
            return handler(request)
        if turn.notice is None and turn.model_calls > MAX_MODEL_CALLS:
            self._take_over(request, "did not come to an answer")
        if turn.notice is None:
            began = time.perf_counter()
            try:
                return handler(request)
            except Exception as error:  # whatever a provider's client raises, the conversation goes on
                log.warning("model call failed: %s", type(error).__name__)
                self._take_over(request, _reason(error))
            finally:
                turn.model_s += time.perf_counter() - began
        return handler(request.override(model=self._fallback))

    def _take_over(self, request: ModelRequest[Any], reason: str) -> None:
        self.turn.notice = f"The language model {reason}; the built-in planner answered instead. Nothing was lost."
        request.runtime.stream_writer(Notice(self.turn.notice))

    def wrap_tool_call(
        self, request: ToolCallRequest, handler: Callable[[ToolCallRequest], ToolMessage | Command[Any]]
    ) -> ToolMessage | Command[Any]:
        """Run a tool; its facts are numbered, its failure becomes a message."""
        call, turn = request.tool_call, self.turn
        call_id, args = call["id"] or "", dict(call["args"])
        write = request.runtime.stream_writer
        if len(turn.tool_calls) >= MAX_TOOL_CALLS:
            turn.told.append(NO_MORE_TOOLS)
            return _failed(call_id, call["name"], NO_MORE_TOOLS)
        turn.tool_calls.append((call["name"], args))
        write(ToolStarted(call_id, steps.started(call["name"], args), call["name"], args))
        began = time.perf_counter()
        facts: Facts | None = None
        try:
            message = handler(request)
            if not isinstance(message, ToolMessage):
                return message
            if message.status == "error":
                message = _failed(call_id, call["name"], message.text[:400])
            elif isinstance(message.artifact, Facts):
                facts = message.artifact
                evidence = self._ledger.add(call["name"], args, facts)
                numbered = f'{{"evidence":"E{evidence.number}",{message.text[1:]}'
                message = message.model_copy(update={"content": numbered})
        except LesionSearchError as error:
            message = _failed(call_id, call["name"], str(error))
        except Exception as error:  # a defect in a tool must not end the conversation
            log.exception("tool %s failed", call["name"])
            message = _failed(call_id, call["name"], f"That step failed inside the program ({type(error).__name__}).")
        if facts is None:
            turn.told.append(message.text)
        took_s = time.perf_counter() - began
        turn.tools_s += took_s
        title = steps.finished(facts) if facts is not None else message.text
        write(ToolFinished(call_id, title, round(1000 * took_s), facts))
        return message


def _failed(call_id: str, name: str, sentence: str) -> ToolMessage:
    return ToolMessage(sentence, tool_call_id=call_id, name=name, status="error")


def _reason(error: Exception) -> str:
    name = type(error).__name__
    if "Timeout" in name:
        return "did not answer in time"
    if "Connection" in name or "Connect" in name:
        return "could not be reached"
    if "Auth" in name or "Permission" in name:
        return "refused the key"
    if "RateLimit" in name:
        return "is over its rate limit"
    return f"failed ({name})"
