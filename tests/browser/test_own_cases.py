"""Own cases on the page: kept from a region, read, changed, narrowed down."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import WAIT_MS, Person, running

pytestmark = pytest.mark.browser


@pytest.fixture
def alone(demo: Any, chromium: Any, tmp_path: Path) -> Any:
    """People at a server with data of its own, whatever settings it has."""
    people: list[Person] = []
    stack: list[Any] = []

    def start(**settings: Any) -> Person:
        data = tmp_path / "data"
        shutil.copytree(demo.settings.data, data)
        server = running(demo.settings.model_copy(update={"data": data, "own_cases": "on", **settings}))
        stack.append(server)
        context = chromium.new_context(viewport={"width": 1280, "height": 800}, color_scheme="dark")
        context.set_default_timeout(WAIT_MS)
        person = Person(server.__enter__(), context, context.new_page())
        people.append(person)
        return person.arrive()

    yield start
    for person in people:
        person.context.close()
    for server in stack:
        server.__exit__(None, None, None)
    assert [complaint for person in people for complaint in person.complaints] == []


def save(person: Person, lesion_type: str, note: str) -> None:
    page = person.page
    page.locator(".regions").get_by_role("button", name="Save R1 among your own cases").click()
    page.get_by_label("Lesion type, known or new").fill(lesion_type)
    page.get_by_label("Teaching note").fill(note)
    page.locator("dialog").get_by_role("button", name="Save").click()


def test_a_case_is_kept_changed_and_narrowed_down(alone: Any, demo: Any) -> None:
    person = alone()
    page = person.page
    case = demo.case("liver")
    person.upload(*sorted(p for p in case.folder.rglob("*") if p.is_file()))
    person.wait_for_picture()
    person.scroll_to(case.slice)
    person.click_image(*case.centre)
    save(person, "adrenal adenoma", "Washout above 60 %.")
    own = page.locator(".own")
    own.locator("summary", has_text="Your own cases: 1").click()
    item = own.locator("li")
    picture = item.locator("img")
    person.until(lambda: picture.evaluate("img => img.complete && img.naturalWidth") == 64)
    assert "adrenal adenoma" in item.inner_text()
    assert "Washout above 60 %." in item.inner_text()

    item.get_by_role("button", name="Change own-").click()
    dialog = page.locator("dialog")
    assert dialog.get_by_label("Teaching note").input_value() == "Washout above 60 %."
    dialog.get_by_label("Confirmed by").select_option("pathology")
    dialog.get_by_label("Difficulty").select_option("hard")
    dialog.get_by_label("Teaching note").fill("Seen by Dr Doe on 3.4.2021.")
    dialog.get_by_role("button", name="Save").click()
    page.locator(".notice.problem").wait_for()
    assert "Washout" in item.inner_text()  # a note that names somebody is refused, and nothing is lost
    item.get_by_role("button", name="Change own-").click()
    assert dialog.get_by_label("Teaching note").input_value() == "Seen by Dr Doe on 3.4.2021."
    assert dialog.get_by_label("Difficulty").input_value() == "hard"  # what was typed is there to be mended
    dialog.get_by_label("Teaching note").fill("Fat on the unenhanced scan.")
    dialog.get_by_role("button", name="Save").click()
    item.get_by_text("Fat on the unenhanced scan.").wait_for()
    assert "pathology, hard" in item.inner_text()

    words = own.get_by_label("Show the cases with these words")
    words.fill("unenhanced ADENOMA")
    assert item.is_visible()
    words.fill("kidney")
    assert item.is_hidden()
    assert own.locator(".nothing").is_visible()
    words.fill("")
