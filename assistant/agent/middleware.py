"""What stands between model and tools: call limits, a model that takes over, evidence numbers, errors as messages.

Falling back to the planner and turning a tool's error into a message are LangChain's own middlewares. The call limits
are counted here: `ModelCallLimitMiddleware` and `ToolCallLimitMiddleware` end a turn in fixed sentences of their own,
where here the planner goes on, and each adds a node to the graph, two milliseconds a turn.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from langchain.agents.middleware import (
    AgentMiddleware,
    ModelFallbackMiddleware,
    ModelRequest,
    ModelResponse,
    ToolErrorMiddleware,
)
from langchain.agents.middleware.model_call_limit import ModelCallLimitExceededError
from langchain.tools.tool_node import ToolCallRequest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import SystemMessage, ToolMessage
from langgraph.types import Command

from assistant.agent.prompts import system_prompt
from assistant.core.events import Notice, ToolFinished, ToolStarted
from assistant.core.evidence import EvidenceLedger
from assistant.core.turn_state import TurnState
from assistant.wording import tool_labels
from encoder.errors import LesionSearchError
from tools.domain.facts import Facts

log = logging.getLogger(__name__)

MAX_MODEL_CALLS = 30  # in one turn
MAX_TOOL_CALLS = 24
MAX_ARGUMENT_ERROR = 400  # characters of what is wrong with a call's arguments
NO_MORE_TOOLS = "No more tool calls are possible in this turn: answer from the evidence there is."

ToolHandler = Callable[[ToolCallRequest], ToolMessage | Command[Any]]


@dataclass
class TurnLog:
    """Record what happened in the turn that runs now."""

    state: TurnState
    model_calls: int = 0
    tool_calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    tool_errors: list[str] = field(default_factory=list)
    notice: str | None = None
    tools_s: float = 0.0
    model_s: float = 0.0


class TurnMiddleware(AgentMiddleware[Any, Any]):
    """Bound a turn, log it in `turn`, and write its events to the stream."""

    def __init__(self, planner: BaseChatModel) -> None:
        super().__init__()
        self._planner = planner
        self.turn = TurnLog(TurnState())

    def wrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], ModelResponse[Any]]
    ) -> ModelResponse[Any]:
        """Give the model the state of the conversation; once it has failed, the planner answers to the turn's end.

        Raises what the model raises, or ModelCallLimitExceededError, for the ModelFallbackMiddleware around this.
        """
        turn = self.turn
        request = request.override(system_message=SystemMessage(system_prompt(turn.state)))
        if request.model is self._planner or turn.notice is not None:
            return handler(request.override(model=self._planner))
        turn.model_calls += 1
        began = time.perf_counter()
        try:
            if turn.model_calls > MAX_MODEL_CALLS:
                raise ModelCallLimitExceededError(0, turn.model_calls, None, MAX_MODEL_CALLS)
            return handler(request)
        except Exception as error:  # whatever a provider's client raises, the conversation goes on
            log.warning("model call failed: %s", type(error).__name__)
            turn.notice = (
                f"The language model {_reason(error)}; the built-in planner answered instead. Nothing was lost."
            )
            request.runtime.stream_writer(Notice(turn.notice))
            raise
        finally:
            turn.model_s += time.perf_counter() - began

    def wrap_tool_call(self, request: ToolCallRequest, handler: ToolHandler) -> ToolMessage | Command[Any]:
        """Log a tool call and write its events; past MAX_TOOL_CALLS answer it without running the tool."""
        call, turn = request.tool_call, self.turn
        call_id, args = call["id"] or "", dict(call["args"])
        write = request.runtime.stream_writer
        if len(turn.tool_calls) >= MAX_TOOL_CALLS:
            turn.tool_errors.append(NO_MORE_TOOLS)
            return ToolMessage(NO_MORE_TOOLS, tool_call_id=call_id, name=call["name"], status="error")
        turn.tool_calls.append((call["name"], args))
        write(ToolStarted(call_id, tool_labels.started(call["name"], args), call["name"], args))
        began = time.perf_counter()
        message = handler(request)
        if not isinstance(message, ToolMessage):
            return message
        took_s = time.perf_counter() - began
        turn.tools_s += took_s
        facts = message.artifact if message.status != "error" and isinstance(message.artifact, Facts) else None
        if facts is None:
            turn.tool_errors.append(message.text)
        title = tool_labels.finished(facts) if facts is not None else message.text
        write(ToolFinished(call_id, title, round(1000 * took_s), facts))
        return message


class EvidenceMiddleware(AgentMiddleware[Any, Any]):
    """Add the facts of every tool result to the ledger, and their number to the message the model reads."""

    def __init__(self, ledger: EvidenceLedger) -> None:
        super().__init__()
        self._ledger = ledger

    def wrap_tool_call(self, request: ToolCallRequest, handler: ToolHandler) -> ToolMessage | Command[Any]:
        """Number the facts of a result; shorten what the tool node says of wrong arguments."""
        call, message = request.tool_call, handler(request)
        if not isinstance(message, ToolMessage):
            return message
        if message.status == "error":
            return message.model_copy(update={"content": message.text[:MAX_ARGUMENT_ERROR]})
        if isinstance(message.artifact, Facts):
            evidence = self._ledger.add(call["name"], dict(call["args"]), message.artifact)
            return message.model_copy(update={"content": f'{{"evidence":"E{evidence.number}",{message.text[1:]}'})
        return message


def middleware_stack(
    turns: TurnMiddleware, ledger: EvidenceLedger, planner: BaseChatModel
) -> list[AgentMiddleware[Any, Any]]:
    """Return the middlewares of the agent, outermost first."""
    return [
        ModelFallbackMiddleware(planner),
        turns,
        ToolErrorMiddleware(_tool_error),
        EvidenceMiddleware(ledger),
    ]


def _tool_error(error: Exception, request: ToolCallRequest) -> str:
    """Turn what a tool raised into a sentence: its own where the user can act on it."""
    if isinstance(error, LesionSearchError):
        return str(error)
    log.exception("tool %s failed", request.tool_call["name"])  # a defect must not end the conversation
    return f"That step failed inside the program ({type(error).__name__})."


def _reason(error: Exception) -> str:
    """Say in words why a model failed, by the name of the error: each provider's client has its own classes."""
    name = type(error).__name__
    if isinstance(error, ModelCallLimitExceededError):
        return "did not come to an answer"
    if "Timeout" in name:
        return "did not answer in time"
    if "Connection" in name or "Connect" in name:
        return "could not be reached"
    if "Auth" in name or "Permission" in name:
        return "refused the key"
    if "RateLimit" in name:
        return "is over its rate limit"
    return f"failed ({name})"
