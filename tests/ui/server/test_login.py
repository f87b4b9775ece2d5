"""With a login nothing answers without it: every address, found by asking the app for its routes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.ui.addresses import all_addresses, filled
from tools.settings import Settings
from ui.server.app import build_app
from ui.server.login import FREE_TRIES, LASTS_S, LOGIN_COOKIE, Login, credentials
from ui.state.visit import VisitError
from ui.state.visits import COOKIE


@pytest.fixture(scope="module")
def guarded(demo: Any) -> Any:
    return build_app(demo.settings, auth="ann:secret")


@pytest.fixture
def client(guarded: Any) -> Iterator[Any]:
    from fastapi.testclient import TestClient

    with TestClient(guarded, "http://localhost", client=("127.0.0.1", 50000)) as made:
        yield made
    guarded.state.visits.close_all()


def enter(client: Any, password: str = "secret") -> Any:
    return client.post("/login", data={"username": "ann", "password": password})


def test_every_address_wants_a_login(client: Any, guarded: Any) -> None:
    addresses = {(method, filled(path, {})) for method, path in all_addresses(guarded)}
    assert len(addresses) > 50
    assert ("GET", "/samples/0.png") in addresses
    assert any(path.startswith("/gradio_api/queue") for _, path in addresses)
    for method, path in sorted(addresses):
        if path in ("/login", "/login/", "/"):
            continue
        assert client.request(method, path).status_code in (401, 404), (method, path)
    assert client.get("/").status_code == 401
    assert "Log in" in client.get("/").text
    assert "set-cookie" not in client.get("/").headers


def test_a_visitors_cookie_alone_opens_nothing(client: Any, guarded: Any) -> None:
    enter(client)
    client.get("/")
    visits, shelf = guarded.state.visits, guarded.state.shelf
    visit = visits.of_page(client.cookies[COOKIE], "a-page")
    sample = shelf.samples[0]
    visit.open(shelf.study(sample), sample.title)
    address = f"/studies/{visit.study_key}/series/0/slices/0"
    assert client.get(address).status_code == 200
    client.cookies.delete(LOGIN_COOKIE)
    assert client.get(address).status_code == 401
    assert client.put(f"/uploads/{visit.key}/{'0' * 24}/0", content=b"x").status_code == 401


def test_logging_out_revokes_the_login_and_closes_what_was_open(client: Any, guarded: Any) -> None:
    assert enter(client).status_code == 200
    token = client.cookies[LOGIN_COOKIE]
    assert "Log out" in client.get("/config").text
    visit = guarded.state.visits.of_page(client.cookies[COOKIE], "a-page")
    folder = visit.session.files_folder()
    client.post("/logout")
    assert not folder.exists()
    client.cookies.set(LOGIN_COOKIE, token)
    assert client.get("/config").status_code == 401


def test_guessing_has_to_wait_longer_and_longer() -> None:
    now = [0.0]
    login = Login(("ann", "secret"), clock=lambda: now[0])
    waits = []
    for _ in range(FREE_TRIES + 3):
        now[0] += login.wait_s("attacker")
        assert login.enter("ann", "wrong", "attacker") is None
        waits.append(login.wait_s("attacker"))
    assert waits[: FREE_TRIES - 1] == [0] * (FREE_TRIES - 1)
    assert waits[FREE_TRIES - 1 :] == [15, 30, 60, 120]
    assert login.enter("ann", "secret", "attacker") is None  # the right one does not shorten it
    token = login.enter("ann", "secret", "somebody else")
    assert login.is_in(token)
    now[0] += LASTS_S
    assert not login.is_in(token)


def test_a_wrong_password_is_said_and_then_refused(client: Any) -> None:
    for _ in range(FREE_TRIES):
        assert enter(client, "wrong").status_code == 401
    refused = enter(client)
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) > 0
    assert "seconds" in refused.text


def test_the_password_comes_from_the_environment_or_a_file(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("from a file\n")
    assert credentials(None, Settings()) is None
    assert credentials("ann:given", Settings(password="p")) == ("ann", "given")
    assert credentials("ann", Settings(password="from the environment")) == ("ann", "from the environment")
    assert credentials(None, Settings(auth="ann", password_file=file)) == ("ann", "from a file")
    for auth, settings in (("ann", Settings()), (":x", Settings()), ("ann", Settings(password_file=tmp_path / "no"))):
        with pytest.raises(VisitError, match=r"password|PASSWORD"):
            credentials(auth, settings)
