"""Visits are found with their own cookie only, bounded in number and time, and leave nothing behind."""

from dataclasses import replace
from typing import Any

import pytest

from tools.domain.region import PixelBox
from tools.workspace.search import search_region
from tools.workspace.undo import bring_back_region, kept_regions, note_changes
from ui.chat.chat import clear, converse
from ui.state.shelf import shelf_of
from ui.state.visits import Shared, VisitError, Visits, is_visitor, new_visitor


def test_a_visit_is_found_by_its_own_visitor_only(visits: Visits, shelf: Any) -> None:
    ann, bob = new_visitor(), new_visitor()
    visit = visits.of_page(ann, "page")
    visit.open(shelf.study(shelf.samples[0]), "A case")
    assert visits.of_page(ann, "page") is visit
    assert visits.of_study(ann, visit.study_key) is visit
    assert visits.of_study(bob, visit.study_key) is None
    assert visits.of_study(None, visit.study_key) is None
    assert visits.of_key(bob, visit.key) is None
    with pytest.raises(VisitError, match="somebody else"):
        visits.of_page(bob, "page")
    assert visits.claim(ann, "page")
    assert not visits.claim(bob, "page")
    assert not visits.claim(None, "page")
    visits.close(bob, "page")
    assert visits.of_page(ann, "page") is visit


@pytest.mark.parametrize("cookie", [None, "", "short", "x" * 44, "ü" * 43, "../" + "x" * 40])
def test_no_visit_without_a_proper_cookie(visits: Visits, cookie: str | None) -> None:
    assert not is_visitor(cookie)
    with pytest.raises(VisitError, match="cookie"):
        visits.of_page(cookie, "page")


def test_an_empty_key_finds_nothing(visits: Visits) -> None:
    ann = new_visitor()
    visits.of_page(ann, "page")  # no study: its study key is empty
    assert visits.of_study(ann, "") is None
    assert visits.of_key(ann, "") is None


def test_a_new_study_has_a_new_key_and_a_new_conversation(visit: Any, visits: Visits, shelf: Any) -> None:
    old = visit.study_key
    visit.session.add_click(0, 256, 256)
    visit.open(shelf.study(shelf.samples[1]), "Another")
    assert visit.study_key != old
    assert visits.of_study(visit.visitor, old) is None
    assert visit.session.regions() == ()
    assert visit.turns == []


def limited(shared: Shared, **settings: int) -> Shared:
    return replace(shared, settings=shared.settings.model_copy(update=settings))


def test_idle_visits_are_swept_with_their_files(shared: Any) -> None:
    now = [0.0]
    visits = Visits(limited(shared, idle_minutes=2), clock=lambda: now[0])
    old, fresh = new_visitor(), new_visitor()
    stale = visits.of_page(old, "page")
    (stale.session.files_folder() / "report.html").write_text("x")
    now[0] = 90.0
    visits.of_page(fresh, "another")
    now[0] = 150.0
    assert visits.sweep() == 1
    assert not stale.session.folder.exists()
    assert len(visits) == 1
    visits.close_all()


def test_a_closed_page_is_come_back_to_until_its_time_is_over(shared: Any, shelf: Any) -> None:
    now = [0.0]
    visits = Visits(limited(shared, keep_minutes=2), clock=lambda: now[0])
    ann, bob = new_visitor(), new_visitor()
    visit = visits.of_page(ann, "1")
    visit.open(shelf.study(shelf.samples[0]), "A case")
    (visit.session.files_folder() / "report.html").write_text("x")
    assert visits.of_page(ann, "second tab") is visit
    visits.close(ann, "1")
    visits.close(ann, "second tab")
    now[0] = 100.0
    assert visits.sweep() == 0
    assert visits.of_page(bob, "1") is not visit, "another visitor gets a visit of their own"
    assert visits.of_page(ann, "after a reload") is visit
    visits.close(ann, "after a reload")
    now[0] = 230.0
    visits.sweep()
    assert visits.of_study(ann, visit.study_key) is None
    assert not visit.session.folder.exists()
    visits.close_all()


def test_a_page_that_held_nothing_is_not_kept(visits: Visits) -> None:
    ann = new_visitor()
    visit = visits.of_page(ann, "page")
    visit.session.files_folder()
    visits.close(ann, "page")
    assert len(visits) == 0
    assert not visit.session.folder.exists()


def test_another_study_is_opened_beside_the_first(visits: Visits, shelf: Any) -> None:
    ann, bob = new_visitor(), new_visitor()
    first = visits.for_study(ann, "page")
    first.open(shelf.study(shelf.samples[0]), "First")
    first.session.add_click(shelf.samples[0].slice_index, 256, 256)
    sent = first.next_revision()
    second = visits.for_study(ann, "page")
    second.open(shelf.study(shelf.samples[1]), "Second")
    assert second is not first
    assert second.next_revision() > sent
    assert visits.opened(ann) == [first, second]
    assert [item.title for item in shelf_of(visits.opened(ann), second)] == ["First", "Second"]
    assert "1 region" in shelf_of(visits.opened(ann), second)[0].detail
    with pytest.raises(VisitError, match="no longer open"):
        visits.go_back(bob, "bobs", first.study_key)
    assert visits.go_back(ann, "page", first.study_key) is visits.of_page(ann, "page") is first
    assert len(first.session.regions()) == 1


