"""The gallery shows the search of the selected region, in the words of the answer."""

from typing import Any

from tools.atlas import Filters
from tools.search import search_region
from ui.gallery import gallery_of


def test_hits_votes_and_filters_of_the_selected_region(visit: Any) -> None:
    assert gallery_of(visit).hits == ()
    visit.session.add_click(visit.start_slice, 256, 256)
    assert "R1" in gallery_of(visit).hint
    facts = search_region(visit.workspace, "R1", 8, Filters(sex="F"))
    state = gallery_of(visit)
    assert [hit.lesion_id for hit in state.hits] == [hit.lesion_id for hit in facts.hits]
    assert len(state.votes) <= 5
    assert "women" in state.searched
    assert state.hits[0].size.endswith("mm")
    visit.session.add_click(visit.start_slice, 150, 200)
    assert gallery_of(visit).hits == ()  # the new region was not searched yet
    visit.session.select("R1")
    assert gallery_of(visit).hits


def test_nothing_similar_shows_no_votes(visit: Any) -> None:
    visit.session.add_click(visit.start_slice, 256, 256)
    facts = search_region(visit.workspace, "R1")
    visit.session.remember_search("R1", facts.model_copy(update={"confidence": "none"}))
    state = gallery_of(visit)
    assert state.votes == ()
    assert "reference only" in state.verdict
    assert state.hits
