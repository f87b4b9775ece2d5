"""Visits are found with their own cookie only, bounded in number and time, and leave nothing behind."""

from dataclasses import replace
from typing import Any

import pytest

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
    assert visits.may_listen(ann, "page")
    assert not visits.may_listen(bob, "page")
    assert not visits.may_listen(None, "page")
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
    visit.rename("R1", "mine")
    visit.open(shelf.study(shelf.samples[1]), "Another")
    assert visit.study_key != old
    assert visits.of_study(visit.visitor, old) is None
    assert visit.session.regions() == ()
    assert visit.names == {}
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


def test_a_visitor_with_many_pages_loses_their_own_oldest(shared: Any, shelf: Any) -> None:
    visits = Visits(limited(shared, max_visits_per_user=2))
    ann, bob = new_visitor(), new_visitor()
    bobs = visits.of_page(bob, "bobs")
    first = visits.of_page(ann, "1")
    visits.of_page(ann, "2")
    visits.of_page(ann, "3")
    assert len(visits) == 3
    assert visits.of_page(bob, "bobs") is bobs
    assert visits.of_page(ann, "1") is not first
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


def test_names_are_cleaned_cut_and_removed(visit: Any) -> None:
    region = visit.session.add_click(visit.start_slice, 256, 256)
    visit.rename(region.region_id, "  my \n lesion " + "x" * 100)
    assert visit.names[region.region_id].startswith("my lesion x")
    assert len(visit.names[region.region_id]) == 40
    visit.rename(region.region_id, "  ")
    assert visit.names == {}


def test_revisions_grow(visit: Any) -> None:
    assert visit.next_revision() < visit.next_revision()
