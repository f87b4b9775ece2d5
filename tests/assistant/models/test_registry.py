"""Which model answers: names, what is missing, and what is said about it."""

import pytest
from langchain_core.language_models import FakeListChatModel

from assistant.models.planner_model import PlannerChatModel
from assistant.models.registry import ModelError, resolve_model


@pytest.mark.parametrize("name", ["auto", "offline", " offline "])
def test_the_built_in_planner_serves_without_a_network(name: str) -> None:
    model = resolve_model(name)
    assert model.name == "offline"
    assert model.label == "offline: nothing leaves this machine"
    assert isinstance(model.chat_model, PlannerChatModel)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("transformers:", "There is no model called"),
        ("gpt", "There is no model called 'gpt'"),
        ("openai:", "There is no model called 'openai:'"),
        ("nobody:model", "openai, anthropic, ollama"),
    ],
)
def test_what_cannot_be_used_is_said_in_one_sentence(name: str, sentence: str) -> None:
    with pytest.raises(ModelError, match=sentence) as error:
        resolve_model(name)
    assert str(error.value).count("\n") == 0


def test_a_missing_key_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("langchain_openai")
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(ModelError, match="OPENAI_API_KEY"):
        resolve_model("openai:some-model")


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(ModelError, match=r"pip install \"lesion-search\[ollama\]\""):
        resolve_model("ollama:some-model")


def test_a_provider_is_set_up_with_time_limit_and_says_where_words_go(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("langchain_openai")
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://models.example:8000/v1")
    model = resolve_model("openai:some-model")
    assert "models.example:8000" in model.label
    assert getattr(model.chat_model, "request_timeout", None) == 60.0


def test_a_chat_model_is_taken_as_it_is() -> None:
    given = FakeListChatModel(responses=["hello"])
    assert resolve_model(given).chat_model is given
