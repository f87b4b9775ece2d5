"""What an answer shows: a region, its search, and the atlas lesion beside it; and how it comes back to the screen.

There is one state of the screen, the session's: which region is selected, and the last search of each region. A scene
remembers what that was when an answer was given.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tools.domain.facts import ComparisonFacts, Facts, RegionFacts, RegionsFound, SearchFacts
from tools.domain.region import Region, RegionError, same_outline
from tools.workspace.session import Session


@dataclass(frozen=True)
class Scene:
    """One region as an answer spoke of it. Without a search the answer was about the region alone."""

    region: Region
    search: SearchFacts | None = None
    lesion_id: str | None = None  # of the atlas, compared with the region

    def lost(self, session: Session) -> str:
        """Say in a sentence why the region is no longer what it was; empty where it is."""
        now, region_id = session.wherever(self.region.region_id), self.region.region_id
        if now is None:
            return f"{region_id} was deleted since this answer."
        return "" if same_outline(now, self.region) else f"{region_id} was outlined anew since this answer."

    def is_shown(self, session: Session) -> bool:
        """Tell whether this is what the screen shows now."""
        now = session.selected
        if now is None or now.region_id != self.region.region_id or self.lost(session):
            return False
        return self.search is None or session.search_of(now.region_id) == self.search

    def bring_back(self, session: Session) -> None:
        """Put region, slice and search on the screen. Raises RegionError where the region is not what it was."""
        if reason := self.lost(session):
            raise RegionError(f"{reason} Ask again about what is there now.")
        session.choose_series(self.region.series_key)
        if self.search is not None:
            session.restore_search(self.region.region_id, self.search)
        session.select(self.region.region_id)


def scene_of(session: Session, facts: Facts, earlier: Mapping[str, Scene]) -> Scene | None:
    """Make the scene of a tool's result. `earlier` are those of the same answer, by region: a search goes on to stand
    when its region is measured or compared afterwards.

    None where the result is about no region, or where the region was changed while the tool was at work.
    """
    match facts:
        case SearchFacts():
            region = session.wherever(facts.region_id)
            return Scene(region, facts) if region is not None and session.search_of(facts.region_id) == facts else None
        case RegionFacts():
            told, lesion_id = facts, None
        case ComparisonFacts():
            told, lesion_id = facts.region, facts.lesion.lesion_id
        case RegionsFound() if facts.regions:
            told, lesion_id = facts.regions[0], None
        case _:
            return None
    region = session.wherever(told.region_id)
    if region is None or region.series_key != session.series.series_key:
        return None
    if RegionFacts.of(region, session.series) != told:
        return None
    before = earlier.get(region.region_id)
    return Scene(region, before.search if before and same_outline(before.region, region) else None, lesion_id)
