"""The planning context: the calls a turn makes, what they bring, what is known by then, and which regions are meant."""

import json
from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from assistant.core.requests import RegionRef, Request
from assistant.core.turn_state import PastSearch, TurnState
from assistant.wording import fixed_sentences
from tools.domain.facts import (
    ComparisonFacts,
    Facts,
    LesionFacts,
    RegionFacts,
    RegionRemoved,
    RegionsFound,
    SearchFacts,
    SeriesFacts,
    SeriesSelected,
    Stated,
)

FOLLOWING = ("refine", "compare")  # requests that go on with the region spoken of last


@dataclass(frozen=True)
class Call:
    """Hold a tool call to make."""

    name: str
    args: dict[str, Any]

    @property
    def key(self) -> str:
        """Name the call by tool and arguments, the same for the same call."""
        return f"{self.name} {json.dumps(self.args, sort_keys=True)}"


@dataclass(frozen=True)
class Result:
    """Hold what came of a call: facts, or the sentence that says why not. `evidence` is its number, 0 if unknown."""

    facts: Facts | None
    failure: str = ""
    evidence: int = 0


@dataclass(frozen=True)
class Reply:
    """Hold the finished answer. `asks`: it is a clarification, read together with what the user says next."""

    text: str
    asks: bool = False


class ClarificationNeededError(Exception):
    """Raise where the request can mean several things: the message is the clarification question."""


class RequestRefusedError(Exception):
    """Raise where the request cannot be met: the message says why and what to do instead."""


Recipe = Generator[Call, Facts, str]  # yields calls, is sent their facts, returns its part of the answer


def stated(tool: str, arguments: Mapping[str, object]) -> Recipe:
    """Make a call whose result says all in its statement, which is the answer."""
    facts = yield Call(tool, dict(arguments))
    assert isinstance(facts, Stated)
    return facts.statement


def stated_of_each(tool: str, arguments: Iterable[Mapping[str, object]]) -> Recipe:
    """Make such a call with each of these arguments."""
    told = []
    for one in arguments:
        told.append((yield from stated(tool, one)))
    return " ".join(told)


@dataclass
class PlanningContext:
    """Hold what is known while a turn is planned: the state before it, and what its calls brought."""

    state: TurnState
    regions: dict[str, RegionFacts] = field(default_factory=dict)
    searches: dict[str, PastSearch] = field(default_factory=dict)  # newest last
    series: tuple[SeriesFacts, ...] = ()  # of the upload, where it holds several
    series_number: int = 1  # of the one on the screen
    focus: str | None = None  # the region this message is about
    suggested: bool = False  # regions were proposed in this turn, the user had pointed at none
    hit: str | None = None
    cautioned: bool = False  # in this turn
    evidence: int = 0  # number of the newest result

    def __post_init__(self) -> None:
        self.regions = {r.region_id: r for r in self.state.regions}
        self.searches = {s.facts.region_id: s for s in reversed(self.state.searches)}
        self.series, self.series_number = self.state.series, self.state.series_number

    def learn(self, call: Call, result: Result) -> None:
        """Take in what a call brought."""
        facts, self.evidence = result.facts, result.evidence
        if isinstance(facts, RegionsFound):
            self.regions.update({r.region_id: r for r in facts.regions})
        elif isinstance(facts, SeriesSelected):
            self.series_number, self.focus = facts.number, None
            self.regions = {r.region_id: r for r in facts.regions}
            self.searches = {r: s for r, s in self.searches.items() if r in self.regions}
        elif isinstance(facts, RegionRemoved):
            self.regions.pop(facts.region_id, None)
            self.searches.pop(facts.region_id, None)
        elif isinstance(facts, RegionFacts):
            self.regions[facts.region_id] = facts
            self.focus = facts.region_id
        elif isinstance(facts, SearchFacts):
            self.searches.pop(facts.region_id, None)
            self.searches[facts.region_id] = PastSearch(evidence=result.evidence, args=call.args, facts=facts)
            self.focus = facts.region_id
        elif isinstance(facts, ComparisonFacts):
            self.focus, self.hit = facts.region.region_id, facts.lesion.lesion_id
        elif isinstance(facts, LesionFacts):
            self.hit = facts.lesion_id

    @property
    def last_search(self) -> PastSearch | None:
        """Return the newest search, of this turn or before it."""
        return next(reversed(self.searches.values()), None)

    @property
    def last_tool(self) -> str:
        """Name the last tool of the turn before, empty if there was none."""
        return self.state.last_calls[-1].name if self.state.last_calls else ""


