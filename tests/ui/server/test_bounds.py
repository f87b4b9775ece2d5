"""What no page sends is refused in one sentence: foreign names, large and slow bodies, invented cookies and events."""

import asyncio
import re
from typing import Any

import pytest
import uvicorn
from starlette.exceptions import HTTPException

from tests.conftest import REPO, in_a_thread
from tests.ui.addresses import all_addresses, filled
from tests.ui.server.test_app import call
from ui.server import bounds
from ui.server.bounds import MAX_BODY_BYTES, Bounds, TimedProtocol
from ui.server.cookies import VisitorCookies
from ui.state.visits import COOKIE, new_visitor


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:7860", "127.0.0.1:7860", "[::1]:7860", "192.168.1.7", "LOCALHOST."]
)
def test_its_own_names_and_numbers_are_answered(client: Any, host: str) -> None:
    assert client.get("/config", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:7860", "", "localhost.evil.example", "127.0.0.1.nip.io"]
)
def test_another_name_is_not(client: Any, host: str) -> None:
    answer = client.get("/config", headers={"host": host})
    assert answer.status_code == 421
    assert "LESION_SEARCH_HOSTS" in answer.text


def test_a_name_can_be_added() -> None:
    assert bounds.own_hosts("lesions.example, other.example") == ("lesions.example", "other.example")
    assert Bounds(None, ("Lesions.Example",))._is_own_name("lesions.example:443")  # type: ignore[arg-type]


def test_another_site_may_not_send_anything(client: Any) -> None:
    answer = client.post("/gradio_api/run/predict", json={}, headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 403


def test_a_large_body_is_refused_before_it_is_read_and_while_it_is_sent(client: Any) -> None:
    large = b"[" + b" " * MAX_BODY_BYTES + b"]"
    assert client.post("/gradio_api/run/predict", content=large).status_code == 413
    assert client.post("/gradio_api/queue/join", content=iter([large, large])).status_code == 413
    assert client.post("/gradio_api/run/predict", content=b"x", headers={"content-length": "-1"}).status_code == 413


def test_a_body_that_does_not_come_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "WAIT_S", 0.05)
    scope = {"type": "http", "path": "/uploads/a/b/0", "method": "PUT", "headers": [(b"host", b"localhost")]}

    async def never() -> Any:
        await asyncio.sleep(60)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()

    with pytest.raises(HTTPException) as late:
        in_a_thread(Bounds(app, ())(scope, never, never))
    assert late.value.status_code == 408


def test_what_gradio_has_for_itself_is_closed(client: Any, app: Any) -> None:
    client.get("/")
    for path in (
        "openapi.json", "info", "dev/reload", "vibe-code", "vibe-edit", "runs", "run-history/records", "token", "user",
        "upload", "upload_progress", "stream/1", "deep_link", "component_server", "call/ask", "api/predict", "run/ask",
        "file=/etc/passwd", "proxy=http://localhost", "process_recording", "startup-events/../info",
    ):  # fmt: skip
        for method in ("GET", "POST"):
            assert client.request(method, f"/gradio_api/{path}").status_code == 404, path
    for path in ("/monitoring", "/monitoring/summary", "/docs", "/openapi.json"):
        assert client.get(path).status_code == 404


def test_no_address_of_its_own_is_closed(client: Any, app: Any) -> None:
    own = {path for _, path in all_addresses(app) if not path.startswith("/gradio_api")} & own_paths()
    assert {"/archive/{visit_key}/studies", "/quiz/options", "/own-cases.zip"} <= own
    closed = [path for path in own if not bounds.PAGES.fullmatch(filled(path, {}))]
    assert closed == []


def own_paths() -> set[str]:
    """The paths that this project's code names, which are those that its page asks for."""
    sources = "".join(path.read_text(encoding="utf-8") for path in (REPO / "ui" / "server").glob("*.py"))
    return set(re.findall(r'@router\.\w+\("([^"]+)"', sources))


def test_an_invented_cookie_is_none(client: Any, app: Any) -> None:
    issued = VisitorCookies(app.state.visits.shared.keys).issue()
    for cookie, known in ((issued, True), (new_visitor(), False), (issued[:-1] + "A", False), (issued[1:], False)):
        client.cookies.clear()
        client.cookies.set(COOKIE, cookie)
        for _ in range(3):
            reply = call(client, app, "load", "a-page-of-mine", [])
        if known:
            app.state.visits.close_all()
        assert ("needs its cookie" not in reply.text) == known
    assert len(app.state.visits) == 0
    client.cookies.clear()
    client.cookies.set(COOKIE, new_visitor())
    assert COOKIE in client.get("/").headers["set-cookie"]  # and a proper one is given instead


