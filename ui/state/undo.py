"""What was deleted or replaced, and how it comes back."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from tools.domain.facts import SearchFacts
from tools.domain.region import Region
from tools.workspace.session import same_outline

if TYPE_CHECKING:
    from assistant.agent.assistant import Assistant
    from ui.state.transcript import ChatTurn
    from ui.state.visit import Visit

MAX_STEPS = 20  # that can be undone


class Undoable(Protocol):
    """Something that was deleted."""

    def bring_back(self, visit: "Visit") -> str:
        """Bring it back, and say so in a sentence."""


@dataclass(frozen=True)
class KeptRegion:
    """A region with its search, and the name its user gave it."""

    region: Region
    search: SearchFacts | None
    name: str


@dataclass(frozen=True)
class ChangedRegions:
    """Regions that were deleted or outlined anew, as they were."""

    regions: tuple[KeptRegion, ...]

    def bring_back(self, visit: "Visit") -> str:
        for kept in self.regions:
            visit.session.put_back(kept.region, kept.search)
            visit.rename(kept.region.region_id, kept.name)
        named = " and ".join(kept.region.region_id for kept in self.regions)
        return f"{named} {'is' if len(self.regions) == 1 else 'are'} as before."


@dataclass(frozen=True)
class ClearedConversation:
    """What was said and found before a new conversation was begun."""

    turns: "tuple[ChatTurn, ...]"
    assistant: "Assistant | None"
    regions: tuple[KeptRegion, ...]

    def bring_back(self, visit: "Visit") -> str:
        session = visit.session
        for kept in self.regions:
            now = session.wherever(kept.region.region_id)
            if now is not None and same_outline(now, kept.region) and session.search_of(now.region_id) is None:
                session.restore_search(now.region_id, kept.search)
        visit.resume(self.turns, self.assistant)
        return "The conversation is as before."


def kept_regions(visit: "Visit") -> tuple[KeptRegion, ...]:
    """Keep all regions of a visit's study as they are now."""
    session = visit.session
    return tuple(
        KeptRegion(region, session.search_of(region_id), visit.names.get(region_id, ""))
        for region_id, region in session.all_regions().items()
    )


def note_changes(visit: "Visit", before: tuple[KeptRegion, ...]) -> bool:
    """Make undoable what is gone or outlined anew since `before`; tell whether there is anything."""
    changed = []
    for kept in before:
        now = visit.session.wherever(kept.region.region_id)
        if now is None or not same_outline(now, kept.region):
            changed.append(kept)
    if changed:
        visit.undoable.append(ChangedRegions(tuple(changed)))
        del visit.undoable[:-MAX_STEPS]
    return bool(changed)
