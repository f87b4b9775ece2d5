"""The assistant: one conversation with one user, from a question to a checked answer.

What a turn can be taken back to is kept here, not in a LangGraph checkpointer: beside the messages it holds searches
of the session, the history is what was checked and not what the model wrote, and an InMemorySaver cannot drop its
oldest checkpoints.
"""

import logging
import re
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

from langchain.agents import create_agent
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage, SystemMessage
from langchain_core.tools import BaseTool
from langgraph.errors import GraphRecursionError

from assistant.agent.middleware import TurnLog, TurnMiddleware, middleware_stack
from assistant.agent.snapshot import system_prompt, turn_state
from assistant.core.events import Answer, AnswerReady, Event, Grounding, Notice, Timing, TurnBegan
from assistant.core.evidence import EvidenceLedger
from assistant.core.turn_state import ToolCallRecord, TurnState
from assistant.grounding.checker import Checker, GroundedStream
from assistant.models.planner_model import ASKS, PlannerChatModel
from assistant.models.registry import offline_model, resolve_model
from assistant.models.tool_call_parser import may_be_call
from assistant.planning.context import Reply
from assistant.wording.fixed_sentences import next_questions
from assistant.wording.tool_labels import unsaid
from tools.domain.facts import SearchFacts
from tools.workspace.session import Workspace

log = logging.getLogger(__name__)

MAX_QUESTION = 4000  # characters
MAX_TURNS_IN_PROMPT = 8  # earlier turns a language model reads word by word; all else it knows from the state
MAX_KEPT_TURNS = 60  # that can be taken back; as many as stay on the screen
MAX_ANSWER_IN_PROMPT = 1500  # characters of an earlier answer
RECURSION_LIMIT = 150  # graph steps, above what the call limits of the middleware allow
INTERNAL_ERROR = (
    "Something went wrong inside the program, and I cannot answer this. Your study and regions are untouched."
)


@dataclass(frozen=True)
class _Checkpoint:
    """Hold the conversation as it was before a turn."""

    turn: int
    history: tuple[BaseMessage, ...]
    open_question: str | None
    cautioned: bool
    selected: str | None  # when the turn before it ended
    on_screen: str | None  # selected when the turn began
    searches: dict[str, SearchFacts]  # the last one of each region


