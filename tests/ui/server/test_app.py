"""The server as a whole: its cookie, its closed doors, and Gradio's own addresses used by strangers."""

import asyncio
import json
import logging
import socket
import threading
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.responses import StreamingResponse
from starlette.routing import Route

from ui.server.app import PageServer, build_app, run_server
from ui.server.handlers import offered_models
from ui.state.visits import COOKIE, VisitError, new_visitor


def call(client: Any, app: Any, name: str, page: str, data: list[Any], event: Any = None) -> Any:
    """One listener, as anybody may call it over plain HTTP, with an invented session hash."""
    functions = client.get("/config").json()["dependencies"]
    index = next(d["id"] for d in functions if d["api_name"] == name)
    body = {"fn_index": index, "data": data, "session_hash": page, "event_data": event}
    return client.post("/gradio_api/run/predict", json=body)


def test_the_page_sets_a_cookie_that_scripts_cannot_read(client: Any) -> None:
    cookie = client.get("/").headers["set-cookie"]
    assert cookie.startswith(f"{COOKIE}=")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "set-cookie" not in client.get("/").headers  # known by now


def test_behind_https_the_cookie_works_in_a_frame(client: Any) -> None:
    cookie = client.get("/", headers={"x-forwarded-proto": "https"}).headers["set-cookie"]
    assert "Secure" in cookie
    assert "Partitioned" in cookie


def test_every_answer_says_where_its_page_may_fetch_from_and_who_may_frame_it(client: Any) -> None:
    for address in ("/", "/config", "/samples/case1.png", "/nowhere"):
        answer = client.get(address)
        assert answer.headers["permissions-policy"].startswith("camera=()")
        policy = answer.headers["content-security-policy"].split("; ")
        assert "img-src 'self' data: blob:" in policy
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'self'" in policy


def test_a_space_is_reached_by_its_name_and_framed_by_its_host(
    demo: Any, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fastapi.testclient import TestClient

    assert client.get("/config", headers={"host": "ann-lesions.hf.space"}).status_code == 421
    monkeypatch.setenv("SPACE_HOST", "ann-lesions.hf.space")
    with TestClient(build_app(demo.settings), "https://ann-lesions.hf.space") as space:
        policy = space.get("/").headers["content-security-policy"]
    assert "frame-ancestors 'self' https://huggingface.co https://*.hf.space" in policy


def test_gradios_own_upload_and_server_functions_are_closed(client: Any) -> None:
    client.get("/")
    assert client.post("/gradio_api/upload", files={"files": b"x"}).status_code == 404
    assert client.post("/gradio_api/component_server", json={}).status_code == 404
    assert client.get("/gradio_api/file=/etc/passwd").status_code in (403, 404)
    assert client.get("/monitoring").status_code in (403, 404)


def test_nothing_of_a_session_is_reached_with_its_hash_and_another_cookie(client: Any, app: Any) -> None:
    client.get("/")
    visits, shelf = app.state.visits, app.state.shelf
    victim = visits.of_page(client.cookies[COOKIE], "victims-page")
    sample = shelf.samples[0]
    victim.open(shelf.study(sample), sample.title, sample.slice_index)
    victim.session.add_click(sample.slice_index, 256, 256)

    mine = call(client, app, "load", "victims-page", [])
    assert sample.title in mine.text
    client.cookies.clear()
    for cookie in (None, new_visitor()):
        if cookie:
            client.cookies.set(COOKIE, cookie)
        for name, event in (
            ("load", None),
            ("act", {"kind": "remove", "study": victim.study_key, "region_id": "R1"}),
            ("stop", None),
            ("clear", None),
        ):
            reply = call(client, app, name, "victims-page", [], event)
            for secret in (sample.title, victim.key, victim.study_key, "R1 on slice"):
                assert secret not in reply.text, (name, cookie)
        listening = client.get("/gradio_api/queue/data?session_hash=victims-page")
        assert listening.status_code == 403
        assert client.get("/gradio_api/heartbeat/victims-page").status_code == 403
    assert len(victim.session.regions()) == 1
    assert victim.session.study is not None


def test_an_opening_is_checked(client: Any, app: Any) -> None:
    client.get("/")
    for event in (None, {"sample": "case99"}, {"batch": "../../etc"}, {"batch": "0" * 24}, {"sample": 5}):
        reply = call(client, app, "open", "page", [], event)
        assert "Traceback" not in reply.text
    assert app.state.visits.of_page(client.cookies[COOKIE], "page").session.study is None


def test_beside_another_model_the_one_on_board_is_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("langchain_openai")
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    assert [name for name, _ in offered_models("openai:some-model")] == ["openai:some-model", "offline"]
    assert [name for name, _ in offered_models("auto")] == ["auto"]


def test_only_offered_models_can_be_chosen(client: Any, app: Any) -> None:
    client.get("/")
    for event in ({"model": "openai:expensive"}, {"model": ["offline"]}, None):
        reply = call(client, app, "choose_model", "page", [], event)
        assert "does not offer that model" in reply.text
    visit = app.state.visits.of_page(client.cookies[COOKIE], "page")
    assert visit.model == "offline"


def test_a_port_that_is_taken_is_said(app: Any) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(VisitError, match="--port"):
            run_server(app, "127.0.0.1", taken.getsockname()[1])


def test_who_comes_as_soon_as_the_address_is_printed_is_not_refused(app: Any, monkeypatch: Any) -> None:
    reached: list[str] = []

    def run(self: PageServer, sockets: list[socket.socket]) -> None:  # before the server takes its first request
        with socket.create_connection(sockets[0].getsockname(), timeout=5) as connection:
            reached.append(connection.getpeername())

    monkeypatch.setattr(PageServer, "run", run)
    run_server(app, "127.0.0.1", 0)
    assert reached


def test_the_page_names_no_other_server(client: Any) -> None:
    config = client.get("/config").json()
    assert "googleapis" not in json.dumps(config)
    theme = client.get("/theme.css").text
    assert "http" not in theme.replace("http://www.w3.org/2000/svg", "")


def test_a_server_ends_quietly_while_a_page_listens(caplog: Any) -> None:
    async def events() -> AsyncIterator[bytes]:
        yield b"data: here\n\n"
        await asyncio.sleep(60)

    async def stream(_: Any) -> StreamingResponse:
        return StreamingResponse(events(), media_type="text/event-stream")

    app = Starlette(routes=[Route("/", stream)])
    with socket.socket() as listener, caplog.at_level(logging.WARNING):
        listener.bind(("127.0.0.1", 0))
        server = PageServer(uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=20))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        with httpx.stream("GET", f"http://127.0.0.1:{listener.getsockname()[1]}/", timeout=20) as page:
            assert next(page.iter_raw()).startswith(b"data: here")
            server.should_exit = True
            thread.join(15)  # less than it would wait for the page
        assert not thread.is_alive()
    assert caplog.records == []
