"""What a model is told about the conversation at the start of a turn, as one compact typed record.

Models stay pure functions of their messages: the built-in planner and any provider model read the same record.
`assistant.agent.snapshot` fills it in.
"""

from typing import Any

from pydantic import BaseModel, ConfigDict

from tools.domain.facts import RegionFacts, SearchFacts, SeriesFacts
from tools.domain.study import SafeFacts

OPENING, CLOSING = "<state>", "</state>"


class ToolCallRecord(BaseModel):
    """Record a tool call exactly as it was made."""

    model_config = ConfigDict(frozen=True)

    name: str
    args: dict[str, Any]


class PastSearch(BaseModel):
    """Record a search of an earlier turn: how it was called and what it found."""

    model_config = ConfigDict(frozen=True)

    evidence: int
    args: dict[str, Any]
    facts: SearchFacts


class TurnState(BaseModel):
    """Hold the conversation in brief. Empty fields mean "not yet"."""

    model_config = ConfigDict(frozen=True)

    study: SafeFacts | None = None
    series: tuple[SeriesFacts, ...] = ()  # of the upload, where it holds several
    series_number: int = 1  # of the one on the screen
    regions: tuple[RegionFacts, ...] = ()
    selected: str | None = None
    selection_changed: bool = False  # since the last turn, by a click: then "this" is what was clicked
    searches: tuple[PastSearch, ...] = ()
    # arguments of the searches that can be gone back to, oldest first, the present one last
    trail: tuple[dict[str, Any], ...] = ()
    last_calls: tuple[ToolCallRecord, ...] = ()
    last_region: str | None = None
    last_lesion: str | None = None
    last_found: tuple[str, ...] = ()  # regions suggested by the newest calls, in the order they were shown
    changed_last: bool = False  # a region was deleted or outlined anew after the last search
    open_question: str | None = None  # the message the assistant answered with a clarification question
    cautioned: bool = False
    atlas_types: tuple[str, ...] = ()
    atlas_size: int = 0
    atlas_synthetic: bool = False

    def region(self, region_id: str) -> RegionFacts | None:
        """Return the region of an id, or None."""
        return next((r for r in self.regions if r.region_id == region_id), None)

    def search_of(self, region_id: str | None) -> PastSearch | None:
        """Return the last search of a region, of any region when None."""
        return next((s for s in self.searches if region_id is None or s.facts.region_id == region_id), None)

    def render(self) -> str:
        """Write the record as it stands in the system message."""
        return f"{OPENING}{self.model_dump_json(exclude_none=True, exclude_defaults=True)}{CLOSING}"

    @classmethod
    def read(cls, system_text: str) -> "TurnState":
        """Parse the last record in a system message, the inverse of `render`; an empty state when there is none."""
        start, end = system_text.rfind(OPENING), system_text.rfind(CLOSING)
        if start < 0 or end < start:
            return cls()
        return cls.model_validate_json(system_text[start + len(OPENING) : end])
