"""The gallery shows the search of the selected region, in the words of the answer."""

from typing import Any

import pytest

from tools.domain.facts import SearchFacts
from tools.domain.lesions import Filters
from tools.settings import get_settings
from tools.workspace.search import search_region
from ui.gallery.gallery import FilterControls, gallery_of, search_again


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
    visit.session.remember_search(visit.session.region("R1"), facts.model_copy(update={"confidence": "none"}))
    state = gallery_of(visit)
    assert state.votes == ()
    assert "reference only" in state.verdict
    assert state.hits


def test_what_keeps_the_confidence_low_stands_beside_it(visit: Any) -> None:
    visit.session.add_click(visit.start_slice, 256, 256)
    facts = search_region(visit.workspace, "R1")
    for level, limit, words in (
        ("low", "synthetic atlas", "Low confidence: the atlas is synthetic and this study is not"),
        ("none", "body part", "No type is named: the atlas holds no lesions of this body part"),
    ):
        changed = facts.model_copy(update={"confidence": level, "confidence_limit": limit})
        visit.session.remember_search(visit.session.region("R1"), changed)
        assert gallery_of(visit).verdict == words


def searched(visit: Any, **filters: Any) -> SearchFacts:
    visit.session.add_click(visit.start_slice, 256, 256)
    return search_region(visit.workspace, "R1", 8, Filters(**filters))


def ask_controls(visit: Any, **controls: Any) -> SearchFacts | str:
    return search_again(visit, {"study": visit.study_key, "region_id": "R1", "controls": controls})


def test_controls_show_what_was_asked_and_search_again(visit: Any) -> None:
    searched(visit, sex="F", min_age=60)
    state = gallery_of(visit)
    assert state.controls == FilterControls(sex="F", min_age=60, k=8)
    assert "liver" in state.types
    found = ask_controls(visit, sex="F", min_age=60, max_size_mm=40, lesion_types=["liver"], scope="all", k=5)
    assert isinstance(found, SearchFacts)
    assert found.filters.lesion_types == ("liver",)
    assert visit.session.search_of("R1") is found
    state = gallery_of(visit)
    assert state.controls is not None
    assert (state.controls.max_size_mm, state.controls.scope, state.controls.k) == (40, "all", 5)


@pytest.mark.parametrize(
    "controls",
    [
        {"k": 0},
        {"min_age": 70, "max_age": 60},
        {"lesion_types": ["unheard of"]},
        {"sex": "x"},
        {"scope": "mine"},
        {"a": 1},
    ],
)
def test_controls_that_make_no_sense_get_a_sentence_and_change_nothing(visit: Any, controls: dict[str, Any]) -> None:
    before = searched(visit)
    problem = ask_controls(visit, **controls)
    assert isinstance(problem, str)
    assert problem.endswith((".", "'."))
    assert visit.session.search_of("R1") is before
    assert gallery_of(visit, problem).problem == problem


def test_hits_go_by_the_settings(visit: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LESION_SEARCH_HITS", "3")
    monkeypatch.setenv("LESION_SEARCH_MAX_HITS", "4")
    get_settings.cache_clear()
    visit.session.add_click(visit.start_slice, 256, 256)
    assert isinstance(ask_controls(visit), SearchFacts)
    state = gallery_of(visit)
    assert (len(state.hits), state.default_hits, state.max_hits) == (3, 3, 4)
    assert "ask for 1 to 4" in ask_controls(visit, k=5)


def test_controls_of_another_study_are_refused(visit: Any) -> None:
    searched(visit)
    asked = {"study": "another", "region_id": "R1", "controls": {}}
    assert "no longer open" in str(search_again(visit, asked))
    assert isinstance(search_again(visit, None), str)


def test_the_next_question_builds_on_the_controls(visit: Any) -> None:
    searched(visit)
    assert isinstance(ask_controls(visit, sex="F", max_size_mm=60), SearchFacts)
    answer = visit.assistant().ask("and only over 50")
    (call,) = answer.tool_calls
    assert call.args == {"region_id": "R1", "sex": "F", "max_size_mm": 60, "min_age": 51}
    controls = gallery_of(visit).controls
    assert controls == FilterControls(sex="F", max_size_mm=60, min_age=51)
    second = visit.assistant().ask("tell me about the second one")
    assert second.citations == (gallery_of(visit).hits[1].lesion_id,)


def test_the_search_of_a_suggestion_is_shown(visit: Any) -> None:
    visit.assistant().ask("Find regions and search lesions like R2")
    assert visit.session.selected.region_id == gallery_of(visit).region_id == "R2"
    assert gallery_of(visit).hits
    visit.session.deselect()
    assert gallery_of(visit).hits == ()
    assert "Choose a region" in gallery_of(visit).hint


def test_what_a_vote_means_is_said_with_its_calibration(visit: Any) -> None:
    searched(visit)
    said = " ".join(gallery_of(visit).calibration)
    assert "temperature" in said
    assert "percentage points" in said
    assert f"{visit.workspace.atlas.calibration().queries} lesions" in said
