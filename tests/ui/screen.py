"""A page without a browser: it asks the page's handlers and keeps what they send, as its scripts do; and an assistant
that plays its part without a language model."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage

from assistant.agent.assistant import Assistant
from assistant.core.events import Event, ToolFinished, ToolStarted
from assistant.grounding.checker import GroundedStream
from assistant.wording.fact_answers import comparison_answer, measure_answer, regions_answer
from assistant.wording.search_answers import search_answer
from encoder.errors import LesionSearchError
from tools import agent_tools
from tools.domain.facts import ComparisonFacts, RegionFacts, RegionsFound, SearchFacts

LINK = re.compile(r"\(#show-(\w+)-(R\d+|)-([^)]*)\)")
_OFFER = re.compile(r"\[Show R\d+ of this answer\]|\*R\d+ was [^*]*since this answer\.\*")


class PlayedAssistant(Assistant):
    """The assistant with its memory, evidence and state, and without a graph: a question is `tool argument…`, as in
    `search R2 F`; the tool, the region's search and the wording are the real ones."""

    def _run(self, said: list[BaseMessage], writer: GroundedStream) -> Iterator[Event]:
        try:
            yield from self._play(str(said[0].content).split(), writer)
        except LesionSearchError as error:
            yield from writer.settle(str(error))
        said.append(AIMessage(writer.text or "Nothing to say."))

    def _play(self, words: list[str], writer: GroundedStream) -> Iterator[Event]:
        tool, region_id, rest = words[0], words[1] if len(words) > 1 else "", words[2:]
        state = self._state()
        region_id = region_id if region_id != "it" else state.selected or "R1"
        calls: dict[str, tuple[Any, dict[str, Any]]] = {
            "search": (
                agent_tools.search_similar_lesions,
                {"region_id": region_id, "k": 3, "sex": rest[0] if rest else None},
            ),
            "measure": (agent_tools.measure_region, {"region_id": region_id}),
            "suggest": (agent_tools.find_regions, {"max_regions": 2}),
            "series": (agent_tools.select_series, {"series": int(region_id) if region_id.isdigit() else 1}),
        }
        if tool == "compare":
            past = state.search_of(region_id)
            if past is None or not past.facts.hits:
                yield from writer.settle("Search first.")
                return
            calls["compare"] = (
                agent_tools.compare_lesion,
                {"region_id": region_id, "lesion_id": past.facts.hits[-1].lesion_id},
            )
        if tool not in calls:
            yield from writer.settle("Hello.")
            return
        function, args = calls[tool]
        yield ToolStarted("1", tool, function.name, args)
        _, facts = function.func(runtime=SimpleNamespace(context=self.workspace), **args)
        evidence = self._ledger.add(function.name, args, facts)
        yield ToolFinished("1", tool, 1, facts)
        match facts:
            case SearchFacts():
                session = self.workspace.session
                told = RegionFacts.of(session.region(facts.region_id), session.series)
                text = search_answer(facts, told, evidence=evidence.number)
            case ComparisonFacts():
                text = comparison_answer(facts)
            case RegionsFound():
                text = regions_answer(facts)
            case RegionFacts():
                text = measure_answer([facts])
            case _:
                text = "Done."
        yield from writer.settle(text)


@dataclass
class Screen:
    """What one open page shows."""

    handlers: Any
    cookie: str
    page: str = "a-page"
    viewer: dict[str, Any] = field(default_factory=dict)
    gallery: dict[str, Any] = field(default_factory=dict)
    chat: list[Any] = field(default_factory=list)
    slice_index: int = 0
    spots: list[tuple[int, float, float]] = field(default_factory=list)  # worth a click: slice, column, row

    @property
    def request(self) -> Any:
        from ui.state.visits import COOKIE

        return SimpleNamespace(cookies={COOKIE: self.cookie}, session_hash=self.page)

    def send(self, handler: Callable[..., Any], *data: Any) -> None:
        """Let a handler with the four outputs of the page answer an event with `data`, or one without."""
        self._show(handler(*(SimpleNamespace(_data=each) for each in data), self.request))

    def act(self, kind: str, **fields: Any) -> None:
        """Do something in the viewer."""
        self.send(self.handlers.act, {"kind": kind, "study": self.viewer["study_key"], **fields})

    def ask(self, question: str) -> None:
        """Send a message and wait for the answer."""
        self._follow(self.handlers.ask(question, self.request))

    def ask_again(self) -> None:
        """Press Retry."""
        self._follow(self.handlers.ask_again(self.request))

    def edit(self, index: int, text: str) -> None:
        """Change the question at a place of the transcript."""
        self._follow(self.handlers.edit(SimpleNamespace(index=index, value=text), self.request))

    def _follow(self, answer: Iterable[tuple[Any, ...]]) -> None:
        for chat, _, chips, viewer, gallery, _, _ in answer:
            self._show((viewer, gallery, chat, chips))

    def _show(self, outputs: tuple[Any, ...]) -> None:
        viewer, gallery, chat = outputs[:3]
        if "revision" in viewer:  # anything else is gr.skip()
            self._move(viewer)
            self.viewer = viewer
        if "revision" in gallery:
            self.gallery = gallery
        if isinstance(chat, list):
            self.chat = chat

    def _move(self, new: dict[str, Any]) -> None:
        """Go to the slice that a new state asks for, as `transition` of the viewer's state.js does."""
        old = self.viewer
        opened = not old or (old["study_key"], old["series_index"]) != (new["study_key"], new["series_index"])
        if opened or new["shown_at"] > old["shown_at"]:
            self.slice_index = new["shown_slice"]

    @property
    def region(self) -> dict[str, Any] | None:
        """The selected region, as the viewer draws it."""
        return next((r for r in self.viewer.get("regions", ()) if r["region_id"] == self.viewer["selected"]), None)

    def questions(self) -> list[int]:
        """The places of what was asked."""
        return [index for index, message in enumerate(self.chat) if message.role == "user"]

    def answers(self) -> list[tuple[int, str]]:
        """Places and texts of what was answered."""
        return [
            (i, str(m.content)) for i, m in enumerate(self.chat) if m.role != "user" and not m.metadata.get("title")
        ]

    def links(self) -> list[tuple[str, str, str]]:
        """The turn, region and lesion of every link of the conversation."""
        return [found for _, text in self.answers() for found in LINK.findall(text)]

    @staticmethod
    def is_offered(text: str) -> bool:
        """Whether an answer says that it is not what the screen shows."""
        return bool(_OFFER.search(text))