class Assistant:
    """Hold one conversation about one workspace. `stream` yields what happens, `ask` only the answer.

    `model` is `auto`, `offline`, `provider:name` or a chat model. Raises ModelError when it cannot be used.
    One turn runs at a time; a second waits.
    """

    def __init__(
        self, workspace: Workspace, model: str | BaseChatModel = "auto", tools: Sequence[BaseTool] | None = None
    ) -> None:
        if tools is None:
            from tools.agent_tools import TOOLS as tools  # noqa: N811 -- the default set; tests bring their own
        self.workspace = workspace
        self.model = resolve_model(model)
        self._ledger = EvidenceLedger()
        chosen = self.model.chat_model
        self._planner = chosen if isinstance(chosen, PlannerChatModel) else PlannerChatModel()
        self._turns = TurnMiddleware(self._planner)
        self._graph = create_agent(
            chosen,
            list(tools or ()),
            middleware=middleware_stack(self._turns, self._ledger, self._planner),
            context_schema=Workspace,
        )
        self._lock = threading.Lock()
        self._begin()

    def new_conversation(self) -> None:
        """Forget what was said and found, searches made on the screen too; study and regions stay."""
        self.workspace.session.forget_searches()
        self._begin()

    def _begin(self) -> None:
        self._ledger.forget()
        self._history: deque[BaseMessage] = deque(maxlen=2 * MAX_TURNS_IN_PROMPT)
        self._open_question: str | None = None
        self._cautioned = False
        self._study_key: str | None = None
        self._checkpoints: deque[_Checkpoint] = deque(maxlen=MAX_KEPT_TURNS)
        self._rewind_to: int | None = None
        self._selected: str | None = None  # when the last turn ended

    def rewind(self, turn: int) -> None:
        """Forget a turn (its `TurnBegan.number`) and all after it: what was said, found and searched in them.

        Takes effect before the next message, so that it never waits for a turn that is still running. Regions stay:
        they are the user's, on the screen.
        """
        self._rewind_to = min(turn, self._rewind_to or turn)

    def ask(self, question: str) -> Answer:
        """Answer one message, and return the checked answer."""
        for event in self.stream(question):
            if isinstance(event, AnswerReady):
                return event.answer
        raise RuntimeError("a turn ended without an answer")

    def stream(self, question: str) -> Iterator[Event]:
        """Answer one message, and yield what happens; the last event is AnswerReady."""
        with self._lock:
            yield from self._turn(question.strip()[:MAX_QUESTION])

    def _turn(self, question: str) -> Iterator[Event]:
        """Run one turn: restore, read the state, run the graph, check what was said, remember it."""
        began = time.perf_counter()
        self._restore()
        self._forget_other_study()
        turn_number = self._ledger.begin_turn()
        self._checkpoints.append(self._checkpoint(turn_number))
        yield TurnBegan(turn_number)
        turn = TurnLog(self._state())
        self._turns.turn = turn
        writer = GroundedStream(
            lambda: Checker(self._ledger, turn.state, question, turn.tool_errors, turn_number), may_be_call
        )
        said: list[BaseMessage] = [HumanMessage(question)]
        try:
            yield from self._run(said, writer)
        except GraphRecursionError:
            log.warning("a turn was stopped at the recursion limit")
        except Exception:
            log.exception("a turn failed")
        final = said[-1] if isinstance(said[-1], AIMessage) else None
        if writer.empty:
            # nothing was said, or nothing of it was supported: the built-in planner writes it from the evidence
            reply = self._planner.decide([SystemMessage(system_prompt(turn.state)), *said])
            final = AIMessage(reply.text if isinstance(reply, Reply) else INTERNAL_ERROR)
            yield from writer.feed(final.text)
        yield from writer.add(unsaid(writer.text, turn.undone.values()))
        yield from writer.finish()
        answer = Answer(
            answer=writer.text,
            citations=self._citations(writer.text),
            tool_calls=tuple(ToolCallRecord(name=name, args=args) for name, args in turn.tool_calls),
            evidence=self._ledger.of_turn(turn_number),
            grounding=Grounding(
                claims=writer.claims, unsupported=tuple(writer.unsupported), removed=tuple(writer.removed)
            ),
            model=self.model.name if turn.notice is None else offline_model().name,
            notice=turn.notice,
        )
        self._remember(question, answer, final)
        after = self._state()
        self._selected = after.selected
        planner_only = isinstance(self.model.chat_model, PlannerChatModel)
        timing = Timing(
            total_ms=1000 * (time.perf_counter() - began),
            tools_ms=1000 * turn.tools_s,
            model_ms=0.0 if planner_only else 1000 * turn.model_s,
        )
        ideas = next_questions(after, [c.name for c in answer.tool_calls])
        yield AnswerReady(answer.model_copy(update={"follow_ups": ideas, "timing": timing}))

    def _run(self, said: list[BaseMessage], writer: GroundedStream) -> Iterator[Event]:
        """Run the graph; `said` grows by the messages of the turn, `writer` gets the text of the last model call."""
        message_id: str | None = None
        steps = self._graph.stream(
            cast(Any, {"messages": [*self._history, *said]}),
            config={"recursion_limit": RECURSION_LIMIT},
            context=self.workspace,
            stream_mode=["messages", "updates", "custom"],
        )
        for mode, data in cast(Iterator[tuple[str, Any]], steps):
            if mode == "custom":
                if isinstance(data, Notice):
                    yield from writer.reset()
                yield cast(Event, data)
            elif mode == "messages":
                chunk, _ = cast(tuple[BaseMessage, dict[str, Any]], data)
                if isinstance(chunk, AIMessageChunk):
                    if chunk.id != message_id:
                        message_id = chunk.id
                        yield from writer.reset()
                    yield from writer.feed(chunk.text)
            else:
                for update in cast(dict[str, Any], data).values():
                    new = (update or {}).get("messages", [])
                    said += new
                    for message in new:
                        if isinstance(message, AIMessage):
                            yield from writer.settle("" if message.tool_calls else message.text)

    def _state(self) -> TurnState:
        """Take the state now."""
        return turn_state(self.workspace, self._ledger, self._open_question, self._cautioned, self._selected)

    def _checkpoint(self, turn: int) -> _Checkpoint:
        """Keep what `turn` may be taken back to."""
        session = self.workspace.session
        regions = session.regions() if session.study is not None else ()
        found = {r.region_id: session.search_of(r.region_id) for r in regions}
        return _Checkpoint(
            turn,
            tuple(self._history),
            self._open_question,
            self._cautioned,
            self._selected,
            session.selected.region_id if session.selected else None,
            {region_id: search for region_id, search in found.items() if search is not None},
        )

    def _restore(self) -> None:
        """Return to the checkpoint before the turn that `rewind` named."""
        turn, self._rewind_to = self._rewind_to, None
        later = [c for c in self._checkpoints if turn is not None and c.turn >= turn]
        if not later:
            return
        before = later[0]
        for _ in later:
            self._checkpoints.pop()
        session = self.workspace.session
        now = session.selected.region_id if session.selected else None
        region = session.wherever(before.on_screen or "")
        if region is not None and now == self._selected:  # nobody has chosen another region since
            session.choose_series(region.series_key)
            session.select(region.region_id)
        self._history = deque(before.history, maxlen=self._history.maxlen)
        self._open_question, self._cautioned, self._selected = before.open_question, before.cautioned, before.selected
        for evidence in self._ledger.forget_since(before.turn):
            facts = evidence.facts
            if isinstance(facts, SearchFacts) and session.search_of(facts.region_id) == facts:
                session.restore_search(facts.region_id, before.searches.get(facts.region_id))

    def _forget_other_study(self) -> None:
        """Drop the evidence of a study that is no longer open: it supports nothing."""
        study = self.workspace.session.study
        key = study.study_key if study else None
        if key != self._study_key:
            self._ledger.forget()
            self._open_question = None
            self._study_key = key

    def _remember(self, question: str, answer: Answer, final: AIMessage | None) -> None:
        """Add the turn to the history, shortened, and note an open clarification question."""
        self._history += [
            HumanMessage(question[:MAX_ANSWER_IN_PROMPT]),
            AIMessage(answer.answer[:MAX_ANSWER_IN_PROMPT]),
        ]
        asks = bool(final and final.response_metadata.get(ASKS))
        self._open_question = question if asks else None
        self._cautioned = self._cautioned or "not a diagnosis" in answer.answer

    def _citations(self, text: str) -> tuple[str, ...]:
        """Return the lesion ids in brackets that a tool returned, in the order they are named."""
        cited = re.findall(r"\[([^\[\]\s]+)\]", text)
        return tuple(dict.fromkeys(c for c in cited if self._ledger.knows_lesion(c)))
