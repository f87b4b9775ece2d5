"""Regions that were deleted or outlined anew, and how they come back."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tools.atlas.own_cases import CaseContent, OwnCases
from tools.domain.facts import SearchFacts
from tools.domain.region import Region, same_outline

if TYPE_CHECKING:
    from tools.workspace.session import Session

MAX_STEPS = 20  # that can be undone


@dataclass(frozen=True)
class KeptRegion:
    """A region as it was, with its search."""

    region: Region
    search: SearchFacts | None


@dataclass(frozen=True)
class ChangedCase:
    """An own case that was saved, edited or deleted; `before` is all there was of it, None where it is new."""

    cases: OwnCases
    lesion_id: str
    before: CaseContent | None

    def bring_back(self) -> str:
        """Make it as it was, and say so. Raises CaseError, AtlasError."""
        if self.before is None:
            self.cases.delete(self.lesion_id)
            return f"{self.lesion_id} is no longer among your own cases."
        self.cases.save([self.before])
        return f"{self.lesion_id} is as before."


def note_case(session: "Session", changed: ChangedCase) -> None:
    """Make a change of an own case undoable."""
    session.undoable.append(changed)
    session.searched_last = False
    del session.undoable[:-MAX_STEPS]


def kept_regions(session: "Session") -> tuple[KeptRegion, ...]:
    """Keep all regions of a study as they are now."""
    return tuple(KeptRegion(region, session.search_of(name)) for name, region in session.all_regions().items())


def note_changes(session: "Session", before: tuple[KeptRegion, ...]) -> list[KeptRegion]:
    """Make undoable what is gone or outlined anew since `before`, and list it."""
    changed = []
    for kept in before:
        now = session.wherever(kept.region.region_id)
        if now is None or not same_outline(now, kept.region):
            changed.append(kept)
    if changed:
        session.undoable.append(tuple(changed))
        session.searched_last = False
        del session.undoable[:-MAX_STEPS]
    return changed


def bring_back_region(session: "Session", region_id: str) -> str:
    """Bring back a region as it was before it was deleted or outlined anew last, and say so. Raises RegionError."""
    wanted = region_id.strip().upper()
    for place, step in reversed(list(enumerate(session.undoable))):
        kept = step if isinstance(step, tuple) else ()
        found = next((each for each in kept if each.region.region_id == wanted), None)
        if found is None:
            continue
        session.put_back(found.region, found.search)
        session.undoable[place : place + 1] = (
            [left] if (left := tuple(each for each in kept if each is not found)) else []
        )
        return f"{wanted} is as before."
    there = session.wherever(wanted) is not None
    return (
        f"{wanted} is still there, as it was."
        if there
        else f"{wanted} was not deleted, so there is none to bring back."
    )


def bring_back(session: "Session") -> str:
    """Bring back what was deleted or outlined anew last, and say so. Raises RegionError where there is no room."""
    if not session.undoable:
        return "There is nothing to undo."
    kept = session.undoable[-1]
    if isinstance(kept, ChangedCase):
        said = kept.bring_back()
        session.undoable.pop()
        return said
    for each in kept:
        session.put_back(each.region, each.search)
    session.undoable.pop()
    named = " and ".join(each.region.region_id for each in kept)
    return f"{named} {'is' if len(kept) == 1 else 'are'} as before."
