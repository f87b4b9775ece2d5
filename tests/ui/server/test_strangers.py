"""A stranger walks every address and every handler: as nobody, with a cookie of their own, and with another's page."""

import json
from typing import Any

import pytest

from tests.ui.addresses import all_addresses, filled
from ui.server.cookies import VisitorCookies
from ui.state.visits import COOKIE, new_visitor

PAGE = "victims-page"


@pytest.fixture
def victim(app: Any, client: Any) -> Any:
    """Somebody with a study, a region, a search, a report and a conversation, whose page is open."""
    client.get("/")
    visits, shelf = app.state.visits, app.state.shelf
    visit = visits.of_page(client.cookies[COOKIE], PAGE)
    sample = shelf.samples[0]
    visit.open(shelf.study(sample), "A study of hers", sample.slice_index)
    visit.session.add_click(sample.slice_index, 256, 256)
    visit.session.rename("R1", "a name of hers")
    (visit.session.files_folder() / "report.html").write_text("a report of hers")
    return visit


def secrets_of(visit: Any) -> list[bytes]:
    slice_bytes = visit.session.series.volume_hu[3].astype("<i2").tobytes()
    words = ("of hers", visit.key, visit.study_key, visit.visitor)
    return [*(word.encode() for word in words), slice_bytes[1 << 17 : (1 << 17) + 512]]


def strangers(app: Any, mine: str) -> dict[str, str | None]:
    issued = VisitorCookies(app.state.visits.shared.keys).issue()
    return {"nobody": None, "invented": new_visitor(), "cut": mine[:-1], "another visitor": issued}


def test_no_address_gives_anything_to_a_stranger(client: Any, app: Any, victim: Any) -> None:
    values = {
        "study_key": victim.study_key, "visit_key": victim.key, "series": "0", "slice_index": "3", "region_id": "R1",
        "name": "report.html", "session_hash": PAGE, "api_name": "load", "batch": "0" * 24, "sample_id": "case1",
        "path": f"{victim.session.folder}/report.html", "path_or_url": f"{victim.session.folder}/report.html",
    }  # fmt: skip
    secrets, mine = secrets_of(victim), client.cookies[COOKIE]
    addresses = sorted(set(all_addresses(app)))
    assert len(addresses) > 80
    assert any(secret in client.get(f"/studies/{victim.study_key}/series/0/slices/3").content for secret in secrets)
    body = json.dumps({"session_hash": PAGE, "fn_index": 0, "data": [], "event_id": "x", "event_data": None})
    streams = ("/gradio_api/heartbeat", "/gradio_api/queue/data")
    for who, cookie in strangers(app, mine).items():
        client.cookies.clear()
        if cookie:
            client.cookies.set(COOKIE, cookie)
        for method, path in addresses:
            address = filled(path, values)
            query = {"session_hash": PAGE, "lesion": "x"}
            if path.startswith(streams):
                assert client.get(address, params=query).status_code == 403, (who, path)
            reply = client.request(
                method, address, params=query, content=body, headers={"content-type": "application/json"}
            )
            assert reply.status_code != 500, (who, method, path)
            for secret in secrets:
                assert secret not in reply.content, (who, method, path)
    assert len(victim.session.regions()) == 1
    assert victim.turns == []
    assert sorted(p.name for p in victim.session.folder.iterdir()) == ["report.html"]


def test_the_archive_is_asked_for_its_own_pages_alone(client: Any, app: Any, victim: Any) -> None:
    mine, query = client.cookies[COOKIE], {"by": "patient", "value": "4711"}
    paths = f"/archive/{victim.key}/studies", f"/archive/{victim.key}/fetched"
    assert "archive does not answer" in client.post(paths[0], json=query).json()["problem"]  # nobody listens there
    assert client.get(paths[1]).status_code == 200
    for who, cookie in strangers(app, mine).items():
        client.cookies.clear()
        if cookie:
            client.cookies.set(COOKIE, cookie)
        assert client.post(paths[0], json=query).status_code == 404, who
        assert client.get(paths[1]).status_code == 404, who


def test_no_handler_does_anything_for_a_stranger(client: Any, app: Any, victim: Any) -> None:
    secrets, mine = secrets_of(victim), client.cookies[COOKIE]
    functions = client.get("/config").json()["dependencies"]
    assert len(functions) > 15
    event = {
        "kind": "remove", "study": victim.study_key, "region_id": "R1", "index": 0, "value": "x", "text": "Describe it",
        "model": "offline", "sample": None, "batch": None,
    }  # fmt: skip
    for who, cookie in strangers(app, mine).items():
        client.cookies.clear()
        if cookie:
            client.cookies.set(COOKIE, cookie)
        for function in functions:
            for page in (PAGE, "a-page-of-mine") if who == "another visitor" else (PAGE,):
                body = {
                    "fn_index": function["id"],
                    "data": ["Describe this study"] * len(function["inputs"]),
                    "session_hash": page,
                    "event_data": event,
                }
                for path in ("queue/join", "run/predict"):
                    reply = client.post(f"/gradio_api/{path}", json=body)
                    assert (reply.status_code == 403) == (page == PAGE), (who, function["api_name"], path)
                    for secret in secrets:
                        assert secret not in reply.content, (who, function["api_name"])
    assert victim.session.study is not None
    assert len(victim.session.regions()) == 1
    assert victim.turns == []
    assert victim.session.region("R1").name == "a name of hers"
