"""The plain routes: pixels and pictures for their owner, uploads bounded and gone after reading."""

import errno
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ui.server.routes import routes
from ui.state.urls import upload_folder
from ui.state.visits import COOKIE, Visits, new_visitor


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
        f"/studies/{visit.study_key}/series/0.png",
        f"/studies/{visit.study_key}/series/0/planes/coronal/slices/7",
        f"/studies/{visit.study_key}/series",
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


def test_another_plane_is_cut_from_the_volume_head_up(client: Any, owner: Any) -> None:
    series = owner.session.series
    address = f"/studies/{owner.study_key}/series/0/planes"
    reply = client.get(f"{address}/coronal/slices/250")
    values = np.frombuffer(reply.content, "<i2").reshape(len(series.volume_hu), 512)
    upright = series.volume_hu[::-1, 250] if series.affine[2, 2] > 0 else series.volume_hu[:, 250]
    np.testing.assert_array_equal(values, upright)
    assert client.get(f"{address}/coronal/slices/512").status_code == 404
    assert client.get(f"{address}/oblique/slices/0").status_code == 422
    told = client.get(f"/studies/{owner.study_key}/series").json()
    assert [plane["plane"] for plane in told["series"][0]["planes"]] == ["coronal", "sagittal"]
    assert told["title"] == owner.title


def test_a_plane_that_cannot_be_cut_is_said_and_not_drawn(client: Any, owner: Any) -> None:
    study, series = owner.session.study, owner.session.series
    tilted = replace(series, affine=series.affine @ np.array([[1, 0, 0, 0], [0, 1, 3, 0], [0, 0, 1, 0], [0, 0, 0, 1]]))
    owner.open(replace(study, series=(tilted,)), "Tilted")
    reply = client.get(f"/studies/{owner.study_key}/series/0/planes/coronal/slices/3")
    assert reply.headers["content-type"].startswith("text/plain")
    assert "The gantry was tilted by" in reply.text
    told = client.get(f"/studies/{owner.study_key}/series").json()["series"][0]
    assert (told["planes"], told["no_planes"][:22]) == ([], "The gantry was tilted ")


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
    [
        "series/1.png",
        "series/-1.png",
        "series/1/slices/0",
        "series/0/slices/6",
        "series/-1/slices/0",
        "regions/R9.png",
        "files/..%2Fx",
        "files/x",
    ],
)
def test_what_is_not_there_is_404(client: Any, owner: Any, path: str) -> None:
    assert client.get(f"/studies/{owner.study_key}/{path}").status_code == 404


def test_an_unknown_lesion_is_404_with_a_sentence(client: Any, owner: Any) -> None:
    reply = client.get(f"/studies/{owner.study_key}/regions/R1/comparison?lesion=nope")
    assert reply.status_code == 404
    assert "nope" in reply.json()["detail"]


def test_browsers_on_other_machines_get_slices_compressed(app: Any, client: Any, owner: Any) -> None:
    from fastapi.testclient import TestClient

    far = TestClient(app, "http://localhost", client=("203.0.113.9", 1), cookies={COOKIE: client.cookies[COOKIE]})
    reply = far.get(f"/studies/{owner.study_key}/series/0/slices/0")
    assert reply.headers["content-encoding"] == "gzip"
    assert len(reply.content) == 2 * 512 * 512
    assert int(reply.headers["content-length"]) < len(reply.content)
    assert "content-encoding" not in client.get(f"/studies/{owner.study_key}/series/0/slices/0").headers  # from here


def test_uploads_land_in_the_visitors_own_folder_and_are_bounded(client: Any, owner: Any) -> None:
    batch = "0123456789abcdef01234567"
    address = f"/uploads/{owner.key}/{batch}"
    assert client.put(f"{address}/0", content=b"abc").status_code == 204
    sent = [p for p in owner.session.folder.rglob("*") if p.is_file()]
    assert [p.read_bytes() for p in sent] == [b"abc"]
    assert client.put(f"{address}/5000", content=b"abc").status_code == 413
    assert client.put(f"/uploads/{owner.key}/..%2F..%2Fx/0", content=b"abc").status_code in (404, 413)
    client.cookies.set(COOKIE, new_visitor())
    client.cookies.clear()
    assert client.put(f"{address}/2", content=b"abc").status_code == 404


def test_one_setting_bounds_the_size_of_an_upload_and_one_its_files(shared: Any, shelf: Any) -> None:
    from fastapi import FastAPI
    from fastapi.testclient import TestClient

    small = shared.settings.model_copy(update={"max_upload_mb": 2, "max_upload_files": 3})
    visits = Visits(replace(shared, settings=small))
    app = FastAPI()
    app.include_router(routes(visits, shelf))
    visitor = new_visitor()
    visit = visits.of_page(visitor, "a-page")
    client = TestClient(app, cookies={COOKIE: visitor})
    address = f"/uploads/{visit.key}/0123456789abcdef01234567"
    assert client.put(f"{address}/0", content=bytes(1 << 20)).status_code == 204
    assert client.put(f"{address}/1", content=bytes(1 << 20)).status_code == 204
    assert client.put(f"{address}/3", content=b"x").status_code == 413
    reply = client.put(f"{address}/2", content=b"x")
    assert (reply.status_code, reply.json()["detail"]) == (413, "That is too much to open at once: send one series.")
    assert [p for p in visit.session.folder.rglob("*") if p.is_file()] == []  # nothing of it is kept
    visits.close_all()


def test_sample_pictures_are_pngs(client: Any) -> None:
    reply = client.get("/samples/case1.png")
    assert reply.content.startswith(b"\x89PNG")
    assert client.get("/samples/case99.png").status_code == 404


def test_an_upload_that_finds_the_disk_full_is_told_so_and_leaves_nothing(
    client: Any, owner: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "/srv/secret")

    batch = "0123456789abcdef01234567"
    assert client.put(f"/uploads/{owner.key}/{batch}/0", content=b"abc").status_code == 204
    monkeypatch.setattr("ui.server.routes._receive", full)
    reply = client.put(f"/uploads/{owner.key}/{batch}/1", content=b"abc")
    assert reply.status_code == 507
    assert "the disk is full" in reply.json()["detail"]
    assert "secret" not in reply.text
    assert not upload_folder(owner, batch).exists()