def test_nobody_speaks_into_or_cancels_anothers_events(client: Any, app: Any) -> None:
    client.get("/")
    assert "403" not in str(call(client, app, "load", "victims", []).status_code)
    victim = client.cookies[COOKIE]
    event = {"fn_index": 0, "data": [], "session_hash": "victims"}
    for cookie in (None, new_visitor(), VisitorCookies(app.state.visits.shared.keys).issue()):
        client.cookies.clear()
        if cookie:
            client.cookies.set(COOKIE, cookie)
        for path in ("queue/join", "run/predict"):
            reply = client.post(f"/gradio_api/{path}", json=event)
            assert reply.status_code == 403, (cookie, path)
            assert "somebody else" in reply.json()["detail"]
        cancel = {"session_hash": "victims", "fn_index": 0, "event_id": "x"}
        assert client.post("/gradio_api/cancel", json=cancel).status_code == 403
    client.cookies.set(COOKIE, victim)


def test_a_page_is_its_first_visitors_before_it_shows_anything(client: Any) -> None:
    client.get("/")
    mine = client.cookies[COOKIE]
    assert client.post("/gradio_api/cancel", json={"session_hash": "new", "fn_index": 0, "event_id": "x"}).is_success
    client.cookies.clear()
    client.get("/")
    assert client.cookies[COOKIE] != mine
    assert client.get("/gradio_api/queue/data?session_hash=new").status_code == 403


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"null", b"{", b'{"data": []}', b'{"data": {}, "fn_index": 0, "session_hash": "p"}',
        b'{"data": [], "fn_index": 99999, "session_hash": "p"}', b'{"data": [], "fn_index": "x", "session_hash": "p"}',
        b'{"data": [1, 2, 3], "fn_index": 0, "session_hash": "p"}', b'{"data": [], "fn_index": 0, "session_hash": ""}',
        b'{"data": [], "fn_index": 0, "session_hash": "../x"}', b"[" * 100_000, b'{"data": [], "fn_index": 0}',
    ],
)  # fmt: skip
def test_what_is_no_event_is_one_sentence(client: Any, body: bytes) -> None:
    client.get("/")
    for path in ("queue/join", "run/predict"):
        reply = client.post(f"/gradio_api/{path}", content=body)
        assert reply.status_code == 400
        assert reply.json()["detail"] == "This server does not understand that: reload the page."


def test_every_handler_survives_every_kind_of_event(client: Any, app: Any, caplog: pytest.LogCaptureFixture) -> None:
    client.get("/")
    odd: list[Any] = [
        None, 5, "x", [], {}, {"index": None}, {"index": [0, 0], "value": None}, {"index": "0", "value": 3},
        {"kind": "click"}, {"text": {}}, {"model": {}}, {"sample": []}, {"files": -1},
    ]  # fmt: skip
    for function in client.get("/config").json()["dependencies"]:
        for number, event in enumerate(odd):
            data = [[None, 5, "", [], {"a": 1}][number % 5]] * len(function["inputs"])
            body = {"fn_index": function["id"], "data": data, "session_hash": "odd", "event_data": event}
            path = "run/predict" if not function["queue"] else "queue/join"
            reply = client.post(f"/gradio_api/{path}", json=body)
            assert reply.status_code == 200, (function["api_name"], event, reply.text)
    assert "Traceback" not in caplog.text


def test_nothing_of_a_visit_is_stored_by_browsers(client: Any, app: Any) -> None:
    client.get("/")
    for reply in (
        call(client, app, "load", "mine", []),
        client.get("/studies/x/thumbnail.png"),
        client.get("/atlas-map"),
    ):
        assert reply.headers["cache-control"] == "no-store"


def test_a_head_that_is_sent_half_is_given_up(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "HEADERS_S", 0.2)

    async def half_sent() -> bytes:
        loop = asyncio.get_running_loop()
        config = uvicorn.Config(app, http=TimedProtocol, lifespan="off", log_level="warning")
        config.load()
        state = uvicorn.server.ServerState()
        async with await loop.create_server(lambda: TimedProtocol(config, state, {}), "127.0.0.1", 0) as server:
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n")
            answer = await asyncio.wait_for(reader.read(), 60)
            writer.close()
        return answer

    assert in_a_thread(half_sent()) == b""  # closed, and not by the patience of this test