def require_study(context: PlanningContext) -> None:
    """Raise RequestRefusedError while no study is open."""
    if context.state.study is None:
        raise RequestRefusedError(fixed_sentences.NO_STUDY)


def resolve_regions(request: Request, context: PlanningContext) -> Generator[Call, Facts, list[str]]:
    """Resolve the regions of a request; suggest some when there are none.

    Raises RequestRefusedError where a reference points at nothing, ClarificationNeededError where at several.
    """
    require_study(context)
    if request.regions and request.regions[0].kind == "id":
        return [resolve_region(ref, context) for ref in request.regions]
    if not context.regions:
        found = yield Call("find_regions", {})
        assert isinstance(found, RegionsFound)
        if not found.regions:
            raise RequestRefusedError(fixed_sentences.NOTHING_FOUND)
        context.suggested = True
    if any(ref.kind == "all" for ref in request.regions):
        return list(context.regions)
    if request.regions:
        return list(dict.fromkeys(resolve_region(ref, context) for ref in request.regions))
    if request.nth is not None and not request.hits and len(context.regions) > 1:
        return [_nth_region(request.nth, context)]
    return [_default_region(context, request.intent in FOLLOWING)]


def resolve_region(ref: RegionRef, context: PlanningContext) -> str:
    """Resolve one reference. Raises as `resolve_regions` does."""
    regions = list(context.regions.values())
    if ref.kind == "id":
        if ref.region_id not in context.regions:
            raise RequestRefusedError(fixed_sentences.no_such_region(ref.region_id, list(context.regions)))
        return ref.region_id
    if not regions:
        raise RequestRefusedError(fixed_sentences.NO_REGION)
    if ref.kind in ("nth", "last"):
        return _nth_region(ref.n or -1, context)
    if ref.kind in ("largest", "smallest"):
        measured = sorted(regions, key=lambda r: r.long_axis_mm if r.long_axis_mm is not None else r.area_mm2 or 0.0)
        return measured[-1 if ref.kind == "largest" else 0].region_id
    current = _default_region(context)
    if ref.kind == "other":
        others = [r.region_id for r in regions if r.region_id != current]
        if len(others) == 1:
            return others[0]
        raise ClarificationNeededError(fixed_sentences.which_region(others or [current]))
    return current


def _nth_region(n: int, context: PlanningContext) -> str:
    """Return the n-th region, from 1, of the suggestions last shown, else of all; -1 is the last."""
    ids = [r for r in context.state.last_found if r in context.regions] or list(context.regions)
    if n == -1:
        return ids[-1]
    if not 1 <= n <= len(ids):
        raise RequestRefusedError(fixed_sentences.no_such_region(f"number {n}", ids))
    return ids[n - 1]


def _default_region(context: PlanningContext, follow_up: bool = False) -> str:
    """Return the region of this message, the selected one, the one spoken of last, else the best suggestion.

    A follow-up prefers the region spoken of last, unless another was selected since.
    """
    state = context.state
    newest = (state.selected, state.last_region) if state.selection_changed else (state.last_region, state.selected)
    for region_id in (
        context.focus,
        *(newest if follow_up else newest[::-1] if not state.selection_changed else newest),
    ):
        if region_id in context.regions:
            return region_id
    marked = [r.region_id for r in context.regions.values() if r.origin != "suggested"]
    if len(marked) > 1:
        raise ClarificationNeededError(fixed_sentences.which_region(marked))
    best = max(context.regions.values(), key=lambda r: r.score if r.score is not None else 2.0)
    return best.region_id
