"""The language model on board, in the page and in the terminal: offered where it is, and never in the way."""

import json
from typing import Any

import pytest

from assistant.models import embedded
from assistant.models.registry import ModelError
from tests.ui.cli.test_main import run
from ui.server.app import build_app


@pytest.fixture(autouse=True)
def nothing_loaded_before() -> None:
    embedded.background_loader.cache_clear()


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: Any, demo_environment: Any) -> Any:
    return lambda *arguments: run(monkeypatch, capsys, *arguments)


def choices(app: Any) -> list[str]:
    from fastapi.testclient import TestClient

    with TestClient(app) as client:
        components = client.get("/config").json()["components"]
    named = [c["props"]["choices"] for c in components if c["type"] == "dropdown"]
    return [value for listed in named for _, value in listed]


def test_the_page_starts_with_it_and_offers_it(demo: Any, on_board: None) -> None:
    settings = demo.settings.model_copy(update={"model": "embedded"})
    assert {"embedded", "both", "offline"} <= set(choices(build_app(settings)))


def test_the_page_starts_without_it_and_does_not_offer_it(demo: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "available", lambda _: False)
    offered = choices(build_app(demo.settings))
    assert "offline" in offered
    assert "embedded" not in offered
    with pytest.raises(ModelError, match="not on this machine"):
        build_app(demo.settings.model_copy(update={"model": "embedded"}))


@pytest.mark.parametrize("model", ["embedded", "both"])
def test_in_the_terminal_a_model_that_does_not_load_is_said_and_the_planner_answers(
    command: Any, demo: Any, tmp_path: Any, on_board: None, model: str
) -> None:
    case, script = demo.case("liver"), tmp_path / "questions.txt"
    script.write_text("What does this look like?\nonly women\n")
    code, out, err = command(
        "chat", case.folder, "--roi", case.roi, "--slice", case.slice, "--script", script, "--json", "--model", model
    )
    first, second = (json.loads(line) for line in out.splitlines())
    assert code == 0
    assert "could not be loaded" in err
    assert first["tool_calls"]
    assert second["tool_calls"][-1]["args"]["sex"] == "F"
