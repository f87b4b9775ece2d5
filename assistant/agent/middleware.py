"""What stands between model and tools: call limits, a model that takes over, evidence numbers, errors as messages.

Falling back to the planner and turning a tool's error into a message are LangChain's own middlewares. The call limits
are counted here: `ModelCallLimitMiddleware` and `ToolCallLimitMiddleware` end a turn in fixed sentences of their own,
where here the planner goes on, and each adds a node to the graph, two milliseconds a turn.
"""

import logging
import time
import uuid
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
from langchain_core.messages import AIMessage, BaseMessage, SystemMessage, ToolCall, ToolMessage
from langchain_core.tools import BaseTool
from langgraph.types import Command
from pydantic import BaseModel, ValidationError

from assistant.agent.snapshot import system_prompt
from assistant.core.events import Notice, ToolFinished, ToolStarted
from assistant.core.evidence import EvidenceLedger
from assistant.core.turn_state import TurnState
from assistant.models.planner_model import PlannerChatModel
from assistant.models.tool_call_parser import text_calls
from assistant.wording import tool_labels
from encoder.errors import LesionSearchError
from tools.domain.facts import Facts

log = logging.getLogger(__name__)

MAX_MODEL_CALLS = 30  # in one turn
MAX_TOOL_CALLS = 24
MAX_ARGUMENT_ERROR = 400  # characters of what is wrong with a call's arguments
NO_MORE_TOOLS = "No more tool calls are possible in this turn: answer from the evidence there is."


class UnreadableCallError(Exception):
    """Raise where a model wrote a tool call as text that is none of the tools'."""


ToolHandler = Callable[[ToolCallRequest], ToolMessage | Command[Any]]


@dataclass
class TurnLog:
    """Record what happened in the turn that runs now."""

    state: TurnState
    model_calls: int = 0
    tool_calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    tool_errors: list[str] = field(default_factory=list)
    brought: list[tuple[str, dict[str, Any]]] = field(default_factory=list)  # the calls that returned facts
    undone: dict[str, str] = field(default_factory=dict)  # by tool: the sentence for a call that was refused or failed
    notice: str | None = None
    tools_s: float = 0.0
    model_s: float = 0.0


class TurnMiddleware(AgentMiddleware[Any, Any]):
    """Bound a turn, log it in `turn`, and write its events to the stream."""

    def __init__(self, planner: BaseChatModel) -> None:
        super().__init__()
        self._planner = planner
        self._refusals: dict[str, str] = {}  # by call: what a tool said the user can act on
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
            if (call["name"], args) not in turn.brought:
                turn.undone[call["name"]] = tool_labels.not_done(call["name"], args)
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
            own_words = self._refusals.pop(call_id, None)
            turn.undone[call["name"]] = own_words or tool_labels.not_done(call["name"], args)
        else:
            turn.brought.append((call["name"], args))
            turn.undone.pop(call["name"], None)
        title = tool_labels.finished(facts) if facts is not None else message.text
        write(ToolFinished(call_id, title, round(1000 * took_s), facts))
        return message

    def refused(self, error: Exception, request: ToolCallRequest) -> str:
        """Turn what a tool raised into a sentence: its own where the user can act on it."""
        if isinstance(error, LesionSearchError):
            self._refusals[request.tool_call["id"] or ""] = str(error)
            return str(error)
        log.exception("tool %s failed", request.tool_call["name"])  # a defect must not end the conversation
        return f"That step failed inside the program ({type(error).__name__})."


class TextCallMiddleware(AgentMiddleware[Any, Any]):
    """Read a tool call that a model wrote as its answer as the call it is.

    Raises UnreadableCallError for one that is of no tool or against its schema, so that the planner takes over.
    """

    def wrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], ModelResponse[Any]]
    ) -> ModelResponse[Any]:
        """Replace text that is calls by the calls, in the messages of any model but the planner's own."""
        response = handler(request)
        if isinstance(request.model, PlannerChatModel):
            return response
        tools = {t.name: t for t in request.tools if isinstance(t, BaseTool)}
        return ModelResponse([_with_calls(m, tools) for m in response.result], response.structured_response)


def _with_calls(message: BaseMessage, tools: dict[str, BaseTool]) -> BaseMessage:
    """Return the message with the calls of its text, or as it is where that is an answer."""
    if not isinstance(message, AIMessage) or message.tool_calls:
        return message
    schemas: dict[str, Any] = {name: tool.tool_call_schema for name, tool in tools.items()}
    arguments = {name: list(schema.model_fields) for name, schema in schemas.items()}
    written = text_calls(message.text, arguments)
    if written is None:
        return message
    calls: list[ToolCall] = []
    for one in written:
        if one.name not in schemas or not one.args.keys() <= set(arguments[one.name]):
            raise UnreadableCallError
        schema: type[BaseModel] = schemas[one.name]
        try:
            schema.model_validate(one.args)
        except ValidationError:
            raise UnreadableCallError from None
        calls.append(ToolCall(name=one.name, args=one.args, id=f"call_{uuid.uuid4().hex[:12]}"))
    if not calls:
        raise UnreadableCallError
    return AIMessage(content="", tool_calls=calls, id=message.id)


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
        TextCallMiddleware(),
        ToolErrorMiddleware(turns.refused),
        EvidenceMiddleware(ledger),
    ]


def _reason(error: Exception) -> str:
    """Say in words why a model failed, by the name of the error: each provider's client has its own classes."""
    name = type(error).__name__
    if isinstance(error, ModelCallLimitExceededError):
        return "did not come to an answer"
    if isinstance(error, UnreadableCallError):
        return "wrote a tool call that cannot be read"
    if "Timeout" in name:
        return "did not answer in time"
    if "Connection" in name or "Connect" in name:
        return "could not be reached"
    if "Auth" in name or "Permission" in name:
        return "refused the key"
    if "RateLimit" in name:
        return "is over its rate limit"
    return f"failed ({name})"
