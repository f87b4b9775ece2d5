"""The plain routes: pixels and pictures for their owner, uploads bounded and gone after reading."""

from typing import Any

import numpy as np
import pytest

from ui.state.visits import COOKIE, new_visitor


@pytest.fixture
def owner(app: Any, client: Any) -> Any:
    """A visit with a study and a region, whose cookie the client holds."""
    client.get("/")
    visits, shelf = app.state.visits, app.state.shelf
    visit = visits.of_page(client.cookies[COOKIE], "a-page")
    sample = shelf.samples[0]
    visit.open(shelf.study(sample), sample.title, sample.slice_index)
    visit.session.add_click(sample.slice_index, 256, 256)
    return visit


def addresses(visit: Any) -> list[str]:
    lesion = next(iter(visit.workspace.atlas.lesions())).lesion_id
    (visit.session.files_folder() / "report.html").write_text("a report")
    return [
        f"/studies/{visit.study_key}/series/0/slices/0",
        f"/studies/{visit.study_key}/regions/R1.png",
        f"/studies/{visit.study_key}/regions/R1/comparison?lesion={lesion}",
        f"/studies/{visit.study_key}/files/report.html",
        f"/atlas-lesion.png?lesion={lesion}",
    ]


def test_a_slice_arrives_as_the_int16_it_is(client: Any, owner: Any) -> None:
    reply = client.get(f"/studies/{owner.study_key}/series/0/slices/2")
    assert reply.headers["content-type"] == "application/octet-stream"
    assert reply.headers["cache-control"] == "no-store"
    values = np.frombuffer(reply.content, "<i2").reshape(512, 512)
    np.testing.assert_array_equal(values, owner.session.series.volume_hu[2])


def test_the_owner_gets_everything_and_nobody_else_anything(client: Any, owner: Any) -> None:
    for address in addresses(owner):
        assert client.get(address).status_code == 200, address
    mine = client.cookies[COOKIE]
    for cookie in (None, new_visitor(), mine[:-1], mine + "x", "*"):
        client.cookies.clear()
        if cookie is not None:
            client.cookies.set(COOKIE, cookie)
        for address in addresses(owner):
            reply = client.get(address)
            assert reply.status_code == 404, (cookie, address)
            assert owner.study_key not in reply.text


@pytest.mark.parametrize(
    "path",
    ["series/1/slices/0", "series/0/slices/6", "series/-1/slices/0", "regions/R9.png", "files/..%2Fx", "files/x"],
)
def test_what_is_not_there_is_404(client: Any, owner: Any, path: str) -> None:
    assert client.get(f"/studies/{owner.study_key}/{path}").status_code == 404


def test_an_unknown_lesion_is_404_with_a_sentence(client: Any, owner: Any) -> None:
    reply = client.get(f"/studies/{owner.study_key}/regions/R1/comparison?lesion=nope")
    assert reply.status_code == 404
    assert "nope" in reply.json()["detail"]


def test_far_browsers_get_slices_deflated(app: Any, client: Any, owner: Any) -> None:
    from fastapi.testclient import TestClient

    far = TestClient(app, client=("203.0.113.9", 1), cookies={COOKIE: client.cookies[COOKIE]})
    reply = far.get(f"/studies/{owner.study_key}/series/0/slices/0")
    assert reply.headers["content-encoding"] == "gzip"
    assert len(reply.content) == 2 * 512 * 512


def test_uploads_land_in_the_visitors_own_folder_and_are_bounded(
    client: Any, owner: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = "0123456789abcdef01234567"
    address = f"/uploads/{owner.key}/{batch}"
    assert client.put(f"{address}/0", content=b"abc").status_code == 204
    sent = [p for p in owner.session.folder.rglob("*") if p.is_file()]
    assert [p.read_bytes() for p in sent] == [b"abc"]
    assert client.put(f"{address}/5000", content=b"abc").status_code == 413
    assert client.put(f"/uploads/{owner.key}/..%2F..%2Fx/0", content=b"abc").status_code in (404, 413)
    monkeypatch.setattr("ui.server.routes.MAX_UPLOAD_BYTES", 10)
    assert client.put(f"{address}/1", content=b"x" * 100).status_code == 413
    assert [p for p in owner.session.folder.rglob("*") if p.is_file()] == []
    client.cookies.set(COOKIE, new_visitor())
    client.cookies.clear()
    assert client.put(f"{address}/2", content=b"abc").status_code == 404


def test_sample_pictures_are_pngs(client: Any) -> None:
    reply = client.get("/samples/case1.png")
    assert reply.content.startswith(b"\x89PNG")
    assert client.get("/samples/case99.png").status_code == 404
