"""The built-in model: a chat model that plans by rules, answers from evidence, and needs nothing from outside."""

import json
import re
import uuid
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.language_models.chat_models import generate_from_stream
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    HumanMessage,
    SystemMessage,
    ToolCallChunk,
    ToolMessage,
)
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool
from pydantic import PrivateAttr

from assistant.core.requests import Request, Understand
from assistant.core.turn_state import TurnState
from assistant.planning.context import Call, Reply, Result
from assistant.planning.planner import plan_turn
from assistant.understanding.message_reader import read_message
from tools.domain.facts import Facts

ASKS = "asks"  # key of the response metadata: the answer is a clarification question
MAX_CACHED_MESSAGES = 16  # a turn asks several times about the same one


class PlannerChatModel(BaseChatModel):
    """Read the question and the state, call tools, write the answer. A pure function of its messages."""

    _understood: "OrderedDict[tuple[str, str], tuple[Request, ...]]" = PrivateAttr(default_factory=OrderedDict)

    @property
    def _llm_type(self) -> str:
        return "lesion-search-offline"

    def bind_tools(
        self, tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool], **kwargs: Any
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """Return the model itself: the planner knows the tools by their contract."""
        return self

    def decide(self, messages: Sequence[BaseMessage]) -> Call | Reply:
        """Return the next tool call or the answer."""
        return decide(messages, self._read)

    def _read(self, message: str, state: TurnState) -> tuple[Request, ...]:
        """Return the requests of a message, read once."""
        key = (message, state.render())
        if key not in self._understood:
            self._understood[key] = read_message(message, state)
            while len(self._understood) > MAX_CACHED_MESSAGES:
                self._understood.popitem(last=False)
        return self._understood[key]

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return generate_from_stream(self._stream(messages))

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        decision = self.decide(messages)
        if isinstance(decision, Call):
            chunk = ToolCallChunk(
                name=decision.name, args=json.dumps(decision.args), id=f"call_{uuid.uuid4().hex[:12]}", index=0
            )
            yield ChatGenerationChunk(message=AIMessageChunk(content="", tool_call_chunks=[chunk]))
            return
        for piece in re.findall(r".*?(?:[.!?:](?=\s)\s+|\n+|$)", decision.text, flags=re.DOTALL):
            if piece:
                generation = ChatGenerationChunk(message=AIMessageChunk(content=piece))
                if run_manager:
                    run_manager.on_llm_new_token(piece, chunk=generation)
                yield generation
        yield ChatGenerationChunk(message=AIMessageChunk(content="", response_metadata={ASKS: decision.asks}))


def decide(messages: Sequence[BaseMessage], read: Understand = read_message) -> Call | Reply:
    """Return the next tool call or the answer, from the state in the system message and the messages of this turn."""
    state = TurnState.read("\n".join(m.text for m in messages if isinstance(m, SystemMessage)))
    asked = max((i for i, m in enumerate(messages) if isinstance(m, HumanMessage)), default=-1)
    if asked < 0:
        return Reply("")
    results: dict[str, Result] = {}
    calls: dict[str, Call] = {}
    for message in messages[asked + 1 :]:
        if isinstance(message, AIMessage):
            calls |= {c["id"] or "": Call(c["name"], c["args"]) for c in message.tool_calls}
        elif isinstance(message, ToolMessage) and message.tool_call_id in calls:
            key, result = calls[message.tool_call_id].key, _result(message)
            if result.facts is not None or key not in results:  # a call that worked once is not undone by a repetition
                results[key] = result
    return plan_turn(read(messages[asked].text, state), state, results)


def _result(message: ToolMessage) -> Result:
    """Read the facts and their evidence number, or the failure, from a tool message."""
    if message.status == "error" or not isinstance(message.artifact, Facts):
        return Result(None, failure=message.text or "That step brought nothing.")
    number = re.match(r'\{"evidence":"E(\d+)"', message.text)
    return Result(message.artifact, evidence=int(number.group(1)) if number else 0)