def test_a_reload_shows_the_study_that_was_looked_at_last(visits: Visits, shelf: Any) -> None:
    ann = new_visitor()
    first = visits.for_study(ann, "page")
    first.open(shelf.study(shelf.samples[0]), "First")
    second = visits.for_study(ann, "page")
    second.open(shelf.study(shelf.samples[1]), "Second")
    visits.go_back(ann, "page", first.study_key)
    visits.of_study(ann, second.study_key)  # its picture on the shelf, or a pane beside the first
    visits.close(ann, "page")
    assert visits.of_page(ann, "reloaded") is first


def test_large_studies_that_nobody_looks_at_are_not_kept(shared: Any, shelf: Any) -> None:
    visits = Visits(limited(shared, max_kept_mb=4))
    ann = new_visitor()
    opened = []
    for sample in shelf.samples[:3]:  # 3 MB each
        opened.append(visits.for_study(ann, "page"))
        opened[-1].open(shelf.study(sample), sample.title)
    assert visits.opened(ann) == opened[1:]
    visits.close_all()


def test_a_visitor_with_many_studies_loses_the_one_looked_at_longest_ago(shared: Any, shelf: Any) -> None:
    now = [0.0]
    visits = Visits(limited(shared, max_visits_per_user=2), clock=lambda: now[0])
    ann, bob = new_visitor(), new_visitor()
    bobs = visits.of_page(bob, "bobs")
    opened = []
    for sample in shelf.samples[:3]:
        now[0] += 1
        opened.append(visits.for_study(ann, "page"))
        opened[-1].open(shelf.study(sample), sample.title)
    assert visits.opened(ann) == opened[1:]
    assert not opened[0].session.folder.exists()
    assert visits.of_page(bob, "bobs") is bobs
    visits.close_all()


def test_a_full_server_closes_empty_pages_but_no_study(shared: Any, shelf: Any) -> None:
    visits = Visits(limited(shared, max_visits=2))
    busy = visits.of_page(new_visitor(), "1")
    busy.open(shelf.study(shelf.samples[0]), "A case")
    visits.of_page(new_visitor(), "2")
    third = visits.of_page(new_visitor(), "3")
    third.open(shelf.study(shelf.samples[0]), "A case")
    with pytest.raises(VisitError, match="few minutes"):
        visits.of_page(new_visitor(), "4")
    assert busy.session.study is not None
    visits.close_all()


def test_newcomers_of_one_address_give_way_to_each_other_and_shut_nobody_else_out(shared: Any) -> None:
    visits = Visits(limited(shared, max_visits=4, max_visits_per_address=2))
    for number in range(8):
        visitor = new_visitor()
        visits.note_address(visitor, "of a crowd")
        visits.of_page(visitor, f"page-{number}")
    assert len(visits) == 2
    newcomer = new_visitor()
    visits.note_address(newcomer, "another")
    assert visits.of_page(newcomer, "mine").visitor == newcomer
    assert len(visits) == 3
    visits.close_all()


def test_names_are_cleaned_cut_and_removed(visit: Any) -> None:
    region = visit.session.add_click(visit.start_slice, 256, 256)
    visit.session.rename(region.region_id, "  my \n lesion " + "x" * 100)
    name = visit.session.region(region.region_id).name
    assert name.startswith("my lesion x")
    assert len(name) == 40
    assert visit.session.rename(region.region_id, "  ").name == ""


def test_what_was_deleted_or_outlined_anew_comes_back(visit: Any) -> None:
    session = visit.session
    for x in (200, 300):
        session.add_click(visit.start_slice, x, 256)
    session.rename("R1", "mine")
    search = search_region(visit.workspace, "R1")
    first = session.region("R1")
    before = kept_regions(session)
    session.resize("R1", PixelBox(100, 100, 140, 140))
    assert note_changes(session, before)
    before = kept_regions(session)
    session.remove("R1")
    assert note_changes(session, before)
    assert not note_changes(session, kept_regions(session))
    assert "R1" in visit.undo()
    assert session.region("R1").box == PixelBox(100, 100, 140, 140)
    visit.undo()
    assert session.region("R1") == first
    assert session.selected == first
    assert session.search_of("R1") == search
    assert "nothing" in visit.undo()


def test_one_of_several_that_were_deleted_comes_back_by_its_name(visit: Any) -> None:
    session = visit.session
    for x in (200, 300):
        session.add_click(visit.start_slice, x, 256)
    for region_id in ("R1", "R2"):
        before = kept_regions(session)
        session.remove(region_id)
        note_changes(session, before)
    assert bring_back_region(session, "r1") == "R1 is as before."
    assert [region.region_id for region in session.regions()] == ["R1"]
    assert visit.undo() == "R2 is as before."
    assert not visit.can_undo


def test_a_cleared_conversation_comes_back_until_the_next_question(visit: Any) -> None:
    visit.session.add_click(visit.start_slice, 256, 256)
    list(converse(visit, "What does R1 look like?"))
    turns, search = list(visit.turns), visit.session.search_of("R1")
    clear(visit)
    assert visit.session.search_of("R1") is None
    assert [turn.question for turn in visit.turns] == [""]
    visit.undo()
    assert visit.turns == turns
    assert visit.session.search_of("R1") == search
    assert "women" in list(converse(visit, "only women"))[-1].text  # the assistant remembers, too
    clear(visit)
    list(converse(visit, "Measure R1"))
    assert [turn.question for turn in visit.turns] == ["Measure R1"]
    assert "nothing" in visit.undo()


def test_revisions_grow(visit: Any) -> None:
    assert visit.next_revision() < visit.next_revision()
