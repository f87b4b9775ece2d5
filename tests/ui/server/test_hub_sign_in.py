"""Signing in with a Hugging Face account, against a server that speaks the Hub's part of OpenID Connect."""

import base64
import hashlib
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from ui.server.app import build_app
from ui.server.hub_sign_in import CALLBACK_PATH, SIGN_IN_PATH, hub_sign_in
from ui.server.login import LOGIN_COOKIE
from ui.state.visit import VisitError

ENVIRONMENT = {"OAUTH_CLIENT_ID": "an-app", "OAUTH_CLIENT_SECRET": "its-secret", "SPACE_HOST": "localhost"}


class Hub:
    """The Hub's three addresses; `name` is whose browser it is."""

    def __init__(self) -> None:
        self.name: str | None = "Ann"
        self.asked: list[str] = []
        self._challenges: dict[str, str] = {}  # by code
        self.app = Starlette(
            routes=[
                Route("/oauth/authorize", self._authorize),
                Route("/oauth/token", self._token, methods=["POST"]),
                Route("/oauth/userinfo", self._user),
            ]
        )

    async def _authorize(self, request: Request) -> Response:
        query = request.query_params
        assert (query["client_id"], query["response_type"], query["scope"]) == ("an-app", "code", "openid profile")
        assert query["code_challenge_method"] == "S256"
        code = f"code-{len(self._challenges)}"
        self._challenges[code] = query["code_challenge"]
        return RedirectResponse(f"{query['redirect_uri']}?code={code}&state={query['state']}")

    async def _token(self, request: Request) -> Response:
        form = await request.form()
        told = base64.b64encode(b"an-app:its-secret").decode()
        verifier = hashlib.sha256(str(form["code_verifier"]).encode()).digest()
        right = self._challenges.pop(str(form["code"]), "") == base64.urlsafe_b64encode(verifier).decode().rstrip("=")
        if not right or request.headers["authorization"] != f"Basic {told}":
            return JSONResponse({"error": "invalid_grant"}, 400)
        return JSONResponse({"access_token": "a-token", "token_type": "Bearer"})

    async def _user(self, request: Request) -> Response:
        self.asked.append(request.headers["authorization"])
        return JSONResponse({"sub": "1"} | ({"preferred_username": self.name} if self.name else {}))


@pytest.fixture(scope="module")
def hub() -> Iterator[Hub]:
    one = Hub()
    server = uvicorn.Server(uvicorn.Config(one.app, port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
    one.address = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"  # type: ignore[attr-defined]
    yield one
    server.should_exit = True
    thread.join()


@pytest.fixture
def client(hub: Any, demo: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    from fastapi.testclient import TestClient

    for name, value in (ENVIRONMENT | {"OPENID_PROVIDER_URL": hub.address}).items():
        monkeypatch.setenv(name, value)
    app = build_app(demo.settings.model_copy(update={"hub_users": "ann, bob"}))
    with TestClient(app, "http://localhost", client=("127.0.0.1", 50000)) as made:
        yield made
    app.state.visits.close_all()


def come_back(client: Any) -> str:
    """Follow the link to the Hub and back, up to the address that the browser would ask for then."""
    asked = client.get(SIGN_IN_PATH, follow_redirects=False)
    assert asked.status_code == 303
    back = urlsplit(httpx.get(asked.headers["location"]).headers["location"])
    assert (back.scheme, back.netloc, back.path) == ("https", "localhost", CALLBACK_PATH)
    return f"{back.path}?{back.query}"


def test_an_account_that_is_named_comes_in(client: Any, hub: Hub) -> None:
    page = client.get("/")
    assert page.status_code == 401
    assert f'href="{SIGN_IN_PATH}"' in page.text
    answer = client.get(come_back(client), follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "../")
    assert LOGIN_COOKIE in client.cookies
    assert client.get("/").status_code == 200
    assert hub.asked[-1] == "Bearer a-token"


@pytest.mark.parametrize("name", ["eve", None])
def test_another_account_or_none_does_not(client: Any, hub: Hub, name: str | None) -> None:
    hub.name, before = name, hub.name
    try:
        answer = client.get(come_back(client), follow_redirects=False)
    finally:
        hub.name = before
    assert answer.status_code == 401
    assert "may not come in" in answer.text
    assert client.get("/").status_code == 401


def test_whoever_did_not_set_out_from_here_or_comes_twice_does_not(client: Any) -> None:
    address = come_back(client)
    kept = dict(client.cookies)
    client.cookies.clear()
    assert client.get(address).status_code == 401  # another browser
    client.cookies.update(kept)
    state = parse_qs(urlsplit(address).query)["state"][0]
    assert client.get(address.replace(state, "another")).status_code == 401
    client.cookies.update(kept)
    assert client.get(f"{CALLBACK_PATH}?error=access_denied&state={state}").status_code == 401


def test_no_password_lets_anybody_in_where_there_is_none(client: Any) -> None:
    assert client.post("/login", data={"username": "", "password": ""}).status_code == 401


def test_it_is_off_unless_somebody_is_named_and_needs_its_environment() -> None:
    assert hub_sign_in(" , ", {}) is None
    with pytest.raises(VisitError, match="OAUTH_CLIENT_SECRET, SPACE_HOST"):
        hub_sign_in("ann", {"OAUTH_CLIENT_ID": "an-app"})
    made = hub_sign_in("*", ENVIRONMENT)
    assert made is not None
    assert made.provider == "https://huggingface.co"
