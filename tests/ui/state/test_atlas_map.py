"""The map of the atlas: the same every time, with regions and hits in their places, for those with an open page."""

from typing import Any

import numpy as np
import pytest

from tools.regions.crop import crop_with_context
from tools.workspace.search import search_region
from ui.state.atlas_map import AtlasMap


def test_every_lesion_has_its_place_and_the_map_is_always_the_same(shared: Any) -> None:
    view = AtlasMap(shared.atlas).view()
    assert len(view.points) == view.lesions == len(shared.atlas)
    assert view.types == shared.atlas.types()
    assert 0 < view.kept <= 1
    assert view == AtlasMap(shared.atlas).view()
    first = view.points[0]
    lesion = shared.atlas.get(first.lesion_id)
    assert view.types[first.type_index] == lesion.lesion_type
    assert lesion.lesion_type in first.words


def test_what_is_in_the_atlas_falls_on_its_own_place(shared: Any) -> None:
    map_ = AtlasMap(shared.atlas)
    points = map_.view().points
    for row, vector in list(enumerate(shared.atlas.vectors()))[::40]:
        place = map_.region(vector, None)
        assert (place.x, place.y) == pytest.approx((points[row].x, points[row].y), abs=1e-3)
        assert place.hits == ()


def test_the_plane_keeps_more_spread_than_any_other_direction(shared: Any) -> None:
    points = np.array([(p.x, p.y) for p in AtlasMap(shared.atlas).view().points])
    direction = np.random.default_rng(0).normal(size=shared.atlas.vectors().shape[1])
    along = shared.atlas.vectors() @ (direction / np.linalg.norm(direction))
    assert points[:, 0].var() >= points[:, 1].var() >= along.var()


def test_the_routes_are_for_their_own_visitor(client: Any, app: Any) -> None:
    from ui.state.visits import COOKIE, new_visitor

    assert client.get("/atlas-map").status_code == 404
    client.get("/")
    visits, shelf = app.state.visits, app.state.shelf
    visit = visits.of_page(client.cookies[COOKIE], "a-page")
    sample = shelf.samples[0]
    visit.open(shelf.study(sample), sample.title, sample.slice_index)
    region = visit.session.add_click(sample.slice_index, 256, 256)
    assert client.get("/atlas-map").json()["lesions"] == len(visits.shared.atlas)
    address = f"/studies/{visit.study_key}/regions/R1/map"
    assert client.get(address).json()["hits"] == []
    found = search_region(visit.workspace, "R1", 5)
    on_map = client.get(address).json()
    assert [hit["lesion_id"] for hit in on_map["hits"]] == [hit.lesion_id for hit in found.hits]
    vector = visits.shared.embedder(crop_with_context(visit.session.series, region)[None])[0]
    assert on_map["x"] == pytest.approx(visits.shared.atlas_map.region(vector, None).x)
    assert client.get(address.replace("R1", "R9")).status_code == 404
    client.cookies.clear()
    client.cookies.set(COOKIE, new_visitor())
    assert client.get(address).status_code == 404
