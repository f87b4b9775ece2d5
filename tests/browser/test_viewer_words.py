"""Words that the viewer obeys, typed into the chat."""

from typing import Any

import pytest

from tests.browser.test_viewer_controls import WINDOW_TEXT

pytestmark = pytest.mark.browser


@pytest.fixture
def person(visitor: Any, server: Any) -> Any:
    someone = visitor()
    someone.open_sample(server.shelf.samples[0].title)
    return someone


def test_the_viewer_obeys_words(person: Any) -> None:
    page = person.page
    person.ask("lung window please")
    page.wait_for_function(f"text => {WINDOW_TEXT} === text", arg="W 1500 L -600")
    page.locator("#chat", has_text="The display window is Lung").wait_for()
    person.ask("go to slice 2")
    page.locator(".stage[data-shown='2']").wait_for()
    person.ask("two slices on")
    page.locator(".stage[data-shown='4']").wait_for()
    person.ask("window 400 level 40")
    page.wait_for_function(f"text => {WINDOW_TEXT} === text", arg="W 400 L 40")
    assert person.regions().count() == 0
