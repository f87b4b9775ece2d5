"""What a model is told about the conversation at the start of a turn, as one compact typed record.

Models stay pure functions of their messages: the built-in planner and any provider model read the same record.
"""

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from assistant.core.evidence import EvidenceLedger
from tools.domain.facts import ComparisonFacts, LesionFacts, RegionFacts, RegionsFound, SearchFacts
from tools.domain.study import SafeFacts
from tools.settings import get_settings

if TYPE_CHECKING:  # the record itself must load without torch and Chroma
    from tools.workspace.session import Session, Workspace

OPENING, CLOSING = "<state>", "</state>"
MAX_UNDO_STEPS = 6  # searches one can go back through
MAX_KEPT_SEARCHES = 4  # one a region, newest first: enough for "and the other one?", small enough for any context


class ToolCallRecord(BaseModel):
    """A tool call exactly as it was made."""

    model_config = ConfigDict(frozen=True)

    name: str
    args: dict[str, Any]


class PastSearch(BaseModel):
    """A search of an earlier turn: how it was called and what it found."""

    model_config = ConfigDict(frozen=True)

    evidence: int
    args: dict[str, Any]
    facts: SearchFacts


class TurnState(BaseModel):
    """The conversation in brief. Empty fields mean "not yet"."""

    model_config = ConfigDict(frozen=True)

    study: SafeFacts | None = None
    regions: tuple[RegionFacts, ...] = ()
    selected: str | None = None
    selection_changed: bool = False  # since the last turn, by a click: then "this" is what was clicked
    searches: tuple[PastSearch, ...] = ()
    trail: tuple[
        dict[str, Any], ...
    ] = ()  # arguments of the searches that can be gone back to, oldest first, the present one last
    last_calls: tuple[ToolCallRecord, ...] = ()
    last_region: str | None = None
    last_lesion: str | None = None
    last_found: tuple[str, ...] = ()  # regions suggested by the newest calls, in the order they were shown
    open_question: str | None = None  # the message the assistant answered with a question
    cautioned: bool = False
    atlas_types: tuple[str, ...] = ()
    atlas_size: int = 0
    atlas_synthetic: bool = False

    def region(self, region_id: str) -> RegionFacts | None:
        return next((r for r in self.regions if r.region_id == region_id), None)

    def search_of(self, region_id: str | None) -> PastSearch | None:
        """The last search of a region; of any region when None."""
        return next((s for s in self.searches if region_id is None or s.facts.region_id == region_id), None)

    def render(self) -> str:
        """The record as it stands in the system message."""
        return f"{OPENING}{self.model_dump_json(exclude_none=True, exclude_defaults=True)}{CLOSING}"

    @classmethod
    def read(cls, system_text: str) -> "TurnState":
        """The inverse of `render`: the last record in a system message; an empty state when there is none."""
        start, end = system_text.rfind(OPENING), system_text.rfind(CLOSING)
        if start < 0 or end < start:
            return cls()
        return cls.model_validate_json(system_text[start + len(OPENING) : end])


def turn_state(
    workspace: "Workspace",
    ledger: EvidenceLedger,
    open_question: str | None = None,
    cautioned: bool = False,
    selected_before: str | None = None,
) -> TurnState:
    """The state now, from the person's session and the evidence so far."""
    from tools.workspace.search import is_synthetic

    session, outline = workspace.session, workspace.atlas.summary()
    series = session.series if session.study is not None else None
    regions = tuple(RegionFacts.of(r, series) for r in session.regions()) if series else ()
    searched = {r.region_id for r in regions if session.search_of(r.region_id) is not None}
    _adopt_searches(session, searched, ledger)
    calls = _last_calls(ledger)
    selected = session.selected.region_id if session.selected else None
    return TurnState(
        study=series.facts if series else None,
        regions=regions,
        selected=selected,
        selection_changed=selected != selected_before,
        searches=_searches(ledger, searched),
        trail=_trail(ledger, searched),
        last_calls=calls,
        last_region=next(
            (r.region_id for c in reversed(calls) for r in regions if r.region_id == c.args.get("region_id")), None
        ),
        last_lesion=_last_lesion(ledger),
        last_found=_last_found(ledger),
        open_question=open_question,
        cautioned=cautioned,
        atlas_types=outline.types,
        atlas_size=outline.lesions,
        atlas_synthetic=is_synthetic(outline),
    )


def _adopt_searches(session: "Session", searched: set[str], ledger: EvidenceLedger) -> None:
    """A search made on the screen, with the filter controls, is evidence like one made in words."""
    newest = {e.facts.region_id: e.facts for e in ledger if isinstance(e.facts, SearchFacts)}
    for region_id in sorted(searched):
        found = session.search_of(region_id)
        if found is None or found == newest.get(region_id):
            continue
        args = found.filters.model_dump(mode="json", exclude_defaults=True)
        if found.asked_k != get_settings().hits:
            args["k"] = found.asked_k
        ledger.add("search_similar_lesions", {"region_id": region_id, **args}, found)


def _searches(ledger: EvidenceLedger, searched: set[str]) -> tuple[PastSearch, ...]:
    newest: dict[str, PastSearch] = {}
    for evidence in ledger.newest_first():
        facts = evidence.facts
        if isinstance(facts, SearchFacts) and facts.region_id in searched and facts.region_id not in newest:
            newest[facts.region_id] = PastSearch(evidence=evidence.number, args=evidence.args, facts=facts)
            if len(newest) == MAX_KEPT_SEARCHES:
                break
    return tuple(newest.values())


def _trail(ledger: EvidenceLedger, searched: set[str]) -> tuple[dict[str, Any], ...]:
    """What "go back" goes through: going back to the search before takes the present one off."""
    trail: list[dict[str, Any]] = []
    for e in ledger:
        if isinstance(e.facts, SearchFacts) and e.facts.region_id in searched:
            if len(trail) > 1 and trail[-2] == e.args:
                trail.pop()
            elif not trail or trail[-1] != e.args:
                trail.append(e.args)
    return tuple(trail[-MAX_UNDO_STEPS:])


def _last_calls(ledger: EvidenceLedger) -> tuple[ToolCallRecord, ...]:
    """The calls of the newest turn that made any."""
    newest = next(ledger.newest_first(), None)
    if newest is None:
        return ()
    return tuple(ToolCallRecord(name=e.tool, args=e.args) for e in ledger.of_turn(newest.turn))


def _last_found(ledger: EvidenceLedger) -> tuple[str, ...]:
    """The list a person has before their eyes, if the newest thing shown was a list of suggestions."""
    newest = next(ledger.newest_first(), None)
    return tuple(r.region_id for r in newest.facts.regions) if newest and isinstance(newest.facts, RegionsFound) else ()


def _last_lesion(ledger: EvidenceLedger) -> str | None:
    for evidence in ledger.newest_first():
        if isinstance(evidence.facts, LesionFacts):
            return evidence.facts.lesion_id
        if isinstance(evidence.facts, ComparisonFacts):
            return evidence.facts.lesion.lesion_id
        if isinstance(evidence.facts, SearchFacts):
            return None
    return None
